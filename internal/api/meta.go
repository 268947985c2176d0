package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

func (a *api) registerMeta() {
	handle(a, route{
		method: "GET", path: "/health", id: "get-health", tag: "server", summary: "Say whether the server and its database answer",
	}, a.health)
	handle(a, route{method: "GET", path: "/version", id: "get-version", tag: "server", summary: "Say the server's version"}, a.version)
	handle(a, route{
		method: "GET", path: "/openapi.json", id: "get-openapi", tag: "server", summary: "Describe this API (OpenAPI 3.1)",
	}, a.openAPI)
	handle(a, route{
		method: "GET", path: "/schema/scenario.json", id: "get-scenario-schema", tag: "server",
		summary: "Describe scenario files (JSON Schema), for editors",
	}, a.scenarioSchema)
}

func (a *api) health(ctx context.Context, _ *none) (*body[wire.Health], error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := a.Store.Ping(ctx); err != nil {
		a.Log.ErrorContext(ctx, "health check failed", "err", err)
		return nil, load.Errorf(load.Unavailable, "the database does not answer")
	}
	return answer(wire.Health{Status: "ok"}), nil
}

func (a *api) version(context.Context, *none) (*body[wire.Version], error) {
	return answer(wire.Version{Version: a.Version}), nil
}

// document is an answer that is ready-made JSON. Unlike other answers it may
// be kept for a while, since it changes only with the program.
type document struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func newDocument(contentType string, content []byte) *document {
	return &document{contentType, "public, max-age=300", content}
}

func (a *api) openAPI(context.Context, *none) (*document, error) {
	b, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("render OpenAPI: %w", err)
	}
	return newDocument("application/openapi+json", b), nil
}

func (a *api) scenarioSchema(context.Context, *none) (*document, error) {
	return newDocument("application/schema+json", scenfile.Schema()), nil
}
