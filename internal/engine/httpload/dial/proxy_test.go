package dial

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// httpProxy tunnels and forwards, for ann with her password, over TLS if there
// is a certificate. All names are this machine.
type httpProxy struct {
	addr              string
	tunnels, forwards atomic.Int64
}

func newHTTPProxy(t *testing.T, cert *tls.Certificate) *httpProxy {
	t.Helper()
	p := new(httpProxy)
	p.addr = serve(t, func(c net.Conn) {
		if cert != nil {
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*cert}})
		}
		p.handle(c)
	})
	return p
}

func (p *httpProxy) handle(c net.Conn) {
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	if r.Header.Get("Proxy-Authorization") != "Basic YW5uOnB3" {
		fmt.Fprint(c, "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
		return
	}
	_, port, _ := net.SplitHostPort(r.Host)
	to, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer to.Close()
	if r.Method == http.MethodConnect {
		p.tunnels.Add(1)
		fmt.Fprint(c, "HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
		pipe(c, in, to)
		return
	}
	p.forwards.Add(1)
	r.Header.Del("Proxy-Authorization")
	if r.URL.Host == "" || r.Write(to) != nil {
		return
	}
	_, _ = io.Copy(c, to)
}

// pipe carries bytes both ways until one side ends.
func pipe(c net.Conn, in io.Reader, to net.Conn) {
	go func() {
		_, _ = io.Copy(to, in)
		to.Close()
	}()
	_, _ = io.Copy(c, to)
}

func TestHTTPProxies(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	leaf := ours.issue(t, time.Hour, "shop.test", "proxy.test")
	dir := ours.files(t, leaf)
	plainTarget, secureTarget := newTarget(t, nil), newTarget(t, &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"}})
	for scheme, cert := range map[string]*tls.Certificate{"http": nil, "https": &leaf} {
		p := newHTTPProxy(t, cert)
		_, port, _ := net.SplitHostPort(p.addr)
		with := func(user, version string) *Dialer {
			return dialerIn(t, load.Connection{
				Proxy: scheme + "://" + user + "proxy.test:" + port, HTTP: version, Hosts: at("proxy.test"), TLS: load.TLS{CA: "ca.pem"},
			}, dir)
		}
		d := with("ann:pw@", "auto")
		got, err := reach(t, d, "https", "shop.test", secureTarget.addr)
		if err != nil || got.Protocol != HTTP1 || got.TLS == nil || got.Times.Tunnel <= 0 || got.Times.TLS <= 0 {
			t.Fatalf("%s: got %+v, %v", scheme, got, err)
		}
		if resp := talk(t, got, "https://shop.test/"); resp.StatusCode != 200 {
			t.Errorf("%s: got %s", scheme, resp.Status)
		}
		o := Origin{"http", "shop.test", "80"}
		if !d.Absolute(o) || d.Absolute(Origin{"https", "shop.test", "443"}) || d.ProxyAuthorization() != "Basic YW5uOnB3" {
			t.Errorf("%s: absolute %v, authorization %q", scheme, d.Absolute(o), d.ProxyAuthorization())
		}
		if got, err = reach(t, d, "http", "shop.test", plainTarget.addr); err != nil || (got.TLS == nil) != (cert == nil) {
			t.Fatalf("%s: got %+v, %v", scheme, got, err)
		}
		fmt.Fprintf(got.Conn, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: %s\r\nConnection: close\r\n\r\n", plainTarget.addr, plainTarget.addr, d.ProxyAuthorization())
		if answer, _ := io.ReadAll(got.Conn); !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 OK")) {
			t.Errorf("%s: got %q", scheme, answer)
		}
		if p.tunnels.Load() != 1 || p.forwards.Load() != 1 {
			t.Errorf("%s: %d tunnels and %d forwards, want 1 of each", scheme, p.tunnels.Load(), p.forwards.Load())
		}
		two := with("ann:pw@", "2")
		if got, err = reach(t, two, "http", "shop.test", plainTarget.addr); err != nil || two.Absolute(o) || got.Protocol != HTTP2 || p.tunnels.Load() != 2 {
			t.Errorf("%s: HTTP/2 over clear text: got %+v, %v", scheme, got, err)
		}
		for user, want := range map[string]string{"": "wants a user and a password", "ann:no@": "does not accept the user and the password"} {
			_, err := reach(t, with(user, "auto"), "https", "shop.test", secureTarget.addr)
			if f := proto.AsFailure(err, ""); f.Cause != load.CauseConnect || !strings.Contains(f.Error(), want) || strings.Contains(f.Error(), "no@") {
				t.Errorf("%s: got %v, want %q", scheme, err, want)
			}
		}
	}
}

// TestProxyFaults: each fault of a proxy says that it is the proxy's.
func TestProxyFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheme, says string
		cause        load.Cause
		want         string
	}{
		"Refuses":     {"http", "HTTP/1.1 403 Not to there\r\n\r\n", load.CauseConnect, `opens no way to shop.test:443: it answers "403 Not to there"`},
		"Unreachable": {"http", "HTTP/1.1 504\r\n\r\n", load.CauseConnect, `it answers "504"`},
		"NotHTTP":     {"http", "SSH-2.0-OpenSSH_9.2\r\n", load.CauseMalformed, "is not HTTP"},
		"NoStatus":    {"http", "HTTP/1.1 fine\r\n\r\n", load.CauseMalformed, "has no status"},
		"Endless":     {"http", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 20000), load.CauseMalformed, "longer than"},
		"Closes":      {"http", "HTTP/1.1 200 OK\r\n", load.CauseClosed, "EOF"},
		"NotSOCKS":    {"socks5", "HTTP/1.1 400 Bad Request\r\n\r\n", load.CauseMalformed, "does not speak SOCKS 5"},
		"SOCKSCloses": {"socks5", "\x05", load.CauseClosed, "EOF"},
		"SOCKSMethod": {"socks5", "\x05\x01", load.CauseConnect, "another way to log in"},
		"SOCKSKind":   {"socks5", "\x05\x00\x05\x00\x00\x09", load.CauseMalformed, "unknown kind 9"},
		"SOCKSRules":  {"socks5", "\x05\x00\x05\x02\x00\x01", load.CauseConnect, "its rules do not allow it"},
		"SOCKSOdd":    {"socks5", "\x05\x00\x05\x77\x00\x01", load.CauseConnect, "code 119"},
		"NotTLS":      {"https", "HTTP/1.1 400 Bad Request\r\n\r\n", load.CauseTLS, "the proxy 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, func(nc net.Conn) {
				_, _ = io.WriteString(nc, c.says)
				if c.cause == load.CauseClosed {
					_ = nc.(*net.TCPConn).CloseWrite()
				}
				_, _ = io.Copy(io.Discard, nc)
			})
			d := dialerIn(t, load.Connection{Proxy: c.scheme + "://ann:secret@" + addr}, t.TempDir())
			_, err := reach(t, d, "https", "shop.test", "127.0.0.1:443")
			f := proto.AsFailure(err, "")
			if f.Cause != c.cause || !strings.Contains(f.Error(), c.want) || !strings.Contains(f.Error(), addr) || strings.Contains(f.Error(), "secret") {
				t.Errorf("got %v", f)
			}
		})
	}
}

// socksProxy speaks SOCKS 5, for ann with her password if login is wanted.
func socksProxy(t *testing.T, login bool, asked chan<- string) string {
	t.Helper()
	return serve(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		take := func(n int) []byte {
			p := make([]byte, n)
			_, _ = io.ReadFull(in, p)
			return p
		}
		methods := take(int(take(2)[1]))
		switch {
		case !login:
			_, _ = c.Write([]byte{5, 0})
		case !bytes.Contains(methods, []byte{2}):
			_, _ = c.Write([]byte{5, 0xff})
			return
		default:
			_, _ = c.Write([]byte{5, 2})
			user := string(take(int(take(2)[1])))
			if user+":"+string(take(int(take(1)[0]))) != "ann:pw" {
				_, _ = c.Write([]byte{1, 1})
				return
			}
			_, _ = c.Write([]byte{1, 0})
		}
		var host string
		switch take(4)[3] {
		case 1:
			host = net.IP(take(4)).String()
		case 3:
			host = string(take(int(take(1)[0])))
		case 4:
			host = net.IP(take(16)).String()
		}
		if host == "" {
			return // who has gone
		}
		port := binary.BigEndian.Uint16(take(2))
		asked <- host
		to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		defer to.Close()
		_, _ = c.Write(append([]byte{5, 0, 0, 3, 4}, "host\x00\x50"...))
		pipe(c, in, to)
	})
}

func TestSOCKS(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	leaf := ours.issue(t, time.Hour, "shop.test")
	plainTarget, secureTarget := newTarget(t, nil), newTarget(t, &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"}})
	asked := make(chan string, 100)
	open, closed := socksProxy(t, false, asked), socksProxy(t, true, asked)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nobody, err := net.Dial("tcp", l.Addr().String()) // its port is taken, and nobody listens
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	for name, c := range map[string]struct {
		proxy, scheme, host, addr string
		cause                     load.Cause
		want                      string
	}{
		"Plain":    {"socks5://" + open, "http", "shop.test", plainTarget.addr, "", "shop.test"},
		"Secure":   {"socks5://" + open, "https", "shop.test", secureTarget.addr, "", "shop.test"},
		"IPv4":     {"socks5h://" + open, "http", "10.1.2.3", plainTarget.addr, "", "10.1.2.3"},
		"IPv6":     {"socks5://" + open, "http", "fd00::1", plainTarget.addr, "", "fd00::1"},
		"Login":    {"socks5://ann:pw@" + closed, "http", "shop.test", plainTarget.addr, "", "shop.test"},
		"Wrong":    {"socks5://ann:no@" + closed, "http", "shop.test", plainTarget.addr, load.CauseConnect, "does not accept the user and the password"},
		"Wanted":   {"socks5://" + closed, "http", "shop.test", plainTarget.addr, load.CauseConnect, "wants a user and a password"},
		"Refused":  {"socks5://" + open, "http", "shop.test", nobody.LocalAddr().String(), load.CauseRefused, "the connection is refused"},
		"LongName": {"socks5://" + open, "http", strings.Repeat("x", 256), plainTarget.addr, load.CauseOther, "too long"},
	} {
		d := dialerIn(t, load.Connection{Proxy: c.proxy, TLS: load.TLS{CA: "ca.pem"}}, ours.files(t, leaf))
		got, err := reach(t, d, c.scheme, c.host, c.addr)
		if c.cause != "" {
			if f := proto.AsFailure(err, ""); f.Cause != c.cause || !strings.Contains(f.Error(), c.want) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if resp := talk(t, got, c.scheme+"://shop.test/"); resp.StatusCode != 200 || d.Absolute(origin(c.host)) || d.ProxyAuthorization() != "" {
			t.Errorf("%s: got %s", name, resp.Status)
		}
	}
	close(asked)
	for host := range asked {
		if host != "shop.test" && host != "10.1.2.3" && host != "fd00::1" {
			t.Errorf("the proxy was asked for %q", host)
		}
	}
}

// TestHeadTakesNothingOfTheTunnel: a server may speak first.
func TestHeadTakesNothingOfTheTunnel(t *testing.T) {
	t.Parallel()
	for _, head := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\n\n", "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 Connection established\r\nA: b\r\nC:\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\n",
	} {
		for _, rest := range []string{"", "\r\n", "\n\n", "PRI"} {
			r := bytes.NewBufferString(head + rest)
			status, _, err := readHead(iotest.HalfReader(r))
			if status != 200 || err != nil || r.String() != rest {
				t.Errorf("%q: got %d, %v; left is %q, want %q", head, status, err, r.String(), rest)
			}
		}
	}
}

func FuzzReadHead(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest")
	f.Add("HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 407\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := strings.NewReader(text)
		status, _, err := readHead(r)
		if err != nil {
			return
		}
		head := text[:len(text)-r.Len()]
		if status < 200 || status > 999 || !headEnds([]byte(head)) {
			t.Errorf("got %d from %q", status, head)
		}
	})
}
