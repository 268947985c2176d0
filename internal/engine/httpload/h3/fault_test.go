package h3

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/load"
)

// refusedBy dials and wants a failure.
func refusedBy(t *testing.T, p *place, change func(*DialOptions), want load.Cause) {
	t.Helper()
	o := DialOptions{Remote: p.remote, TLS: p.tls, Post: func(func()) {}}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := Dial(ctx, o)
	if err == nil {
		c.Farewell()
		t.Fatal("the connection came about")
	}
	wantCause(t, err, want)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	p, _ := bind(t)
	p.udp.Close()
	refusedBy(t, p, nil, load.CauseRefused)
}

// TestNoAnswer dials sockets that say nothing, and nothing of sense.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\xc0garbage", "\x80\x00\x00\x00\x00", strings.Repeat("\xff", 1300)} {
		p, _ := bind(t)
		go func() {
			buf := make([]byte, 2000)
			for {
				_, from, err := p.udp.ReadFrom(buf)
				if err != nil {
					return
				}
				if text != "" {
					_, _ = p.udp.WriteTo([]byte(text), from)
				}
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		_, _, err := Dial(ctx, DialOptions{Remote: p.remote, TLS: p.tls, Post: func(func()) {}})
		wantCause(t, err, load.CauseTimeout)
		cancel()
	}
}

func TestDialIsStopped(t *testing.T) {
	t.Parallel()
	p, _ := bind(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := Dial(ctx, DialOptions{Remote: p.remote, TLS: p.tls, Post: func(func()) {}})
	wantCause(t, err, load.CauseStopped)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	for _, c := range []*tls.Config{
		{ServerName: "localhost"},                           // an unknown authority
		{RootCAs: p.tls.RootCAs, ServerName: "example.org"}, // another name
	} {
		refusedBy(t, p, func(o *DialOptions) { o.TLS = c }, load.CauseTLS)
	}
	l := newLoop(t)
	c := dial(t, l, p, func(o *DialOptions) { o.TLS = &tls.Config{InsecureSkipVerify: true} }) //nolint:gosec // what is tested
	if a := get(l, c, "/body?n=1", newAnswer()).wait(t); a.err != nil {
		t.Error(a.err)
	}
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	p, a := bind(t)
	transport := &quic.Transport{Conn: p.udp}
	ln, err := transport.Listen(&tls.Config{
		NextProtos: []string{"h3"}, Certificates: []tls.Certificate{a.certificate},
		ClientAuth: tls.RequireAnyClientCert,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close(); transport.Close() })
	l := newLoop(t)
	dial(t, l, p, func(o *DialOptions) {
		o.TLS = o.TLS.Clone()
		o.TLS.Certificates = []tls.Certificate{a.certificate}
	})
	// Without one the handshake is over on our side before the server says no.
	gone := make(chan error, 1)
	_, _, err = Dial(context.Background(), DialOptions{Remote: p.remote, TLS: p.tls, Post: l.post, Gone: func(err error) { gone <- err }})
	if err == nil {
		err = <-gone
	}
	wantCause(t, err, load.CauseTLS)
}

func TestOtherProtocol(t *testing.T) {
	t.Parallel()
	p, a := bind(t)
	transport := &quic.Transport{Conn: p.udp}
	l, err := transport.Listen(&tls.Config{NextProtos: []string{"other"}, Certificates: []tls.Certificate{a.certificate}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); transport.Close() })
	refusedBy(t, p, nil, load.CauseTLS)
}

func TestSourceAddress(t *testing.T) {
	t.Parallel()
	from := make(chan string, 1)
	p := raw(t, nil, func(c *quic.Conn) {
		from <- c.RemoteAddr().(*net.UDPAddr).IP.String()
		<-c.Context().Done()
	})
	l := newLoop(t)
	dial(t, l, p, func(o *DialOptions) { o.Local = netip.MustParseAddr("127.0.0.7") })
	if got := <-from; got != "127.0.0.7" {
		t.Errorf("the connection came from %s", got)
	}
}

func TestStreamReset(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	get(l, c, "/abort", newAnswer()).cause(t, load.CauseReset)
	if a := get(l, c, "/body?n=5", newAnswer()).wait(t); a.err != nil || a.size != 5 {
		t.Errorf("the next exchange: %d bytes, %v", a.size, a.err)
	}
}

// TestConnectionEnds has the server end it in all the ways there are.
func TestConnectionEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(c *quic.Conn)
		conf *quic.Config
		want load.Cause
	}{
		"closed":  {end: func(c *quic.Conn) { _ = c.CloseWithError(0x100, "bye") }, want: load.CauseClosed},
		"broken":  {end: func(c *quic.Conn) { _ = c.CloseWithError(0x102, "oh") }, want: load.CauseReset},
		"control": {end: func(c *quic.Conn) { s, _ := c.OpenUniStream(); _, _ = s.Write([]byte{0, 4, 0}); s.Close() }, want: load.CauseMalformed},
		"unset":   {end: func(c *quic.Conn) { s, _ := c.OpenUniStream(); _, _ = s.Write([]byte{0, 7, 1, 0}) }, want: load.CauseMalformed},
		"push":    {end: func(c *quic.Conn) { s, _ := c.OpenUniStream(); _, _ = s.Write([]byte{1, 0}) }, want: load.CauseMalformed},
		"goaway":  {end: func(c *quic.Conn) { s, _ := c.OpenUniStream(); _, _ = s.Write([]byte{0, 4, 0, 7, 1, 0}) }, want: load.CauseClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := raw(t, test.conf, func(c *quic.Conn) {
				if _, err := c.AcceptStream(context.Background()); err == nil {
					test.end(c)
				}
				<-c.Context().Done()
			})
			l := newLoop(t)
			gone := make(chan error, 1)
			c := dial(t, l, p, func(o *DialOptions) { o.Gone = func(err error) { gone <- err } })
			get(l, c, "/", newAnswer()).cause(t, test.want)
			if name != "goaway" {
				wantCause(t, <-gone, test.want)
			}
			l.do(func() {
				if c.Room() >= 0 || c.Busy() != 0 {
					t.Errorf("room %d, busy %d", c.Room(), c.Busy())
				}
			})
		})
	}
}

// TestServerDies closes the server's socket without a word.
func TestServerDies(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	get(l, c, "/body?n=5", newAnswer()).wait(t)
	p.udp.Close()
	for range 2 { // and once more when it is known
		get(l, c, "/body?n=5", newAnswer()).cause(t, load.CauseReset)
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	p := raw(t, nil, func(c *quic.Conn) { <-c.Context().Done() })
	l := newLoop(t)
	gone := make(chan error, 1)
	c := dial(t, l, p, func(o *DialOptions) {
		o.Idle = 50 * time.Millisecond
		o.Gone = func(err error) { gone <- err }
	})
	wantCause(t, <-gone, load.CauseTimeout)
	l.do(func() {
		if c.Room() >= 0 {
			t.Errorf("room %d", c.Room())
		}
	})
}

func TestGoAwayLetsEarlierExchangesEnd(t *testing.T) {
	t.Parallel()
	p := raw(t, nil, func(c *quic.Conn) {
		first, err := c.AcceptStream(context.Background())
		if err != nil {
			return
		}
		u, _ := c.OpenUniStream()
		_, _ = u.Write([]byte{0, 4, 0, 7, 1, 4})
		if _, err := c.AcceptStream(context.Background()); err == nil {
			_, _ = first.Write(section(":status", "200"))
			first.Close()
		}
		<-c.Context().Done()
	})
	l := newLoop(t)
	roomy := make(chan struct{}, 1)
	c := dial(t, l, p, func(o *DialOptions) { o.MaxStreams = 2; o.Roomy = func() { roomy <- struct{}{} } })
	a, b := newAnswer(), newAnswer()
	get(l, c, "/", a)
	get(l, c, "/", b).cause(t, load.CauseClosed)
	<-roomy
	if a.wait(t); a.err != nil || a.head.Status != 200 {
		t.Errorf("status %d, %v", a.head.Status, a.err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	p := rawAnswer(t, join(section(":status", "200", "x", strings.Repeat("a", 3000)), frame(frameData, make([]byte, 5000))))
	l := newLoop(t)
	get(l, dial(t, l, p, func(o *DialOptions) { o.MaxHead = 1000 }), "/", newAnswer()).cause(t, load.CauseTooLarge)
	get(l, dial(t, l, p, func(o *DialOptions) { o.MaxBody = 4999 }), "/", newAnswer()).cause(t, load.CauseTooLarge)
	if a := get(l, dial(t, l, p, func(o *DialOptions) { o.MaxBody = 5000 }), "/", newAnswer()).wait(t); a.err != nil {
		t.Error(a.err)
	}
}
