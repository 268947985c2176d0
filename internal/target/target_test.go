package target_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/target"
)

func start(t *testing.T, o target.Options) *target.Server {
	t.Helper()
	s, err := target.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestPathsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	s := start(t, target.Options{})
	for _, c := range []struct {
		path     string
		status   int
		size     int // of the body; -1: any
		contains string
		atLeast  time.Duration
	}{
		{"/", 200, -1, "/fast", 0},
		{"/fast", 200, 1000, "", 2 * time.Millisecond},
		{"/delay/30ms", 200, -1, "waited 30ms", 30 * time.Millisecond},
		{"/delay/1ms-2ms", 200, -1, "waited 1.", time.Millisecond},
		{"/delay/2ms-1ms", 400, -1, "allowed", 0},
		{"/delay/soon", 400, -1, "allowed", 0},
		{"/status/404", 404, -1, "404 Not Found", 0},
		{"/status/204", 204, 0, "", 0},
		{"/status/99", 400, -1, "200 to 599", 0},
		{"/flaky/0", 200, 3, "", 0},
		{"/flaky/100", 503, -1, "on purpose", 0},
		{"/flaky/101", 400, -1, "allowed", 0},
		{"/bytes/0", 200, 0, "", 0},
		{"/bytes/3MB", 200, 3_000_000, "", 0},
		{"/bytes/many", 400, -1, "", 0},
		{"/chunked/7", 200, 7000, "", 0},
		{"/chunked/x", 400, -1, "allowed", 0},
		{"/drip/50ms", 200, 1000, "", 50 * time.Millisecond},
		{"/redirect/3", 200, -1, "arrived", 0},
		{"/redirect/x", 400, -1, "allowed", 0},
		{"/echo", 200, -1, "User-Agent: Go-http-client", 0},
		{"/nowhere", 404, -1, "", 0},
	} {
		begin := time.Now()
		resp, err := http.Get(s.URL() + c.path)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		if resp.StatusCode != c.status || (c.size >= 0 && len(body) != c.size) || !strings.Contains(string(body), c.contains) {
			t.Errorf("%s: got status %d with %d bytes %.80q", c.path, resp.StatusCode, len(body), body)
		}
		if took := time.Since(begin); took < c.atLeast {
			t.Errorf("%s: took %s, want at least %s", c.path, took, c.atLeast)
		}
	}
}

func TestFlakyFailsAsOftenAsAsked(t *testing.T) {
	t.Parallel()
	s := start(t, target.Options{})
	failed := 0
	for range 1000 {
		resp, err := http.Get(s.URL() + "/flaky/20")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			failed++
		}
	}
	if failed < 130 || failed > 270 { // 200 ± 5.5 standard deviations
		t.Errorf("%d of 1000 failed, want about 200", failed)
	}
}

func TestEchoAndCookies(t *testing.T) {
	t.Parallel()
	s := start(t, target.Options{})
	resp, err := http.Post(s.URL()+"/echo", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "hello" {
		t.Errorf("echo: got %q", body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/cookies?a=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "b", Value: "2"})
	if resp, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if string(body) != "b=2\n" || len(resp.Cookies()) != 1 || resp.Cookies()[0].Name != "a" {
		t.Errorf("cookies: got %q and %v", body, resp.Cookies())
	}
}

func TestVersionsAndTLS(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		s := start(t, target.Options{TLS: secure})
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(s.CA())
		for _, want := range []string{"HTTP/1.1", "HTTP/2.0"} {
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, Protocols: new(http.Protocols)}
			tr.Protocols.SetHTTP1(want == "HTTP/1.1")
			tr.Protocols.SetHTTP2(want == "HTTP/2.0")
			tr.Protocols.SetUnencryptedHTTP2(want == "HTTP/2.0")
			resp, err := (&http.Client{Transport: tr}).Get(s.URL() + "/fast")
			if err != nil {
				t.Fatalf("%s with TLS %v: %v", want, secure, err)
			}
			_ = resp.Body.Close()
			tr.CloseIdleConnections()
			if resp.Proto != want {
				t.Errorf("TLS %v: got %s, want %s", secure, resp.Proto, want)
			}
		}
	}
}

func TestListensOnLoopbackUnlessTold(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"", ":0", "127.0.0.1:0"} {
		if s := start(t, target.Options{Listen: listen}); !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
			t.Errorf("Listen %q: got %s", listen, s.URL())
		}
	}
	if _, err := target.Start(t.Context(), target.Options{Listen: "here"}); load.ErrorCode(err) != load.Invalid {
		t.Errorf("Listen \"here\": got %v, want an invalid error", err)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := target.Start(ctx, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the target answers after its end")
	}
}
