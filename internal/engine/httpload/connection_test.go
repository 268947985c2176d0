package httpload

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"onrush.dev/onrush/internal/load"
)

// pemFiles are a certificate and its key, by the names that scenarios use.
func pemFiles(t *testing.T) (tls.Certificate, map[string][]byte) {
	t.Helper()
	dir, files := t.TempDir(), map[string][]byte{}
	writeCertificate(t, dir)
	for _, name := range []string{"cert.pem", "key.pem"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return certificate(t, dir), files
}

func TestTLSOptions(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(files["cert.pem"])
	open := newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil)
	strict := newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}, nil)
	old := newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12}, nil)
	no := false
	for name, c := range map[string]struct {
		to    *server
		tls   load.TLS
		cause load.Cause
	}{
		"UnknownAuthority":  {open, load.TLS{}, load.CauseTLS},
		"OwnAuthority":      {open, load.TLS{CA: "cert.pem"}, ""},
		"NotVerified":       {open, load.TLS{Verify: &no}, ""},
		"OtherName":         {open, load.TLS{CA: "cert.pem", ServerName: "target.test"}, ""},
		"WrongName":         {open, load.TLS{CA: "cert.pem", ServerName: "wrong.test"}, load.CauseTLS},
		"NoCertificate":     {strict, load.TLS{CA: "cert.pem"}, load.CauseTLS},
		"ClientCertificate": {strict, load.TLS{CA: "cert.pem", Certificate: "cert.pem", Key: "key.pem"}, ""},
		"OldIsAllowed":      {old, load.TLS{CA: "cert.pem"}, ""},
		"OldIsRefused":      {old, load.TLS{CA: "cert.pem", MinVersion: "1.3"}, load.CauseTLS},
	} {
		for version, proto := range map[string]string{"1.1": "HTTP/1.1", "2": "HTTP/2.0", "auto": "HTTP/2.0"} {
			got := once(t, load.Scenario{
				Requests:   []load.Request{get("https://%s/%s/%s", c.to.addr, name, version)},
				Connection: load.Connection{TLS: c.tls, HTTP: version},
			}, files)
			if c.cause == "" {
				good(t, got, 1)
			} else if got.Causes[c.cause] != 1 {
				t.Errorf("%s, HTTP/%s: got causes %v, want %s", name, version, got.Causes, c.cause)
			}
			for _, r := range c.to.requests() {
				if r.URL.Path == "/"+name+"/"+version && (r.Proto != proto || (c.tls.ServerName != "" && r.TLS.ServerName != c.tls.ServerName)) {
					t.Errorf("%s, HTTP/%s: got %s for server name %q", name, version, r.Proto, r.TLS.ServerName)
				}
			}
		}
	}
}

func TestHTTP2IsNotForcedOnThoseWithout(t *testing.T) {
	t.Parallel()
	n := startNginx(t)
	verify := false
	got := once(t, load.Scenario{
		Requests:   []load.Request{get("%s/", n.secure)},
		Connection: load.Connection{HTTP: "2", TLS: load.TLS{Verify: &verify}},
	}, nil)
	if got.Causes[load.CauseTLS] != 1 {
		t.Errorf("got causes %v, want tls", got.Causes)
	}
}

func TestHostsAndAddresses(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	keep := false
	got := once(t, load.Scenario{
		Requests: []load.Request{
			get("http://one.test:%s/", port), get("http://two.test/"), get("http://one.test:%s/", port),
		},
		Connection: load.Connection{
			Hosts:          map[string]string{"one.test": host, "two.test": s.addr},
			LocalAddresses: []string{"127.0.0.7", "127.0.0.8"},
			KeepAlive:      &keep,
		},
	}, nil)
	good(t, got, 3)
	var from, hosts []string
	for _, r := range s.requests() {
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		from, hosts = append(from, ip), append(hosts, r.Host)
	}
	if fmt.Sprint(from) != "[127.0.0.7 127.0.0.8 127.0.0.7]" {
		t.Errorf("requests came from %v, want the local addresses in turn", from)
	}
	if want := fmt.Sprintf("[one.test:%s two.test one.test:%s]", port, port); fmt.Sprint(hosts) != want {
		t.Errorf("got Host %v, want %v", hosts, want)
	}
}

func TestHostHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	good(t, once(t, load.Scenario{
		Requests:   []load.Request{get("http://%s/", s.addr)},
		Connection: load.Connection{Host: "shop.test"},
	}, nil), 1)
	if host := s.requests()[0].Host; host != "shop.test" {
		t.Errorf("got Host %q", host)
	}
}

// newResolverServer is a DNS server that knows one name.
func newResolverServer(t *testing.T, name, address string) (addr string, asked *atomic.Int64) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	asked = new(atomic.Int64)
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			asked.Add(1)
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			switch {
			case q.Name.String() != name:
				m.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA:
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
					Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(address).To4())},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	return pc.LocalAddr().String(), asked
}

func TestResolvers(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	_, port, _ := net.SplitHostPort(s.addr)
	dns, asked := newResolverServer(t, "known.test.", "127.0.0.1")
	no := false
	var requests []load.Request
	for range 10 {
		requests = append(requests, get("http://known.test:%s/", port))
	}
	requests = append(requests, get("http://unknown.test:%s/", port))
	got := once(t, load.Scenario{Requests: requests, Connection: load.Connection{Resolvers: []string{dns}, KeepAlive: &no}}, nil)
	if got.Statuses[200] != 10 || got.Causes[load.CauseDNS] != 1 || got.Failures != 1 {
		t.Errorf("got statuses %v, causes %v; want 10 good ones and 1 of dns", got.Statuses, got.Causes)
	}
	if n := asked.Load(); n < 2 || n > 8 {
		t.Errorf("the resolver was asked %d times for 11 connections to 2 names", n)
	}
}

// newProxy is an HTTP proxy that forwards and tunnels for those who know the
// password.
func newProxy(t *testing.T) (url string, tunnels, forwards *atomic.Int64) {
	t.Helper()
	tunnels, forwards = new(atomic.Int64), new(atomic.Int64)
	f := newFault(t, func(_ *fault, c net.Conn, in *bufio.Reader) {
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if r.Header.Get("Proxy-Authorization") != "Basic YW5uOnB3" {
				say(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
				continue
			}
			to, err := net.Dial("tcp", r.Host)
			if err != nil {
				return
			}
			defer to.Close()
			if r.Method != http.MethodConnect {
				forwards.Add(1)
				r.Header.Del("Proxy-Authorization")
				if r.URL.Host == "" || r.Write(to) != nil || forward(c, to, r) != nil {
					return
				}
				continue
			}
			tunnels.Add(1)
			say(c, "HTTP/1.1 200 Connection established\r\n\r\n")
			go func() {
				_, _ = io.Copy(to, in)
				_ = to.Close()
			}()
			_, _ = io.Copy(c, to)
			return
		}
	})
	return strings.TrimSuffix(f.url("http"), "/"), tunnels, forwards
}

func forward(c, from net.Conn, r *http.Request) error {
	resp, err := http.ReadResponse(bufio.NewReader(from), r)
	if err != nil {
		return err
	}
	return resp.Write(c)
}

func TestProxy(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	plain, secure := newServer(t, nil, nil), newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil)
	url, tunnels, forwards := newProxy(t)
	requests := []load.Request{
		get("http://%s/a", plain.addr), get("http://%s/b", plain.addr),
		get("https://%s/c", secure.addr), get("https://%s/d", secure.addr),
	}
	with := strings.Replace(url, "://", "://ann:pw@", 1)
	good(t, once(t, load.Scenario{
		Requests:   requests,
		Connection: load.Connection{Proxy: with, TLS: load.TLS{CA: "cert.pem"}},
	}, files), 4)
	if tunnels.Load() != 1 || forwards.Load() != 2 {
		t.Errorf("the proxy has opened %d tunnels and forwarded %d requests, want 1 and 2", tunnels.Load(), forwards.Load())
	}
	good(t, once(t, load.Scenario{Requests: requests[:1], Connection: load.Connection{Proxy: with, HTTP: "2"}}, nil), 1)
	got := once(t, load.Scenario{
		Requests:   requests,
		Connection: load.Connection{Proxy: url, TLS: load.TLS{CA: "cert.pem"}},
	}, files)
	if got.Statuses[407] != 2 || got.Causes[load.CauseConnect] != 2 {
		t.Errorf("without a password: statuses %v, causes %v", got.Statuses, got.Causes)
	}
}
