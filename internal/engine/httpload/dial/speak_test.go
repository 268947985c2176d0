package dial

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// target is a real HTTPS server that remembers its connections.
type target struct {
	*httptest.Server
	addr string

	mu    sync.Mutex
	seen  []tls.ConnectionState
	hosts []string
}

func newTarget(t *testing.T, config *tls.Config) *target {
	t.Helper()
	s := &target{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hosts = append(s.hosts, r.Host)
		if r.TLS != nil {
			s.seen = append(s.seen, *r.TLS)
		}
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if config != nil {
		s.EnableHTTP2 = len(config.NextProtos) == 0
		s.TLS = config
		s.StartTLS()
	} else {
		s.Start()
	}
	s.addr = s.Listener.Addr().String()
	t.Cleanup(s.Close)
	return s
}

func (s *target) states() []tls.ConnectionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// reach opens a connection to host as the event loop would, the socket being the
// test's part. Whatever host is, the server is at addr unless a proxy is used.
func reach(t *testing.T, d *Dialer, scheme, host, addr string) (Spoken, error) {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	o := Origin{scheme, host, port}
	to, ok := d.Known(o)
	if !ok {
		t.Fatalf("%v is not known", o)
	}
	nc, err := net.Dial("tcp", to.At(0).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	return d.Speak(t.Context(), nc, o)
}

// talk makes one request of HTTP/1.1 over a connection.
func talk(t *testing.T, s Spoken, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(s.Conn); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(s.Conn), r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

// at makes names mean this machine.
func at(names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		out[name] = "127.0.0.1"
	}
	return out
}

func dialerIn(t testing.TB, o load.Connection, dir string) *Dialer {
	t.Helper()
	d, err := build(&o, dir, slog.New(slog.DiscardHandler), realClock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	leaf := ours.issue(t, time.Hour, "shop.test", "127.0.0.1")
	dir, no := ours.files(t, leaf), false
	serve := func(c *tls.Config) *target {
		if c.Certificates == nil {
			c.Certificates = []tls.Certificate{leaf}
		}
		return newTarget(t, c)
	}
	open := serve(&tls.Config{})
	strict := serve(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.pool(), MaxVersion: tls.VersionTLS12})
	// Of TLS 1.3: refused only after the handshake.
	strict13 := serve(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.pool(), MinVersion: tls.VersionTLS13})
	old, modern := serve(&tls.Config{MaxVersion: tls.VersionTLS12}), serve(&tls.Config{MinVersion: tls.VersionTLS13})
	one := serve(&tls.Config{NextProtos: []string{"http/1.1"}})
	expired := serve(&tls.Config{Certificates: []tls.Certificate{ours.issue(t, -time.Hour, "shop.test")}})
	foreign := serve(&tls.Config{Certificates: []tls.Certificate{other.issue(t, time.Hour, "shop.test")}})
	for name, c := range map[string]struct {
		to      *target
		host    string // default shop.test
		version string
		tls     load.TLS
		newest  string
		want    string // protocol, or words of the failure
	}{
		"UnknownAuthority":  {to: foreign, want: "an authority that is not trusted"},
		"NotVerified":       {to: foreign, tls: load.TLS{Verify: &no}, want: HTTP2},
		"Own":               {to: open, want: HTTP2},
		"ByAddress":         {to: open, host: "127.0.0.1", want: HTTP2},
		"WrongName":         {to: open, host: "other.test", want: "certificate is valid for shop.test, not other.test"},
		"OtherName":         {to: open, host: "other.test", tls: load.TLS{ServerName: "shop.test"}, want: HTTP2},
		"Expired":           {to: expired, want: "certificate has expired"},
		"NoCertificate":     {to: strict, want: "demand a client certificate (connection.tls.certificate)"},
		"NoCertificate13":   {to: strict13, want: HTTP2},
		"ClientCertificate": {to: strict, tls: load.TLS{Certificate: "cert.pem", Key: "key.pem"}, want: HTTP2},
		"OldIsAllowed":      {to: old, want: HTTP2},
		"OldIsRefused":      {to: old, tls: load.TLS{MinVersion: "1.3"}, want: "no TLS version in common (ours are 1.3)"},
		"NewIsRefused":      {to: modern, newest: "1.2", want: "no TLS version in common (ours are 1.2)"},
		"One":               {to: open, version: "1.1", want: HTTP1},
		"OneOfBoth":         {to: one, want: HTTP1},
		"NoTwo":             {to: one, version: "2", want: "no protocol in common (ours are h2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.host == "" {
				c.host = "shop.test"
			}
			c.tls.CA, c.tls.MaxVersion = "ca.pem", c.newest
			d := dialerIn(t, load.Connection{HTTP: c.version, TLS: c.tls, Hosts: at("shop.test", "other.test")}, dir)
			for range 2 { // the second one may know the certificate
				got, err := reach(t, d, "https", c.host, c.to.addr)
				var f *proto.Failure
				if errors.As(err, &f) {
					if f.Cause != load.CauseTLS || !strings.Contains(f.Error(), c.want) || !strings.Contains(f.Error(), c.to.addr) {
						t.Errorf("got %v, want %q", err, c.want)
					}
				} else if got.Protocol != c.want || got.TLS == nil || got.Conn != got.TLS || got.Times.TLS <= 0 || got.Times.Tunnel != 0 {
					t.Errorf("got %+v, %v; want %q", got, err, c.want)
				}
			}
		})
	}
}

func TestClearText(t *testing.T) {
	t.Parallel()
	s := newTarget(t, nil)
	for version, want := range map[string]string{"auto": HTTP1, "1.1": HTTP1, "2": HTTP2} {
		got, err := reach(t, dialerIn(t, load.Connection{HTTP: version, Hosts: at("shop.test")}, t.TempDir()), "http", "shop.test", s.addr)
		if err != nil || got.Protocol != want || got.TLS != nil || got.Times != (Times{}) {
			t.Errorf("%s: got %+v, %v", version, got, err)
		}
	}
}

func TestNoALPN(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	leaf := ours.issue(t, time.Hour, "shop.test")
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{leaf}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	for version, want := range map[string]string{"auto": "", "1.1": "", "2": `does not speak HTTP/2 (it chose "" by ALPN)`} {
		d := dialerIn(t, load.Connection{HTTP: version, Hosts: at("shop.test"), TLS: load.TLS{CA: "ca.pem"}}, ours.files(t, leaf))
		got, err := reach(t, d, "https", "shop.test", l.Addr().String())
		if want == "" && (err != nil || got.Protocol != HTTP1) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %+v, %v", version, got, err)
		}
	}
}

// TestNotTLS speaks with servers that do something else.
func TestNotTLS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does  func(net.Conn)
		cause load.Cause
		want  string
	}{
		"Plain":  {func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); _, _ = io.Copy(io.Discard, c) }, load.CauseTLS, `it does not speak TLS (its first bytes are "HTTP/")`},
		"Closes": {func(c net.Conn) { _, _ = c.Read(make([]byte, 5000)) }, load.CauseTLS, "closed the connection in the middle of the handshake"},
		"Resets": {func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _, _ = c.Read(make([]byte, 1)) }, load.CauseReset, "reset"},
		"Deaf":   {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, load.CauseTimeout, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, c.does)
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if c.cause == load.CauseTimeout {
				_ = nc.SetDeadline(time.Now().Add(30 * time.Millisecond))
			}
			_, err = dialerIn(t, load.Connection{}, t.TempDir()).Speak(t.Context(), nc, Origin{"https", "shop.test", "443"})
			f := proto.AsFailure(err, "")
			if f.Cause != c.cause || !strings.Contains(f.Error(), c.want) || !strings.Contains(f.Error(), "shop.test ("+addr+")") {
				t.Errorf("got %v", f)
			}
		})
	}
}

// serve is a server that does what is wanted with each connection.
func serve(t *testing.T, does func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				does(c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestStoppedWhileSpeaking(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	context.AfterFunc(ctx, func() { nc.Close() }) // the caller's part
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = dialerIn(t, load.Connection{}, t.TempDir()).Speak(ctx, nc, Origin{"https", "shop.test", "443"})
	if f := proto.AsFailure(err, ""); f.Cause != load.CauseStopped {
		t.Errorf("got %v", err)
	}
}

func TestSessionsAreResumedWhenAsked(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	leaf := ours.issue(t, time.Hour, "shop.test")
	for _, newest := range []string{"", "1.2"} {
		for _, resume := range []bool{false, true} {
			s := newTarget(t, &tls.Config{Certificates: []tls.Certificate{leaf}})
			d := dialerIn(t, load.Connection{HTTP: "1.1", Hosts: at("shop.test"), TLS: load.TLS{CA: "ca.pem", Resume: resume, MaxVersion: newest}}, ours.files(t, leaf))
			for range 3 {
				got, err := reach(t, d, "https", "shop.test", s.addr)
				if err != nil {
					t.Fatal(err)
				}
				talk(t, got, "https://shop.test/") // reads the ticket of TLS 1.3 too
			}
			var resumed []bool
			for _, state := range s.states() {
				resumed = append(resumed, state.DidResume)
			}
			if want := fmt.Sprint([]bool{false, resume, resume}); fmt.Sprint(resumed) != want {
				t.Errorf("TLS %q, resume %v: the server resumed %v, want %v", newest, resume, resumed, want)
			}
		}
	}
}

// TestRememberedCertificates: what was verified once is trusted for its name and
// its time alone.
func TestRememberedCertificates(t *testing.T) {
	t.Parallel()
	ours, clock := newAuthority(t), newClock()
	leaf := ours.issue(t, time.Hour, "shop.test")
	s := newTarget(t, &tls.Config{Certificates: []tls.Certificate{leaf}})
	d, err := build(&load.Connection{Hosts: at("shop.test", "other.test"), TLS: load.TLS{CA: "ca.pem"}}, ours.files(t, leaf), slog.New(slog.DiscardHandler), clock.clock())
	if err != nil {
		t.Fatal(err)
	}
	try := func(host string) string {
		_, err := reach(t, d, "https", host, s.addr)
		return fmt.Sprint(err)
	}
	if got := try("shop.test"); got != "<nil>" {
		t.Fatal(got)
	}
	if got := try("other.test"); !strings.Contains(got, "not other.test") {
		t.Errorf("another name is trusted: %s", got)
	}
	clock.pass(59 * time.Minute)
	if got := try("shop.test"); got != "<nil>" {
		t.Error(got)
	}
	clock.pass(2 * time.Minute)
	if got := try("shop.test"); !strings.Contains(got, "expired") {
		t.Errorf("after its end: %s", got)
	}
}

func TestTLSConfigFor(t *testing.T) {
	t.Parallel()
	d := dialerIn(t, load.Connection{}, t.TempDir())
	o := Origin{"https", "shop.test", "443"}
	a, b := d.TLSConfigFor(o, "h3"), d.TLSConfigFor(o, "h3")
	if a != b || a.ServerName != "shop.test" || fmt.Sprint(a.NextProtos) != "[h3]" {
		t.Errorf("got %p, %p: %q, %v", a, b, a.ServerName, a.NextProtos)
	}
	if c := d.TLSConfigFor(o); fmt.Sprint(c.NextProtos) != "[h2 http/1.1]" {
		t.Errorf("got %v", c.NextProtos)
	}
	if c := d.TLSConfigFor(Origin{"https", "fe80::1%eth0", "443"}); c.ServerName != "fe80::1" {
		t.Errorf("got %q", c.ServerName)
	}
	for i := range mostConfigs + 10 {
		d.TLSConfigFor(Origin{"https", fmt.Sprint("n", i, ".test"), "443"})
	}
	if len(d.tls.made) > mostConfigs {
		t.Errorf("%d configurations are kept", len(d.tls.made))
	}
}

// BenchmarkHandshake compares what verifying costs: by the library each time, by
// us, not at all. Both sides of the handshake are in the figure.
func BenchmarkHandshake(b *testing.B) {
	ours, no := newAuthority(b), false
	leaf := ours.issue(b, time.Hour, "shop.test")
	dir := ours.files(b, leaf)
	server := &tls.Config{Certificates: []tls.Certificate{leaf}}
	for name, verify := range map[string]*bool{"Remembered": nil, "Library": nil, "None": &no} {
		b.Run(name, func(b *testing.B) {
			d := dialerIn(b, load.Connection{TLS: load.TLS{CA: "ca.pem", Verify: verify}}, dir)
			config := d.TLSConfigFor(Origin{"https", "shop.test", "443"})
			if name == "Library" {
				config = config.Clone()
				config.VerifyConnection, config.InsecureSkipVerify = nil, false
			}
			for b.Loop() {
				c, s := net.Pipe()
				go func() { _ = tls.Server(s, server).Handshake() }()
				if err := tls.Client(c, config).Handshake(); err != nil {
					b.Fatal(err)
				}
				c.Close()
				s.Close()
			}
		})
	}
}
