package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFrame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{
		{"health", "", "GET /health", "", nil, 200, []string{`"status":"ok"`}, nil},
		{"version", "", "GET /version", "", nil, 200, []string{"v1.2.3"}, nil},
		{"description", "", "GET /openapi.json", "", nil, 200, []string{`"openapi":"3.1.0"`, `/api/v1/runs/{id}/live`}, nil},
		{"schema", "", "GET /schema/scenario.json", "", nil, 200, []string{`$schema`, "think_time"}, nil},
		{"nothing there", "admin", "GET /nothing", "", nil, 404, []string{`"code":"not_found"`}, nil},
		{"wrong method", "admin", "PATCH /runs/x", "", nil, 405, []string{"GET, DELETE"}, nil},
		{"folder", "admin", "GET /runs/", "", nil, 404, nil, nil},
		{"no token", "", "GET /runs", "", map[string]string{"Authorization": "Bearer"}, 401, nil, nil},
	})
	must(t, b.store.Close())
	b.run(t, []row{{"health without a database", "", "GET /health", "", nil, 503, []string{`"code":"unavailable"`}, []string{"sql"}}})
	res, text := b.send(t, row{as: "admin", do: "GET /runs"})
	if res.StatusCode != 500 || strings.Contains(text, "sql") || !strings.Contains(b.log.String(), "sql: database is closed") {
		t.Errorf("an inner fault shows as %d %s; the log:\n%s", res.StatusCode, text, b.log)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, want := range map[string]map[string]string{
		"/": {
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		},
		"/api/v1/health":       {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
		"/api/v1/openapi.json": {"Cache-Control": "public, max-age=300"},
		"/api/v1/me":           {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"},
		"/api/nothing":         {"X-Content-Type-Options": "nosniff"},
	} {
		res, err := b.Client().Get(b.URL + path)
		must(t, err)
		must(t, res.Body.Close())
		for name, value := range want {
			if got := res.Header.Get(name); !strings.HasPrefix(got, value) {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
	}
}

// TestPanics: a fault in a handler costs one answer, not the server, and shows
// nothing.
func TestPanics(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/half" {
				_, _ = io.WriteString(w, strings.Repeat("half an answer", 1000))
			}
			panic("inner secret")
		})
	})
	res, err := b.Client().Get(b.URL + "/whole")
	must(t, err)
	text, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != 500 || strings.Contains(string(text), "secret") || !strings.Contains(string(text), `"code":"internal"`) {
		t.Errorf("a panic gave %d %s", res.StatusCode, text)
	}
	if res, err = b.Client().Get(b.URL + "/half"); err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("half an answer looked whole")
	}
	for deadline := time.Now().Add(10 * time.Second); strings.Count(b.log.String(), "inner secret") < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not tell of the panics:\n%s", b.log)
		}
	}
	b.run(t, []row{{"still up", "", "GET /health", "", nil, 200, nil, nil}})
}
