package dial

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// build compiles a scenario's connection options.
func build(c *load.Connection, dir string, log *slog.Logger, clock clock) (*Dialer, error) {
	d := &Dialer{version: c.HTTP, unix: c.UnixSocket, inOrder: c.Addresses == load.AddressesResolved}
	var err error
	if d.local, err = parseLocal(c.LocalAddresses); err != nil {
		return nil, err
	}
	if d.hosts, err = parseHostsField(c.Hosts); err != nil {
		return nil, err
	}
	servers, err := parseServers(c.Resolvers)
	if err != nil {
		return nil, err
	}
	if d.tls, err = newConfigs(c, dir, clock); err != nil {
		return nil, err
	}
	if c.Proxy != "" {
		if d.proxy, err = newProxy(c.Proxy, d.tls); err != nil {
			return nil, err
		}
	}
	r := &resolver{custom: servers, families: families(c.IP, d.local), paths: systemPaths()}
	d.names = newNames(r.lookup, (*time.Duration)(c.DNSTTL), time.Duration(c.ConnectTimeout), log, clock)
	return d, nil
}

// families are the families whose addresses are of use. Without a local address
// of a family, none of it can be reached.
func families(asked string, local []netip.Addr) family {
	use := family{four: asked != load.IP6, six: asked != load.IP4}
	var have family
	for _, a := range local {
		have.four = have.four || a.Is4()
		have.six = have.six || a.Is6()
	}
	if both := (family{use.four && have.four, use.six && have.six}); both != (family{}) {
		return both
	}
	return use // with local addresses of the other family alone, each connect says so
}

func parseLocal(texts []string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range texts {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "connection.local_addresses: %q is no IP address", text)
		}
		out = append(out, a.Unmap())
	}
	return out, nil
}

func parseHostsField(texts map[string]string) (map[string]override, error) {
	out := make(map[string]override, len(texts))
	for name, text := range texts {
		a, err := parseAddress(text)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "%s: %q is no IP address, with or without port", load.JoinPath("connection.hosts", name), text)
		}
		u := url.URL{Host: name}
		out[OriginOf(&u).Host] = override{addrs: []netip.Addr{a.Addr()}, port: a.Port()}
	}
	return out, nil
}

func parseServers(texts []string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, text := range texts {
		a, err := parseAddress(text)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "connection.resolvers: %q is no IP address, with or without port", text)
		}
		if a.Port() == 0 {
			a = netip.AddrPortFrom(a.Addr(), dnsPort)
		}
		out = append(out, a)
	}
	return out, nil
}

// parseAddress reads an IP with or without a port; port 0: without.
func parseAddress(text string) (netip.AddrPort, error) {
	if _, _, err := net.SplitHostPort(text); err == nil {
		a, err := netip.ParseAddrPort(text)
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), err
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return netip.AddrPortFrom(a.Unmap(), 0), err
}
