package httpload

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/load"
)

// keepNames is how long an answer of DNS is used. It is short, so that targets
// which move by DNS are followed, and not zero, because one lookup for each
// connection would be a load test of the resolver.
const keepNames = 5 * time.Second

// resolver turns host names into addresses to connect to.
type resolver struct {
	net   *net.Resolver
	hosts map[string]string // name to IP or IP:port, instead of DNS
	turn  atomic.Uint64

	mu    sync.Mutex
	known map[string]*lookup
}

// lookup is one answer; others wait for the one who asks.
type lookup struct {
	done  chan struct{}
	at    time.Time
	addrs []netip.Addr
	err   error
}

func newResolver(c *load.Connection) *resolver {
	r := &resolver{net: net.DefaultResolver, hosts: c.Hosts, known: make(map[string]*lookup)}
	if len(c.Resolvers) > 0 {
		r.net = &net.Resolver{PreferGo: true, Dial: dialInTurn(c.Resolvers)}
	}
	return r
}

// dialInTurn reaches the given DNS servers one after the other.
func dialInTurn(servers []string) func(context.Context, string, string) (net.Conn, error) {
	var turn atomic.Uint64
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := servers[(turn.Add(1)-1)%uint64(len(servers))]
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "53")
		}
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}
}

// addresses returns where host:port is, in the order in which to try. Several
// addresses of a name are used in turn, as the users they stand for would.
func (r *resolver) addresses(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
	if to, ok := r.hosts[host]; ok {
		if h, p, err := net.SplitHostPort(to); err == nil {
			host, port = h, p
		} else {
			host = to
		}
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, &failure{load.CauseOther, err}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip, uint16(number))}, nil
	}
	ips, err := r.lookup(ctx, host)
	if err != nil {
		return nil, &failure{connectCause(err), err}
	}
	first := 0 // how many of the preferred family
	for first < len(ips) && ips[first].Is4() == ips[0].Is4() {
		first++
	}
	shift := int((r.turn.Add(1) - 1) % uint64(first))
	out := make([]netip.AddrPort, 0, len(ips))
	for i := range ips {
		ip := ips[i]
		if i < first {
			ip = ips[(i+shift)%first]
		}
		out = append(out, netip.AddrPortFrom(ip, uint16(number)))
	}
	return out, nil
}

// lookup asks DNS, or waits for who is asking already, or knows.
func (r *resolver) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	l := r.known[host]
	if l == nil || l.old() {
		l = &lookup{done: make(chan struct{})}
		r.known[host] = l
		r.mu.Unlock()
		l.addrs, l.err = r.net.LookupNetIP(ctx, "ip", host)
		for i := range l.addrs {
			l.addrs[i] = l.addrs[i].Unmap()
		}
		if l.err == nil && len(l.addrs) == 0 {
			l.err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
		}
		l.at = time.Now()
		close(l.done)
		return l.addrs, l.err
	}
	r.mu.Unlock()
	select {
	case <-l.done:
		return l.addrs, l.err
	case <-ctx.Done():
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: host, IsTimeout: true}
	}
}

// old says whether an answer is to be asked for again. Failures are kept just
// long enough for those who waited for them.
func (l *lookup) old() bool {
	select {
	case <-l.done:
		return l.err != nil || time.Since(l.at) > keepNames
	default:
		return false
	}
}
