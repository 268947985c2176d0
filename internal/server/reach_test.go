package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// TestReach: what the tasks of a region are told of the ways to the server.
func TestReach(t *testing.T) {
	t.Parallel()
	roots := []byte("roots")
	plain := reach{local: "http://127.0.0.1:8080", localBus: "tls://127.0.0.1:4223"}
	proxied := plain
	proxied.public, proxied.roots = "https://load.example.com/onrush/", roots
	open := proxied
	open.bus = []string{"tls://bus.example.com:4223"}
	own := reach{local: "https://127.0.0.1:8443", name: "load.example.com", localBus: "tls://127.0.0.1:4223", public: "https://load.example.com", roots: roots}
	local, ecs := load.Region{Name: "here", Driver: "local"}, load.Region{Name: "eu", Driver: "ecs"}
	private := ecs
	private.Server = "http://10.0.0.5:8080/"
	tests := []struct {
		name   string
		reach  reach
		region load.Region
		base   string
		ways   bus.Reach
		warned bool
	}{
		{"this machine", plain, local, "http://127.0.0.1:8080", bus.Reach{URLs: []string{"tls://127.0.0.1:4223"}}, false},
		{"this machine, with a proxy", proxied, local, "http://127.0.0.1:8080", bus.Reach{URLs: []string{"tls://127.0.0.1:4223"}}, false},
		{"this machine, own HTTPS", own, local, "https://127.0.0.1:8443", bus.Reach{URLs: []string{"tls://127.0.0.1:4223"}, Roots: roots, Name: "load.example.com"}, false},
		{"elsewhere, with a proxy", proxied, ecs, "https://load.example.com/onrush", bus.Reach{URLs: []string{"wss://load.example.com/onrush/bus"}, Roots: roots}, false},
		{"elsewhere, the bus open", open, ecs, "https://load.example.com/onrush", bus.Reach{URLs: []string{"tls://bus.example.com:4223", "wss://load.example.com/onrush/bus"}, Roots: roots}, false},
		{"elsewhere, a way of its own", open, private, "http://10.0.0.5:8080", bus.Reach{URLs: []string{"ws://10.0.0.5:8080/bus"}}, false},
		{"elsewhere, own HTTPS", own, ecs, "https://load.example.com", bus.Reach{URLs: []string{"wss://load.example.com/bus"}, Roots: roots}, false},
		{"elsewhere, no way", plain, ecs, "http://127.0.0.1:8080", bus.Reach{URLs: []string{"ws://127.0.0.1:8080/bus"}}, true},
		{"a region that is gone", proxied, load.Region{Name: "gone"}, "https://load.example.com/onrush", bus.Reach{URLs: []string{"wss://load.example.com/onrush/bus"}, Roots: roots}, false},
	}
	for _, test := range tests {
		base, ways := test.reach.of(test.region)
		if base != test.base {
			t.Errorf("%s: base %q, want %q", test.name, base, test.base)
		}
		if diff := cmp.Diff(test.ways, ways); diff != "" {
			t.Errorf("%s: ways\n%s", test.name, diff)
		}
		if _, warning := test.reach.base(test.region); (warning != "") != test.warned {
			t.Errorf("%s: warning %q", test.name, warning)
		}
	}
}

// TestReachOfAServer: what a started server tells, and what it refuses.
func TestReachOfAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, "load.example.com")
	many := filepath.Join(dir, "many.pem")
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(many, []byte(strings.Repeat(string(text), 10)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Config{
		DataDir: t.TempDir(), TLSCert: cert, TLSKey: key, BusListen: "0.0.0.0:0", BusURLs: []string{"bus.example.com:99"},
		PublicURL: "https://load.example.com", NoLogin: true, AgentCommand: []string{"agent"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	_, ways := s.reach.of(load.Region{Driver: "ecs"})
	if want := []string{"tls://bus.example.com:99", "wss://load.example.com/bus"}; !cmp.Equal(ways.URLs, want) {
		t.Errorf("others reach the bus at %q, want %q", ways.URLs, want)
	}
	if trust, err := ways.TLS(); err != nil || trust.RootCAs == nil {
		t.Errorf("a certificate that signed itself is not its own authority: %v", err)
	}
	if base, _ := s.reach.of(load.Region{Driver: "local"}); !strings.HasPrefix(base, "https://127.0.0.1:") || !strings.HasPrefix(s.bus.LocalURL(), "tls://127.0.0.1:") {
		t.Errorf("local tasks reach %s and %s", base, s.bus.LocalURL())
	}
	for want, config := range map[string]Config{
		"public-url": {PublicURL: "load.example.com"},
		"tls-key":    {TLSCert: cert},
		"no such":    {PublicCA: "/none.pem"},
		"PEM":        {PublicCA: key},
		"every task": {PublicCA: many},
	} {
		config.DataDir, config.NoLogin, config.AgentCommand = t.TempDir(), true, []string{"agent"}
		s, err := Start(t.Context(), config)
		if err == nil {
			s.Close(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q in it", config, err, want)
		}
	}
}

// TestCertificateIsReadAnew: a renewed certificate is served without a restart,
// and a half written one is not.
func TestCertificateIsReadAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, "first.example")
	c, err := openCertificate(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", c.config())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = conn.(*tls.Conn).Handshake(); conn.Close() }()
		}
	}()
	served := func() string {
		conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it looks at the name itself
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	await := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); served() != want; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("served is %s, want %s", served(), want)
			}
		}
	}
	await("first.example")
	touch := func(path string, content []byte) {
		t.Helper()
		if content != nil {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		later := time.Now().Add(time.Duration(time.Now().UnixNano()%1e6) * time.Millisecond)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	touch(cert, []byte("half"))
	c.mu.Lock()
	c.looked = time.Time{}
	c.mu.Unlock()
	await("first.example")
	writePair(t, dir, "second.example")
	touch(cert, nil)
	await("second.example")
}

// writePair makes a certificate that signs itself for a name.
func writePair(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
