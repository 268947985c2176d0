package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('onrush')"

func built(t *testing.T) http.Handler {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(script))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return newHandler(fstest.MapFS{
		".keep":               {Data: []byte("x")},
		"index.html":          {Data: []byte("<html>console</html>")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/app-1a.js":    {Data: []byte(script)},
		"assets/app-1a.js.gz": {Data: packed.Bytes()},
		"assets/app-1a.css":   {Data: []byte("a{}")},
	})
}

func TestHandler(t *testing.T) {
	t.Parallel()
	h := built(t)
	for _, c := range []struct {
		name, method, path, encoding string
		status                       int
		body, kind, cache, packed    string
	}{
		{name: "root", path: "/", status: 200, body: "console", kind: "text/html", cache: "no-cache"},
		{name: "page of the console", path: "/runs/r1?from=1", status: 200, body: "console", kind: "text/html", cache: "no-cache"},
		{name: "page with a dot", path: "/scenarios/shop.example.com", status: 200, body: "console", kind: "text/html", cache: "no-cache"},
		{name: "index by name", path: "/index.html", status: 200, body: "console", kind: "text/html", cache: "no-cache"},
		{name: "script", path: "/assets/app-1a.js", status: 200, body: script, kind: "text/javascript", cache: "immutable"},
		{name: "script packed", path: "/assets/app-1a.js", encoding: "br, gzip", status: 200, body: script, kind: "text/javascript", cache: "immutable", packed: "gzip"},
		{name: "style without a packed copy", path: "/assets/app-1a.css", encoding: "gzip", status: 200, body: "a{}", kind: "text/css", cache: "immutable"},
		{name: "file of another build", path: "/assets/old.js", status: 404, cache: "no-store"},
		{name: "packed copy by name", path: "/assets/app-1a.js.gz", status: 404},
		{name: "hidden file", path: "/.keep", status: 404},
		{name: "outside", path: "/../handler.go", status: 200, body: "console", kind: "text/html", cache: "no-cache"},
		{name: "write", method: http.MethodPost, path: "/", status: 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			r := httptest.NewRequest(method, c.path, nil)
			r.Header.Set("Accept-Encoding", c.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			res := w.Result()
			defer res.Body.Close()
			var body io.Reader = res.Body
			if got := res.Header.Get("Content-Encoding"); got != c.packed {
				t.Fatalf("Content-Encoding = %q, want %q", got, c.packed)
			}
			if c.packed != "" {
				plain, err := gzip.NewReader(res.Body)
				if err != nil {
					t.Fatal(err)
				}
				body = plain
			}
			text, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status || !strings.Contains(string(text), c.body) {
				t.Errorf("%s %s = %d %q, want %d %q", method, c.path, res.StatusCode, text, c.status, c.body)
			}
			if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, c.kind) {
				t.Errorf("Content-Type = %q, want %q", got, c.kind)
			}
			if got := res.Header.Get("Cache-Control"); !strings.Contains(got, c.cache) {
				t.Errorf("Cache-Control = %q, want %q", got, c.cache)
			}
		})
	}
}

func TestHandlerKnowsWhatTheBrowserHas(t *testing.T) {
	t.Parallel()
	h := built(t)
	first := httptest.NewRecorder()
	h.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/runs", nil))
	tag := first.Header().Get("ETag")
	if tag == "" {
		t.Fatal("index has no ETag")
	}
	again := httptest.NewRequest(http.MethodGet, "/scenarios", nil)
	again.Header.Set("If-None-Match", tag)
	second := httptest.NewRecorder()
	h.ServeHTTP(second, again)
	if second.Code != http.StatusNotModified {
		t.Errorf("same index asked again = %d, want 304", second.Code)
	}
}

func TestHandlerBeforeTheConsoleIsBuilt(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	newHandler(fstest.MapFS{".keep": {}}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/runs", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("unbuilt console = %d %q, want 503 that names make build", w.Code, w.Body)
	}
}

func TestTheEmbeddedFolderIsThere(t *testing.T) {
	t.Parallel()
	if _, err := dist.ReadFile("dist/.keep"); err != nil {
		t.Errorf("dist/.keep is not embedded: %v; vite copies it from public", err)
	}
	if Handler() == nil {
		t.Error("no handler")
	}
}
