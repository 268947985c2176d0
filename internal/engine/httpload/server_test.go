package httpload

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// seen is a request as the server has read it.
type seen struct {
	*http.Request
	body   []byte
	digest [sha256.Size]byte // of the body
}

// server is a real HTTP server that remembers all requests.
type server struct {
	addr string
	mu   sync.Mutex
	all  []seen
}

// newServer answers with handler, or with 200 and "yes" when that is nil. It
// speaks TLS when config is not nil.
func newServer(t *testing.T, config *tls.Config, handler http.HandlerFunc) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: l.Addr().String()}
	hs := &http.Server{Protocols: new(http.Protocols), TLSConfig: config, ErrorLog: log.New(t.Output(), "", 0)}
	hs.Protocols.SetHTTP1(true)
	hs.Protocols.SetHTTP2(true)
	hs.Protocols.SetUnencryptedHTTP2(true)
	hs.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, kept := sha256.New(), new(bytes.Buffer)
		_, _ = io.Copy(io.MultiWriter(hash, kept), r.Body)
		s.mu.Lock()
		s.all = append(s.all, seen{r, kept.Bytes(), [sha256.Size]byte(hash.Sum(nil))})
		s.mu.Unlock()
		if handler == nil {
			_, _ = io.WriteString(w, "yes")
			return
		}
		handler(w, r)
	})
	go func() {
		if config != nil {
			_ = hs.ServeTLS(l, "", "")
			return
		}
		_ = hs.Serve(l)
	}()
	t.Cleanup(func() { _ = hs.Close() })
	return s
}

func (s *server) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// once sends a scenario's requests once, as one user with the given files, and
// returns what was recorded.
func once(t *testing.T, s load.Scenario, files map[string][]byte) enginetest.Total {
	t.Helper()
	return send(t, load.Order{Model: load.Closed, Scenario: s, Profile: enginetest.Endless(1), Iterations: 1}, files)
}

func send(t *testing.T, order load.Order, files map[string][]byte) enginetest.Total {
	t.Helper()
	return sendBy(t, New(), order, files)
}

func sendBy(t *testing.T, e *Engine, order load.Order, files map[string][]byte) enginetest.Total {
	t.Helper()
	k := enginetest.NewTask(t, e, order)
	for name, data := range files {
		write(t, filepath.Join(k.Job.Dir, name), data)
	}
	k.Start(soon())
	return k.Wait()
}

// good fails the test when requests failed or were not n.
func good(t *testing.T, got enginetest.Total, n int64) {
	t.Helper()
	if got.Requests != n || got.Failures != 0 {
		t.Errorf("%d requests, failures %v; want %d without", got.Requests, got.Causes, n)
	}
}

func get(format string, args ...any) load.Request {
	return load.Request{Label: "get", URL: fmt.Sprintf(format, args...)}
}
