package dial

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestParseConfig(t *testing.T) {
	t.Parallel()
	got := parseConfig("# of a cluster\n; too\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nnameserver junk\n" +
		"search a.test. b.test\noptions ndots:5 timeout:99 attempts:3 rotate use-vc single-request edns0 ndots:x\nsortlist 1.2.3.4\nsearch\n")
	want := config{
		servers: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:53"), netip.MustParseAddrPort("[fe80::1%eth0]:53")},
		search:  []string{"a.test", "b.test"}, ndots: 5, attempts: 3, timeout: 30 * time.Second, rotate: true, tcp: true, single: true,
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	got = parseConfig("domain c.test\n")
	if fmt.Sprint(got.servers, got.search, got.ndots, got.attempts, got.timeout) != "[127.0.0.1:53] [c.test] 1 2 5s" {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{"a": "a.c.test. a.", "a.b": "a.b. a.b.c.test.", "a.": "a."} {
		if c := strings.Join(got.candidates(name), " "); c != want {
			t.Errorf("%s: got %s", name, c)
		}
	}
}

func TestPlainOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "passwd: files\nhosts:  files dns # as ever\n": true, "hosts:files dns": true, "hosts: files": false,
		"hosts: dns files": false, "hosts: files mdns4_minimal [NOTFOUND=return] dns": false, "hosts: ": false,
	} {
		if got := plainOrder(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestSystemWithoutPlainDNS(t *testing.T) {
	t.Parallel()
	r := &resolver{families: family{four: true}, paths: paths{}}
	got, err := r.lookup(t.Context(), "localhost")
	if err != nil || fmt.Sprint(got.addrs) != "[127.0.0.1]" || got.life != otherLife {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add("nameserver 10.0.0.2\nsearch a.test\noptions ndots:5\n")
	f.Add("options timeout:-1 attempts:999999999999999999999 ndots:-7\nnameserver ::1%\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := parseConfig(text)
		if len(c.servers) == 0 || len(c.servers) > 3 || c.ndots < 0 || c.attempts < 1 || c.timeout < time.Second {
			t.Errorf("%q: got %+v", text, c)
		}
		if all := c.candidates("x"); !slices.Contains(all, "x.") || len(all) != len(c.search)+1 {
			t.Errorf("%q: got %v", text, all)
		}
		plainOrder(text)
	})
}

func FuzzParseHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost LOCAL # me\n::1 localhost\n")
	f.Add("1.2.3.4\nx y\n::ffff:1.2.3.4 a. . a\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, addrs := range parseHosts(text) {
			if name == "" || name != hostKey(name) && !strings.HasSuffix(name, ".") || len(addrs) == 0 {
				t.Errorf("%q: got %q: %v", text, name, addrs)
			}
		}
	})
}

func FuzzParseReply(f *testing.F) {
	name := dnsmessage.MustNewName("a.test.")
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{Response: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Answers: []dnsmessage.Resource{
			{Header: dnsmessage.ResourceHeader{Name: name, TTL: 9}, Body: &dnsmessage.CNAMEResource{CNAME: name}},
			{Header: dnsmessage.ResourceHeader{Name: name, TTL: 1 << 31}, Body: &dnsmessage.AResource{}},
			{Header: dnsmessage.ResourceHeader{Name: name}, Body: &dnsmessage.AAAAResource{}},
			{Header: dnsmessage.ResourceHeader{Name: name}, Body: &dnsmessage.TXTResource{TXT: []string{"x"}}},
		},
		Authorities: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: name}, Body: &dnsmessage.SOAResource{NS: name, MBox: name}}},
	}
	for _, code := range []dnsmessage.RCode{0, dnsmessage.RCodeNameError} {
		m.RCode = code
		packed, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
		m.Answers = nil
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := parseReply(msg)
		if err == nil && (r.life < 0 || r.absent && len(r.addrs) > 0 || slices.ContainsFunc(r.addrs, func(a netip.Addr) bool { return !a.IsValid() })) {
			t.Errorf("got %+v", r)
		}
		answers(msg, msg, 0)
	})
}
