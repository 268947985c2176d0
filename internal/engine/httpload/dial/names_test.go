package dial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

func resolve(t *testing.T, d *Dialer, host string) string {
	t.Helper()
	got, err := d.Resolve(t.Context(), origin(host))
	if err != nil {
		t.Fatalf("%s: %v", host, err)
	}
	return list(got)
}

// failure resolves a name that cannot be resolved.
func failure(t *testing.T, d *Dialer, host string) *proto.Failure {
	t.Helper()
	got, err := d.Resolve(t.Context(), origin(host))
	var f *proto.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%s: got %v, %v; want a failure", host, list(got), err)
	}
	return f
}

func known(d *Dialer, host string) string {
	got, ok := d.Known(origin(host))
	if !ok {
		return "unknown"
	}
	return list(got)
}

func TestAnswersLiveAsLongAsTheySay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ttl       uint32
		override  time.Duration // -1: none
		stillAsk  time.Duration // nothing is asked anew before
		askedThen time.Duration
	}{
		"Own":         {ttl: 100, override: -1, stillAsk: 89 * time.Second, askedThen: 2 * time.Second},
		"Zero":        {ttl: 0, override: -1, stillAsk: 890 * time.Millisecond, askedThen: 20 * time.Millisecond},
		"VeryLong":    {ttl: 1 << 20, override: -1, stillAsk: 269 * time.Second, askedThen: 2 * time.Second},
		"Overwritten": {ttl: 1, override: 20 * time.Second, stillAsk: 17 * time.Second, askedThen: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dns, clock := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: c.ttl}}), newClock()
			o := load.Connection{Resolvers: []string{dns.addr}, IP: "4"}
			if c.override >= 0 {
				o.DNSTTL = (*load.Duration)(&c.override)
			}
			d := dialer(t, o, clock)
			if got := known(d, "a.test"); got != "unknown" {
				t.Errorf("known before it was asked for: %s", got)
			}
			if got := resolve(t, d, "a.test"); got != "10.0.0.1:80" {
				t.Errorf("got %s", got)
			}
			dns.set("a.test.", zone{a: []string{"10.0.0.2"}, ttl: c.ttl})
			clock.pass(c.stillAsk)
			if got, n := known(d, "a.test"), dns.count("a.test./A/udp"); got != "10.0.0.1:80" || n != 1 {
				t.Errorf("before the end: got %s after %d questions", got, n)
			}
			clock.pass(c.askedThen)
			if got, n := known(d, "a.test"), dns.count("a.test./A/udp"); got != "10.0.0.2:80" || n != 2 {
				t.Errorf("near the end: got %s after %d questions, want the new address", got, n)
			}
		})
	}
}

func TestUnusedNamesAreForgotten(t *testing.T) {
	t.Parallel()
	dns, clock := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: 100}}), newClock()
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "4"}, clock)
	resolve(t, d, "a.test")
	clock.pass(95 * time.Second)
	if got, n := known(d, "a.test"), dns.count("a.test./A/udp"); got != "unknown" || n != 1 {
		t.Errorf("got %s after %d questions", got, n)
	}
	resolve(t, d, "a.test")
	if n := dns.count("a.test./A/udp"); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestZeroLifeAsksForEveryConnection(t *testing.T) {
	t.Parallel()
	dns, zero := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: 100}}), time.Duration(0)
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "4", DNSTTL: (*load.Duration)(&zero)}, newClock())
	for range 3 {
		if got := known(d, "a.test"); got != "unknown" {
			t.Errorf("known: %s", got)
		}
		resolve(t, d, "a.test")
	}
	if n := dns.count("a.test./A/udp"); n != 3 {
		t.Errorf("asked %d times for 3 connections", n)
	}
}

func TestOldAnswersStandInForAWhile(t *testing.T) {
	t.Parallel()
	dns, clock := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: 10}}), newClock()
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "4"}, clock)
	resolve(t, d, "a.test")
	known(d, "a.test")
	dns.set("a.test.", zone{rcode: dnsmessage.RCodeServerFailure})
	clock.pass(10 * time.Second)
	for range 11 {
		if got := known(d, "a.test"); got != "10.0.0.1:80" {
			t.Fatalf("got %s while DNS fails", got)
		}
		clock.pass(5 * time.Second)
	}
	before := dns.count("a.test./A/udp")
	if before < 10 {
		t.Errorf("asked %d times in a minute of failures", before)
	}
	clock.pass(10 * time.Second)
	if got := known(d, "a.test"); got != "unknown" {
		t.Errorf("got %s more than a minute after the end", got)
	}
	if f := failure(t, d, "a.test"); f.Cause != load.CauseDNS || !strings.Contains(f.Error(), "SERVFAIL") || !strings.Contains(f.Error(), dns.addr) {
		t.Errorf("got %v", f)
	}
	dns.set("a.test.", zone{a: []string{"10.0.0.9"}, ttl: 10})
	if got := resolve(t, d, "a.test"); got != "10.0.0.9:80" {
		t.Errorf("got %s after DNS came back", got)
	}
}

func TestMissingNamesAreMissingForAWhile(t *testing.T) {
	t.Parallel()
	dns, clock := newDNS(t, map[string]zone{"empty.test.": {soa: 1000}}), newClock()
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}}, clock)
	for name, want := range map[string]struct {
		text string
		life time.Duration
	}{
		"nowhere.test": {`the name "nowhere.test" does not exist`, 2 * time.Second},
		"empty.test":   {`the name "empty.test" has no address`, 5 * time.Second},
	} {
		for range 2 {
			f := failure(t, d, name)
			if f.Cause != load.CauseDNS || !strings.Contains(f.Error(), want.text) || !strings.Contains(f.Error(), dns.addr) {
				t.Errorf("got %v", f)
			}
			clock.pass(want.life - time.Second)
		}
		key := name + "./A/udp"
		if n := dns.count(key); n != 1 {
			t.Errorf("%s was asked for %d times within its time", name, n)
		}
		clock.pass(time.Second)
		if f := failure(t, d, name); f.Cause != load.CauseDNS || dns.count(key) != 2 {
			t.Errorf("%s: %v after %d questions", name, f, dns.count(key))
		}
	}
	if f := failure(t, d, "two..dots"); f.Cause != load.CauseDNS || !strings.Contains(f.Error(), "is no name") {
		t.Errorf("got %v", f)
	}
}

func TestOneQuestionForAllWhoAsk(t *testing.T) {
	t.Parallel()
	var gate, done sync.WaitGroup
	gate.Add(1)
	dns := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: 100, once: &gate}})
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "4"}, newClock())
	impatient, cancel := context.WithCancel(t.Context())
	for range 20 {
		done.Go(func() {
			_, err := d.Resolve(impatient, origin("a.test"))
			if f := proto.AsFailure(err, ""); f.Cause != load.CauseStopped {
				t.Errorf("who gave up got %v", err)
			}
		})
	}
	cancel()
	done.Wait()
	for range 20 {
		done.Go(func() { resolve(t, d, "a.test") })
	}
	gate.Done()
	done.Wait()
	if n := dns.count("a.test./A/udp"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAliasesAndTruncation(t *testing.T) {
	t.Parallel()
	dns, clock := newDNS(t, map[string]zone{
		"www.test.":  {cname: "edge.test.", ttl: 300},
		"edge.test.": {cname: "node.test.", ttl: 10},
		"node.test.": {a: []string{"10.0.0.1", "10.0.0.2"}, ttl: 200},
		"ring.test.": {cname: "ring.test.", ttl: 10},
		"big.test.":  {a: []string{"10.0.0.3"}, ttl: 300, truncated: true},
	}), newClock()
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "4", Addresses: "resolved"}, clock)
	if got := resolve(t, d, "www.test"); got != "10.0.0.1:80 10.0.0.2:80" {
		t.Errorf("got %s", got)
	}
	known(d, "www.test")
	clock.pass(9 * time.Second) // of the link that lives shortest
	if n := dns.count("www.test./A/udp"); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if got := resolve(t, d, "big.test"); got != "10.0.0.3:80" || dns.count("big.test./A/tcp") != 1 {
		t.Errorf("got %s after %d questions by TCP", got, dns.count("big.test./A/tcp"))
	}
	if f := failure(t, d, "ring.test"); f.Cause != load.CauseDNS {
		t.Errorf("got %v", f)
	}
}

func TestAddressesInTurnOrAsResolved(t *testing.T) {
	t.Parallel()
	dns := newDNS(t, map[string]zone{
		"a.test.": {a: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, aaaa: []string{"::1"}, ttl: 100},
		"b.test.": {a: []string{"10.0.0.4", "10.0.0.5"}, ttl: 100},
	})
	for name, c := range map[string]struct {
		o    load.Connection
		want string
	}{
		"Turn":     {load.Connection{IP: "4"}, "1 2 3|2 3 1|3 1 2|1 2 3"},
		"Resolved": {load.Connection{IP: "4", Addresses: "resolved"}, "1 2 3|1 2 3|1 2 3|1 2 3"},
		"Six":      {load.Connection{IP: "6"}, "::1|::1|::1|::1"},
		"SixLocal": {load.Connection{LocalAddresses: []string{"::1"}}, "::1|::1|::1|::1"},
		"FourOnly": {load.Connection{LocalAddresses: []string{"127.0.0.7"}}, "1 2 3|2 3 1|3 1 2|1 2 3"},
	} {
		c.o.Resolvers = []string{dns.addr}
		d := dialer(t, c.o, newClock())
		var got []string
		for range 4 {
			got = append(got, strings.NewReplacer("10.0.0.", "", ":80", "", "[", "", "]", "").Replace(resolve(t, d, "a.test")))
			if c.o.IP == "4" {
				resolve(t, d, "b.test") // has turns of its own
			}
		}
		if joined := strings.Join(got, "|"); joined != c.want {
			t.Errorf("%s: got %s, want %s", name, joined, c.want)
		}
	}
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}}, newClock())
	if got := resolve(t, d, "a.test"); strings.Count(got, " ") != 3 {
		t.Errorf("auto: got %s, want both families", got)
	}
	d = dialer(t, load.Connection{Resolvers: []string{dns.addr}, IP: "6"}, newClock())
	if f := failure(t, d, "b.test"); !strings.Contains(f.Error(), "has no IPv6 address") {
		t.Errorf("got %v", f)
	}
}

func TestSilentServersAreNamed(t *testing.T) {
	t.Parallel()
	deaf := newDNS(t, map[string]zone{"a.test.": {silent: true}})
	d := dialer(t, load.Connection{Resolvers: []string{deaf.addr}, ConnectTimeout: load.Duration(50 * time.Millisecond)}, newClock())
	f := failure(t, d, "a.test")
	if f.Cause != load.CauseDNS || !strings.Contains(f.Error(), deaf.addr+": no answer in time") {
		t.Errorf("got %v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ttl := range []*load.Duration{nil, new(load.Duration)} {
		_, err := dialer(t, load.Connection{Resolvers: []string{deaf.addr}, DNSTTL: ttl}, newClock()).Resolve(ctx, origin("a.test"))
		if got := proto.AsFailure(err, ""); got.Cause != load.CauseStopped {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheNextServerIsAsked(t *testing.T) {
	t.Parallel()
	broken := newDNS(t, map[string]zone{"a.test.": {rcode: dnsmessage.RCodeRefused}})
	good := newDNS(t, map[string]zone{"a.test.": {a: []string{"10.0.0.1"}, ttl: 1}})
	for _, servers := range [][]string{{broken.addr, good.addr}, {good.addr, broken.addr}} {
		d := dialer(t, load.Connection{Resolvers: servers, IP: "4"}, newClock())
		if got := resolve(t, d, "a.test"); got != "10.0.0.1:80" {
			t.Errorf("got %s", got)
		}
	}
	if broken.count("a.test./A/udp") == 0 {
		t.Error("the broken server was not asked")
	}
}

// withFiles makes a dialer see other files of the system.
func withFiles(t *testing.T, d *Dialer, o load.Connection, files map[string]string) paths {
	t.Helper()
	dir := t.TempDir()
	p := paths{resolv: filepath.Join(dir, "resolv.conf"), hosts: filepath.Join(dir, "hosts"), order: filepath.Join(dir, "nsswitch.conf"), plain: true}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	servers, err := parseServers(o.Resolvers)
	if err != nil {
		t.Fatal(err)
	}
	r := &resolver{custom: servers, families: families(o.IP, nil), paths: p}
	d.names.lookup = r.lookup
	return p
}

func TestSearchDomains(t *testing.T) {
	t.Parallel()
	dns := newDNS(t, map[string]zone{
		"shop.prod.test.": {a: []string{"10.0.0.1"}, ttl: 100},
		"a.b.":            {a: []string{"10.0.0.2"}, ttl: 100},
		"a.b.prod.test.":  {a: []string{"10.0.0.3"}, ttl: 100},
		"odd.test.":       {rcode: dnsmessage.RCodeServerFailure},
	})
	o := load.Connection{Resolvers: []string{dns.addr}, IP: "4"}
	for ndots, want := range map[int]map[string]string{
		1: {"shop": "10.0.0.1:80", "a.b": "10.0.0.2:80", "shop.prod.test": "10.0.0.1:80"},
		2: {"shop": "10.0.0.1:80", "a.b": "10.0.0.3:80", "a.b.": "10.0.0.2:80"},
	} {
		d := dialer(t, o, newClock())
		withFiles(t, d, o, map[string]string{"resolv.conf": fmt.Sprintf("search test prod.test\noptions ndots:%d\n", ndots)})
		for name, address := range want {
			if got := resolve(t, d, name); got != address {
				t.Errorf("ndots %d: %s is %s, want %s", ndots, name, got, address)
			}
		}
		if f := failure(t, d, "none"); !strings.Contains(f.Error(), `"none" does not exist`) && !strings.Contains(f.Error(), `"none" (as `) {
			t.Errorf("got %v", f)
		}
		if f := failure(t, d, "odd"); !strings.Contains(f.Error(), "SERVFAIL") {
			t.Errorf("a name that one server could not look for is called missing: %v", f)
		}
	}
}

func TestHostsFile(t *testing.T) {
	t.Parallel()
	dns, clock := newDNS(t, map[string]zone{}), newClock()
	o := load.Connection{Resolvers: []string{dns.addr}, IP: "4"}
	d := dialer(t, o, clock)
	p := withFiles(t, d, o, map[string]string{"hosts": "10.0.0.1 One one.test # first\n::1 one.test\n"})
	if got := resolve(t, d, "one.test"); got != "10.0.0.1:80" {
		t.Errorf("got %s", got)
	}
	if got := resolve(t, d, "localhost"); got != "127.0.0.1:80" {
		t.Errorf("localhost is %s", got)
	}
	known(d, "one.test")
	if err := os.WriteFile(p.hosts, []byte("10.0.0.22 one.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.pass(5 * time.Second)
	if got := known(d, "one.test"); got != "10.0.0.22:80" {
		t.Errorf("got %s after the file was changed", got)
	}
}

func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	dns := newDNS(t, map[string]zone{})
	d := dialer(t, load.Connection{Resolvers: []string{dns.addr}}, newClock())
	for i := range 2*mostNames + 1 {
		d.names.entry(fmt.Sprintf("n%d.test", i))
	}
	n := 0
	d.names.entries.Range(func(_, _ any) bool { n++; return true })
	if n > mostNames || int64(n) != d.names.count.Load() {
		t.Errorf("%d names are kept, %d counted", n, d.names.count.Load())
	}
}
