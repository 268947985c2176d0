package k6

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"onrush.dev/onrush/internal/engine/tool"
)

// control is k6's REST API on the loopback: it holds k6 at the start until the
// barrier. Since its second version k6 changes no load while it runs, so
// nothing else is asked of it.
type control struct {
	address string
	client  *http.Client
}

func newControl() (*control, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port for k6: %w", err)
	}
	defer l.Close()
	return &control{
		address: l.Addr().String(),
		client:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second},
	}, nil
}

// pausedBeforeRun is k6's number for a test that waits to be resumed.
const pausedBeforeRun = 4

type statusDocument struct {
	Data struct {
		Type       string `json:"type"`
		ID         string `json:"id"`
		Attributes struct {
			Status int   `json:"status,omitempty"`
			Paused *bool `json:"paused"`
		} `json:"attributes"`
	} `json:"data"`
}

var errGone = errors.New("k6 ended")

// awaitPaused waits until all users are made and k6 stands at the start.
func (c *control) awaitPaused(ctx context.Context, p *tool.Process) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, err := c.status(ctx); err == nil && status == pausedBeforeRun {
			return nil
		}
		select {
		case <-p.Done():
			return errGone
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (c *control) status(ctx context.Context) (int, error) {
	doc, err := c.call(ctx, http.MethodGet, nil)
	return doc.Data.Attributes.Status, err
}

// resume starts the load.
func (c *control) resume(ctx context.Context) error {
	var doc statusDocument
	no := false
	doc.Data.Type, doc.Data.ID, doc.Data.Attributes.Paused = "status", "default", &no
	_, err := c.call(ctx, http.MethodPatch, doc)
	return err
}

func (c *control) call(ctx context.Context, method string, body any) (doc statusDocument, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return doc, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+"/v1/status", bytes.NewReader(data))
	if err != nil {
		return doc, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return doc, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return doc, fmt.Errorf("k6 answers with status %d", resp.StatusCode)
	}
	return doc, json.NewDecoder(resp.Body).Decode(&doc)
}
