package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

const prefix = "/api/v1"

// Body limits. Scenario texts may be long; nothing else that is not a file is.
const (
	smallBody = 64 << 10
	draftBody = 8 << 20
)

// route is one operation. Every route names the role it needs; only those in
// publicRoutes may go without.
type route struct {
	method, path string
	id           string // operation id: verb and noun
	tag          string // the resource
	summary      string
	description  string
	role         load.Role
	status       int   // of success, when not 200
	maxBody      int64 // 0: smallBody
	// describe completes the operation where types cannot say it: streams and
	// raw bodies.
	describe func(*huma.Operation)
}

// publicRoutes are all that strangers may call.
func publicRoutes() []string {
	return []string{
		"POST /api/v1/login",
		"GET /api/v1/health",
		"GET /api/v1/version",
		"GET /api/v1/openapi.json",
		"GET /api/v1/schema/scenario.json",
		"GET /api/v1/agent/files/{token}", // the token is the credential
		"POST /api/v1/agent/artifacts/{token}",
	}
}

// plainRoutes are open to strangers too, stand outside of the API, and check
// for themselves who comes.
func plainRoutes() []string {
	return []string{
		"GET /bus", // agents' credentials are the bus's to check
	}
}

// handlePlain registers such a route.
func (a *api) handlePlain(mux *http.ServeMux, pattern string, h http.Handler) {
	if !slices.Contains(plainRoutes(), pattern) {
		panic("route " + pattern + " needs a place in plainRoutes")
	}
	a.plain = append(a.plain, pattern)
	mux.Handle(pattern, h)
}

func (r route) String() string { return r.method + " " + prefix + r.path }

func (r route) public() bool {
	for _, p := range publicRoutes() {
		if p == r.String() {
			return true
		}
	}
	return false
}

// roleKey holds the needed role in an operation's metadata.
const roleKey = "role"

// handle registers a route. The handler's errors become faults.
func handle[I, O any](a *api, r route, h func(context.Context, *I) (*O, error)) {
	if r.public() == (r.role != "") {
		panic("route " + r.String() + " needs a role, or a place in publicRoutes")
	}
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: prefix + r.path, Tags: []string{r.tag},
		Summary: r.summary, Description: r.description, DefaultStatus: r.status,
		MaxBodyBytes: r.maxBody, Metadata: map[string]any{},
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = smallBody
	}
	if r.role != "" {
		op.Metadata[roleKey] = r.role
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		op.Description = strings.TrimSpace(op.Description + "\n\nNeeds the role " + string(r.role) + ".")
	}
	if r.describe != nil {
		r.describe(&op)
	}
	a.describeFaults(&op)
	a.routes = append(a.routes, r)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, a.fault(ctx, err)
		}
		return out, nil
	})
}

// body is an answer with a JSON body and nothing else.
type body[T any] struct{ Body T }

func answer[T any](v T) *body[T] { return &body[T]{v} }

// none is an input, or an answer, with nothing in it.
type none struct{}

// noRoute answers for paths and methods that no route has.
func (a *api) noRoute(w http.ResponseWriter, r *http.Request) {
	if methods := a.methodsOf(r); len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		writeFault(w, wire.NewFault(http.StatusMethodNotAllowed, load.Invalid,
			r.Method+" is not allowed here: "+strings.Join(methods, ", ")+" is", nil))
		return
	}
	writeFault(w, wire.NewFault(http.StatusNotFound, load.NotFound, "there is nothing at "+r.URL.Path, nil))
}

// methodsOf lists the methods that a request's path has routes for.
func (a *api) methodsOf(r *http.Request) []string {
	var methods []string
	for _, known := range a.routes {
		if matches(prefix+known.path, r.URL.Path) {
			methods = append(methods, known.method)
		}
	}
	return methods
}

// matches compares a path with a pattern like /runs/{id}.
func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if have[i] == "" && i > 0 || !strings.HasPrefix(want[i], "{") && want[i] != have[i] {
			return false
		}
	}
	return true
}
