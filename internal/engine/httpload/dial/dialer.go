package dial

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/net/idna"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// Dialer knows how a scenario's connections are opened.
type Dialer struct {
	version string // auto, 1.1, 2 or 3
	unix    string // path of a Unix socket that stands for every target; "": none
	inOrder bool   // addresses are tried as resolved, not in turn
	hosts   map[string]override
	local   []netip.Addr // source addresses; none: the system chooses
	turn    atomic.Uint64
	proxy   *proxy // nil: none
	names   *names
	tls     *configs
}

// override is where a name is by the scenario's word.
type override struct {
	addrs []netip.Addr
	port  uint16 // 0: the URL's
}

// New reads a scenario's connection options, with the files that they name,
// which lie in dir. Errors name the field. Close ends what it keeps fresh.
func New(c *load.Connection, dir string, log *slog.Logger) (*Dialer, error) {
	return build(c, dir, log, realClock())
}

// Close ends lookups in the background.
func (d *Dialer) Close() { d.names.close() }

// Origin is where connections lead: two requests of one origin may share one.
type Origin struct {
	Scheme string // http or https
	Host   string // small letters, ASCII, without brackets
	Port   string // always set
}

// OriginOf is the origin of an absolute URL.
func OriginOf(u *url.URL) Origin {
	o := Origin{Scheme: u.Scheme, Host: strings.ToLower(u.Hostname()), Port: u.Port()}
	if strings.IndexFunc(o.Host, func(r rune) bool { return r > 0x7f }) >= 0 {
		if ascii, err := idna.Lookup.ToASCII(o.Host); err == nil {
			o.Host = ascii
		}
	}
	if o.Port == "" {
		o.Port = "80"
		if o.Scheme == "https" {
			o.Port = "443"
		}
	}
	return o
}

// Address is host:port, with brackets where they are needed.
func (o Origin) Address() string { return net.JoinHostPort(o.Host, o.Port) }

// Known says where to connect to for o, to it or to the proxy, if that is known
// now. It does not block. When it is not known, call Resolve on a goroutine.
func (d *Dialer) Known(o Origin) (Targets, bool) {
	t, name, err := d.fixed(o)
	if err != nil {
		return Targets{}, false
	}
	if name == "" {
		return t, true
	}
	e, addrs := d.names.known(name)
	if addrs == nil {
		return Targets{}, false
	}
	return d.targets(&e.turn, addrs, t.port), true
}

// Resolve is Known that asks DNS where needed, and waits. Those who ask for one
// name at once share one question. Errors are *proto.Failure.
func (d *Dialer) Resolve(ctx context.Context, o Origin) (Targets, error) {
	t, name, err := d.fixed(o)
	if err != nil || name == "" {
		return t, err
	}
	e, addrs, err := d.names.resolve(ctx, name)
	if err != nil {
		return Targets{}, err
	}
	return d.targets(&e.turn, addrs, t.port), nil
}

// fixed is where o is without DNS; else name is what to ask for, and only the
// port of the targets is set.
func (d *Dialer) fixed(o Origin) (t Targets, name string, err error) {
	if d.unix != "" {
		return Targets{Unix: d.unix}, "", nil
	}
	if d.proxy != nil {
		o = d.proxy.origin
	}
	if to, ok := d.hosts[o.Host]; ok && to.port != 0 {
		return Targets{addrs: to.addrs, port: to.port, first: 1}, "", nil
	}
	port, err := strconv.ParseUint(o.Port, 10, 16)
	if err != nil {
		return Targets{}, "", proto.Failf(load.CauseOther, "%q is no port: write a number from 0 to 65535", o.Port)
	}
	t = Targets{port: uint16(port), first: 1}
	if to, ok := d.hosts[o.Host]; ok {
		t.addrs = to.addrs
		return t, "", nil
	}
	if ip, ok := literal(o.Host); ok {
		t.addrs = []netip.Addr{ip}
		return t, "", nil
	}
	return t, o.Host, nil
}

// literal reads a host that is an address. It tells names apart cheaply: those
// have no colon and, as top-level domains do, end in a letter.
func literal(host string) (netip.Addr, bool) {
	if host == "" {
		return netip.Addr{}, false
	}
	if last := host[len(host)-1]; (last < '0' || last > '9') && strings.IndexByte(host, ':') < 0 {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(host)
	return ip.Unmap(), err == nil
}

// Source is the local address to connect from, in turn among those of to's
// family. A zero address: the system chooses.
func (d *Dialer) Source(to netip.Addr) (netip.Addr, error) {
	for range d.local {
		a := d.local[(d.turn.Add(1)-1)%uint64(len(d.local))]
		if a.Is4() == to.Is4() {
			return a, nil
		}
	}
	if len(d.local) > 0 {
		return netip.Addr{}, proto.Failf(load.CauseConnect, "connect %s: connection.local_addresses has no address of its family", to)
	}
	return netip.Addr{}, nil
}

// Absolute says whether requests to o go to a proxy with the whole URL in their
// request line. Then they also carry ProxyAuthorization.
func (d *Dialer) Absolute(o Origin) bool {
	return d.proxy != nil && d.proxy.kind != socks && o.Scheme == "http" && d.version != load.HTTP2
}

// Plain says that nothing is to be spoken on a connection to o before HTTP.
func (d *Dialer) Plain(o Origin) bool {
	return o.Scheme == "http" && d.proxy == nil
}

// ProxyAuthorization is the value of that header line; "": none is sent.
func (d *Dialer) ProxyAuthorization() string {
	if d.proxy == nil {
		return ""
	}
	return d.proxy.authorization
}

// TLSConfigFor is how to speak TLS with o over a transport that brings its own
// handshake, such as QUIC. It is shared: do not change it.
func (d *Dialer) TLSConfigFor(o Origin, alpn ...string) *tls.Config {
	return d.tls.target(o.Host, alpn)
}
