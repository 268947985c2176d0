package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// resolver looks names up, as the system does or with the scenario's servers. It
// asks by itself because only an answer in full says how long it lives.
type resolver struct {
	custom   []netip.AddrPort // DNS servers in turn, instead of the system's
	families family
	paths    paths
	files    files
	turn     atomic.Uint64
}

// family says which kinds of addresses are wanted.
type family struct{ four, six bool }

func (f family) wants(a netip.Addr) bool { return f.four && a.Is4() || f.six && !a.Is4() }

// String names what is wanted, for errors.
func (f family) String() string {
	switch {
	case !f.six:
		return "IPv4 address"
	case !f.four:
		return "IPv6 address"
	}
	return "address"
}

// lookup finds the addresses of a name.
func (r *resolver) lookup(ctx context.Context, name string) (found, error) {
	system := r.files.read(r.paths)
	if !system.plain && len(r.custom) == 0 {
		return r.askSystem(ctx, name)
	}
	addrs, ok := system.hosts[hostKey(name)]
	if !ok && isLocalhost(name) {
		addrs, ok = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, true
	}
	if ok {
		return r.pick(name, "the hosts file", found{addrs, otherLife})
	}
	return r.askDNS(ctx, &system.config, name)
}

// isLocalhost: such names mean this machine, whatever DNS says.
func isLocalhost(name string) bool {
	key := hostKey(name)
	return key == "localhost" || strings.HasSuffix(key, ".localhost")
}

// askSystem leaves the question to the system, whose answers do not say how long
// they live.
func (r *resolver) askSystem(ctx context.Context, name string) (found, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return found{}, &missing{failure: proto.Failf(load.CauseDNS, "the name %q is not found: %w", name, err)}
	}
	if err != nil {
		return found{}, proto.Failf(load.CauseDNS, "look up %q: %w", name, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return r.pick(name, "the system", found{addrs, otherLife})
}

// askDNS asks for all that name may mean, in order, until one has an address.
func (r *resolver) askDNS(ctx context.Context, c *config, name string) (found, error) {
	servers := r.servers(c)
	var last, broken error
	for _, full := range c.candidates(name) {
		got, err := r.askFull(ctx, c, servers, name, full)
		if err == nil {
			return got, nil
		}
		var none *missing
		if !errors.As(err, &none) && broken == nil {
			broken = err
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	if broken != nil { // who was not answered cannot say that there is no such name
		return found{}, broken
	}
	return found{}, last
}

// servers are the DNS servers in the order in which to ask.
func (r *resolver) servers(c *config) []netip.AddrPort {
	servers, rotate := c.servers, c.rotate
	if len(r.custom) > 0 {
		servers, rotate = r.custom, true
	}
	if !rotate {
		return servers
	}
	shift := int((r.turn.Add(1) - 1) % uint64(len(servers)))
	return slices.Concat(servers[shift:], servers[:shift])
}

// askFull asks for the addresses of one full name, both families at once.
func (r *resolver) askFull(ctx context.Context, c *config, servers []netip.AddrPort, name, full string) (found, error) {
	packed, err := dnsmessage.NewName(full)
	if err == nil {
		_, err = packQuestion(0, packed, dnsmessage.TypeA)
	}
	if err != nil {
		return found{}, &missing{failure: proto.Failf(load.CauseDNS, "%q is no name that DNS could know: %w", strings.TrimSuffix(full, "."), err)}
	}
	var types []dnsmessage.Type
	if r.families.six {
		types = append(types, dnsmessage.TypeAAAA)
	}
	if r.families.four {
		types = append(types, dnsmessage.TypeA)
	}
	results := make([]result, len(types))
	var wait sync.WaitGroup
	for i, typ := range types {
		ask := func() { results[i] = askServers(ctx, c, servers, packed, typ) }
		if c.single {
			ask()
			continue
		}
		wait.Go(ask)
	}
	wait.Wait()
	return r.combine(name, full, results)
}

// result is what came of one question.
type result struct {
	reply
	server netip.AddrPort
	err    error
}

// askServers asks one server after the other until one answers.
func askServers(ctx context.Context, c *config, servers []netip.AddrPort, name dnsmessage.Name, typ dnsmessage.Type) result {
	var faults []string
	for range c.attempts {
		faults = faults[:0]
		for _, server := range servers {
			one, cancel := context.WithTimeout(ctx, c.timeout)
			got, err := exchange(one, server, c.tcp, name, typ)
			cancel()
			if err == nil {
				return result{reply: got, server: server}
			}
			faults = append(faults, fmt.Sprintf("%s: %v", server, plainError(err)))
			if ctx.Err() != nil {
				return result{err: fmt.Errorf("%s: %w", strings.Join(faults, "; "), ctx.Err())}
			}
		}
	}
	return result{err: errors.New(strings.Join(faults, "; "))}
}

// plainError leaves out the addresses that errors of the network repeat.
func plainError(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// combine makes one answer of those for both families.
func (r *resolver) combine(name, full string, results []result) (found, error) {
	var out found
	var broken error
	none := result{}
	for _, got := range results {
		switch {
		case got.err != nil:
			broken = got.err
		case len(got.addrs) == 0:
			if !none.server.IsValid() || got.life < none.life {
				got.absent = got.absent || none.absent
				none = got
			}
		default:
			if out.addrs == nil || got.life < out.life {
				out.life = got.life
			}
			out.addrs = append(out.addrs, got.addrs...)
		}
	}
	shown := fmt.Sprintf("%q", name)
	if asked := strings.TrimSuffix(full, "."); asked != hostKey(name) {
		shown = fmt.Sprintf("%q (as %q)", name, asked)
	}
	switch {
	case len(out.addrs) > 0:
		return r.pick(name, "DNS", out)
	case none.absent:
		return out, &missing{proto.Failf(load.CauseDNS, "the name %s does not exist, says the DNS server %s", shown, none.server), none.life}
	case broken != nil:
		if errors.Is(broken, context.Canceled) {
			return out, proto.Failf(load.CauseStopped, "look up %s: %w", shown, broken)
		}
		return out, proto.Failf(load.CauseDNS, "look up %s: no DNS server knew: %w", shown, broken)
	}
	return out, &missing{proto.Failf(load.CauseDNS, "the name %s has no %s, says the DNS server %s", shown, r.families, none.server), none.life}
}

// pick takes the wanted families, the preferred one first: IPv6 where there is a
// way to it, else IPv4.
func (r *resolver) pick(name, source string, got found) (found, error) {
	got.addrs = slices.DeleteFunc(slices.Clone(got.addrs), func(a netip.Addr) bool { return !r.families.wants(a) })
	if len(got.addrs) == 0 {
		return got, &missing{proto.Failf(load.CauseDNS, "the name %q has no %s, says %s", name, r.families, source), got.life}
	}
	six := slices.IndexFunc(got.addrs, func(a netip.Addr) bool { return !a.Is4() })
	sixFirst := six >= 0 && reachable(got.addrs[six])
	slices.SortStableFunc(got.addrs, func(a, b netip.Addr) int {
		if a.Is4() == b.Is4() {
			return 0
		}
		if a.Is4() == sixFirst {
			return 1
		}
		return -1
	})
	return got, nil
}

// reachable says whether the system has a way to an address, without sending
// anything. A private IPv6 source does not count as a way to the public.
func reachable(to netip.Addr) bool {
	c, err := net.DialTimeout("udp", netip.AddrPortFrom(to, 9).String(), time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	from, err := netip.ParseAddrPort(c.LocalAddr().String())
	return err == nil && from.Addr().IsPrivate() == to.IsPrivate()
}
