package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"onrush.dev/onrush/internal/api/wire"
)

// Artifacts lists the files that a run's tasks left.
func (c *Client) Artifacts(ctx context.Context, id string) ([]wire.Artifact, error) {
	var list wire.ArtifactList
	err := c.call(ctx, http.MethodGet, path("runs", id, "artifacts"), nil, &list)
	return list.Artifacts, err
}

// Artifact copies a file that a task left to w.
func (c *Client) Artifact(ctx context.Context, id, task, name string, w io.Writer) error {
	return c.download(ctx, query(path("runs", id, "tasks", task, "artifact"), url.Values{"name": {name}}), w)
}
