package docker_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// proxy stands before an engine and can break what comes through: that is how
// an engine goes down for a moment without harm to others who use it.
type proxy struct {
	host string // where it listens, as an engine's address

	mu     sync.Mutex
	broken func(*http.Request) bool // nil: nothing is
	seen   map[string]int           // requests by the last part of their path
}

func newProxy(t *testing.T, engine string) *proxy {
	t.Helper()
	network, address, _ := strings.Cut(engine, "://")
	dir, err := os.MkdirTemp("", "engine") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{host: "unix://" + listener.Addr().String(), seen: map[string]int{}}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	forward := &httputil.ReverseProxy{
		FlushInterval: -1, Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "engine"}) },
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen[filepath.Base(r.URL.Path)]++
		broken := p.broken != nil && p.broken(r)
		p.mu.Unlock()
		if broken {
			panic(http.ErrAbortHandler) // the connection breaks off without a word
		}
		forward.ServeHTTP(w, r)
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-served
		transport.CloseIdleConnections()
	})
	return p
}

// breaks makes the proxy break some requests; nil: none.
func (p *proxy) breaks(which func(*http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = which
}

func all(*http.Request) bool { return true }

func ending(last string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, last) }
}
