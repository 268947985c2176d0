package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// Handler serves the console: its files, and its index page for every other
// path, since the pages' addresses are the console's own.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant that go:embed has checked
	}
	return newHandler(files)
}

// policy keeps the console to itself: nothing from elsewhere runs or is shown
// in it, and it is shown in nothing. Styles are also set from code.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

type handler struct {
	files fs.FS
	index []byte // nil: the console is not built
	tag   string
}

func newHandler(files fs.FS) *handler {
	h := &handler{files: files}
	index, err := fs.ReadFile(files, "index.html")
	if err == nil {
		sum := sha256.Sum256(index)
		h.index, h.tag = index, `"`+hex.EncodeToString(sum[:8])+`"`
	}
	return h
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console is only read", http.StatusMethodNotAllowed)
		return
	}
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	switch {
	case h.index == nil:
		h.unbuilt(w)
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".gz"):
		http.NotFound(w, r)
	case name != "index.html" && h.file(w, r, name):
	case strings.HasPrefix(name, "assets/"):
		// A page of another build asks for a file that is gone: index would be
		// taken for the script.
		head.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
	default:
		head.Set("Content-Type", "text/html; charset=utf-8")
		head.Set("Cache-Control", "no-cache")
		head.Set("ETag", h.tag)
		http.ServeContent(w, r, "index.html", time.Time{}, bytes.NewReader(h.index))
	}
}

// file serves one file, compressed when there is such a copy and the browser
// takes it. It reports whether there is the file.
func (h *handler) file(w http.ResponseWriter, r *http.Request, name string) bool {
	info, err := fs.Stat(h.files, name)
	if err != nil || info.IsDir() {
		return false
	}
	content, err := h.read(w, r, name)
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return true
	}
	cache := "no-cache"
	if strings.HasPrefix(name, "assets/") { // names hold their content's hash
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	if kind := kindOf(name); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return true
}

// kindOf names what the build makes. The machine's own table is not asked: it
// may call a script something that browsers do not run.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// read returns the file's bytes, or those of its compressed copy.
func (h *handler) read(w http.ResponseWriter, r *http.Request, name string) ([]byte, error) {
	w.Header().Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" {
		packed, err := fs.ReadFile(h.files, name+".gz")
		if err == nil {
			w.Header().Set("Content-Encoding", "gzip")
			return packed, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return fs.ReadFile(h.files, name)
}

// unbuilt says what to do when the program was built without the console.
func (h *handler) unbuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(unbuiltPage)) // the reader may be gone
}

const unbuiltPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Onrush</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em}
code{background:#8883;border-radius:4px;padding:.1em .35em}:root{color-scheme:light dark}</style></head>
<body><h1>The console is not built in</h1>
<p>This program was compiled before the console. Run <code>make build</code>, which builds both, and start it again.</p>
<p>The API and the command line work as they are.</p></body></html>
`
