package h3

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/goleak"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// loop is an event loop: one goroutine that runs what is posted.
type loop struct {
	mu   sync.Mutex
	fns  []func()
	bell chan struct{}
}

func newLoop(t testing.TB) *loop {
	t.Helper()
	l := &loop{bell: make(chan struct{}, 1)}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-l.bell:
			case <-stop:
				return
			}
			l.mu.Lock()
			fns := l.fns
			l.fns = nil
			l.mu.Unlock()
			for _, f := range fns {
				f()
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return l
}

func (l *loop) post(f func()) {
	l.mu.Lock()
	l.fns = append(l.fns, f)
	l.mu.Unlock()
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// do runs f on the loop and waits for it.
func (l *loop) do(f func()) {
	done := make(chan struct{})
	l.post(func() { defer close(done); f() })
	<-done
}

// answer is a receiver that keeps what it is told.
type answer struct {
	order    []string
	interims []int
	head     proto.Head
	fields   map[string]string
	body     bytes.Buffer
	size     int64
	err      error
	traffic  proto.Traffic

	skip   bool   // do not look at the body
	refuse error  // what Head answers
	onBody func() // called for every piece
	onEnd  func() // called at the end
	done   chan struct{}
}

func newAnswer() *answer { return &answer{done: make(chan struct{})} }

func (a *answer) FirstByte()         { a.order = append(a.order, "first") }
func (a *answer) Interim(status int) { a.interims = append(a.interims, status) }
func (a *answer) WantsBody() bool    { return !a.skip }
func (a *answer) Head(h *proto.Head) error {
	a.order = append(a.order, "head")
	a.head = proto.Head{Status: h.Status, Length: h.Length}
	a.fields = map[string]string{}
	for _, f := range h.Fields {
		a.fields[string(f.Name)] = string(f.Value)
	}
	return a.refuse
}

func (a *answer) Body(p []byte) error {
	a.body.Write(p)
	return a.Skipped(int64(len(p)))
}

func (a *answer) Skipped(n int64) error {
	a.size += n
	if a.onBody != nil {
		a.onBody()
	}
	return nil
}

func (a *answer) End(t proto.Traffic) { a.over("end", nil, t) }

func (a *answer) Fail(err error, t proto.Traffic) { a.over("fail", err, t) }

func (a *answer) over(how string, err error, t proto.Traffic) {
	a.order = append(a.order, how)
	a.err, a.traffic = err, t
	if a.onEnd != nil {
		a.onEnd()
	}
	close(a.done)
}

// wait waits for the exchange's end.
func (a *answer) wait(t testing.TB) *answer {
	t.Helper()
	select {
	case <-a.done:
	case <-time.After(patience):
		t.Fatal("the exchange does not end")
	}
	return a
}

// cause waits and checks that the exchange failed for this cause.
func (a *answer) cause(t testing.TB, want load.Cause) {
	t.Helper()
	a.wait(t)
	wantCause(t, a.err, want)
}

func wantCause(t testing.TB, err error, want load.Cause) {
	t.Helper()
	var f *proto.Failure
	if !errors.As(err, &f) || f.Cause != want {
		t.Errorf("got %v; want a failure of cause %s", err, want)
	}
}

// authority is a certificate that signs itself, for localhost.
type authority struct {
	certificate tls.Certificate
	pool        *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool: x509.NewCertPool()}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(leaf)
	return a
}

// place is a server's address and how to speak with it.
type place struct {
	remote netip.AddrPort
	tls    *tls.Config
	udp    *net.UDPConn
}

// bind opens the socket of a server.
func bind(t testing.TB) (*place, *authority) {
	t.Helper()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	a := newAuthority(t)
	return &place{udp.LocalAddr().(*net.UDPAddr).AddrPort(), &tls.Config{RootCAs: a.pool, ServerName: "localhost"}, udp}, a
}

// serve runs a real HTTP/3 server.
func serve(t testing.TB, h http.Handler, conf *quic.Config) (*place, *http3.Server) {
	t.Helper()
	p, a := bind(t)
	s := &http3.Server{
		Handler: h, QUICConfig: conf,
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{a.certificate}}),
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(p.udp) }()
	t.Cleanup(func() { s.Close(); p.udp.Close(); <-served })
	return p, s
}

// raw runs a QUIC server that leaves HTTP/3 to the test: f has the connection.
func raw(t testing.TB, conf *quic.Config, f func(c *quic.Conn)) *place {
	t.Helper()
	p, a := bind(t)
	transport := &quic.Transport{Conn: p.udp}
	l, err := transport.Listen(&tls.Config{NextProtos: []string{"h3"}, Certificates: []tls.Certificate{a.certificate}}, conf)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			running.Go(func() { f(c) })
		}
	})
	t.Cleanup(func() { l.Close(); transport.Close(); running.Wait() })
	return p
}

// rawAnswer serves one fixed answer to the first request of a connection.
func rawAnswer(t testing.TB, bytes []byte) *place {
	t.Helper()
	return raw(t, nil, func(c *quic.Conn) {
		if s, err := c.AcceptStream(context.Background()); err == nil {
			_, _ = s.Write(bytes)
			s.Close()
		}
		<-c.Context().Done()
	})
}

// dial opens a connection and closes it at the end of the test.
func dial(t testing.TB, l *loop, p *place, change func(*DialOptions)) *Conn {
	t.Helper()
	o := DialOptions{Remote: p.remote, TLS: p.tls, Post: l.post}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, took, err := Dial(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if took <= 0 {
		t.Errorf("the handshake took %v", took)
	}
	t.Cleanup(func() { l.do(c.Farewell); <-c.closed.Done() })
	return c
}

// get starts a request on the loop.
func get(l *loop, c *Conn, path string, a *answer) *answer {
	return start(l, c, &proto.Message{Method: "GET", Scheme: "https", Authority: "localhost", Path: path}, a)
}

func start(l *loop, c *Conn, m *proto.Message, a *answer) *answer {
	l.do(func() { c.Start(m, a) })
	return a
}

// section encodes a HEADERS frame of name, value pairs.
func section(pairs ...string) []byte {
	var b bytes.Buffer
	e := qpack.NewEncoder(&b)
	for p := range slices.Chunk(pairs, 2) {
		_ = e.WriteField(qpack.HeaderField{Name: p[0], Value: p[1]})
	}
	return frame(frameHeaders, b.Bytes())
}

// frame makes a frame.
func frame(kind uint64, payload []byte) []byte {
	b := appendVarint(appendVarint(nil, kind), uint64(len(payload)))
	return append(b, payload...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// pattern is a body that shows where its bytes belong.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i * 7 >> (i % 3))
	}
	return p
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}
