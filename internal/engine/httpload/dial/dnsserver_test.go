package dial

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"onrush.dev/onrush/internal/load"
)

// zone is what the server knows of one name.
type zone struct {
	a, aaaa   []string
	cname     string
	ttl       uint32
	soa       uint32 // minimum of the authority; 0: none is named
	rcode     dnsmessage.RCode
	truncated bool // by UDP
	silent    bool
	once      *sync.WaitGroup // waited for before the answer
}

// dnsServer is a small real one, over UDP and TCP on one port.
type dnsServer struct {
	addr string

	mu    sync.Mutex
	zones map[string]zone
	asked map[string]int // "name/type/network"
}

func newDNS(t *testing.T, zones map[string]zone) *dnsServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", l.Addr().String())
	for tries := 0; err != nil && tries < 20; tries++ { // somebody else has the port for UDP
		l.Close()
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			pc, err = net.ListenPacket("udp", l.Addr().String())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &dnsServer{addr: l.Addr().String(), zones: zones, asked: map[string]int{}}
	t.Cleanup(func() { l.Close(); pc.Close() })
	go s.serveUDP(pc)
	go s.serveTCP(l)
	return s
}

func (s *dnsServer) serveUDP(pc net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		msg := append([]byte(nil), buf[:n]...)
		go func() {
			if out := s.answer(msg, "udp"); out != nil {
				_, _ = pc.WriteTo([]byte("no DNS at all"), from) // junk comes first, as an attacker's would
				_, _ = pc.WriteTo(out, from)
			}
		}()
	}
}

func (s *dnsServer) serveTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var size [2]byte
			if _, err := io.ReadFull(c, size[:]); err != nil {
				return
			}
			msg := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(c, msg); err != nil {
				return
			}
			if out := s.answer(msg, "tcp"); out != nil {
				_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
			}
		}()
	}
}

func (s *dnsServer) answer(msg []byte, network string) []byte {
	var m dnsmessage.Message
	if m.Unpack(msg) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := strings.ToLower(q.Name.String())
	kind := map[dnsmessage.Type]string{dnsmessage.TypeA: "A", dnsmessage.TypeAAAA: "AAAA"}[q.Type]
	s.mu.Lock()
	z, ok := s.zones[name]
	s.asked[name+"/"+kind+"/"+network]++
	s.mu.Unlock()
	if z.silent {
		return nil
	}
	if z.once != nil {
		z.once.Wait()
	}
	m.Response, m.Additionals, m.RCode = true, nil, z.rcode
	if !ok {
		m.RCode, z.soa = dnsmessage.RCodeNameError, 2
	}
	header := func(n dnsmessage.Name, typ dnsmessage.Type) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: n, Type: typ, Class: q.Class, TTL: z.ttl}
	}
	owner := q.Name
	for hops := 0; z.cname != "" && hops < 3; hops++ {
		to := dnsmessage.MustNewName(z.cname)
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header(owner, dnsmessage.TypeCNAME), Body: &dnsmessage.CNAMEResource{CNAME: to}})
		owner = to
		s.mu.Lock()
		z = s.zones[z.cname]
		s.mu.Unlock()
	}
	addrs := map[dnsmessage.Type][]string{dnsmessage.TypeA: z.a, dnsmessage.TypeAAAA: z.aaaa}[q.Type]
	for _, text := range addrs {
		r := dnsmessage.Resource{Header: header(owner, q.Type)}
		if a := netip.MustParseAddr(text); a.Is4() {
			r.Body = &dnsmessage.AResource{A: a.As4()}
		} else {
			r.Body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		}
		m.Answers = append(m.Answers, r)
	}
	if z.soa > 0 {
		root := dnsmessage.MustNewName(".")
		z.ttl = 3600
		m.Authorities = append(m.Authorities, dnsmessage.Resource{
			Header: header(root, dnsmessage.TypeSOA), Body: &dnsmessage.SOAResource{NS: root, MBox: root, MinTTL: z.soa},
		})
	}
	if z.truncated && network == "udp" {
		m.Truncated, m.Answers = true, nil
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

func (s *dnsServer) set(name string, z zone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[name] = z
}

func (s *dnsServer) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[key]
}

// fakeClock is a clock that only tests move.
type fakeClock struct {
	mu     sync.Mutex
	at     time.Time
	timers []fakeTimer
}

type fakeTimer struct {
	at time.Time
	do func()
}

func newClock() *fakeClock { return &fakeClock{at: time.Now()} }

func (c *fakeClock) clock() clock {
	return clock{
		now: func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at },
		after: func(d time.Duration, f func()) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.timers = append(c.timers, fakeTimer{c.at.Add(d), f})
		},
	}
}

// pass lets time pass and does what is due, to its end.
func (c *fakeClock) pass(d time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(d)
	var due []func()
	left := c.timers[:0:0]
	for _, t := range c.timers {
		if t.at.After(c.at) {
			left = append(left, t)
		} else {
			due = append(due, t.do)
		}
	}
	c.timers = left
	c.mu.Unlock()
	for _, do := range due {
		do()
	}
}

// dialer builds one on a clock that tests move.
func dialer(t *testing.T, o load.Connection, c *fakeClock) *Dialer {
	t.Helper()
	d, err := build(&o, t.TempDir(), slog.New(slog.DiscardHandler), c.clock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func origin(host string) Origin { return Origin{"http", host, "80"} }

// list are targets as text, in their order.
func list(t Targets) string {
	var out []string
	for i := range t.Len() {
		out = append(out, t.At(i).String())
	}
	return strings.Join(out, " ")
}
