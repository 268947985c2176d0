package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

func TestOriginOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Origin{
		"http://Shop.Test/a":         {"http", "shop.test", "80"},
		"https://shop.test":          {"https", "shop.test", "443"},
		"https://shop.test:8443/":    {"https", "shop.test", "8443"},
		"http://[FE80::1%25eth0]:1/": {"http", "fe80::1%eth0", "1"},
		"http://Bücher.test/":        {"http", "xn--bcher-kva.test", "80"},
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := OriginOf(u); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
	if got := (Origin{"http", "::1", "80"}).Address(); got != "[::1]:80" {
		t.Errorf("got %s", got)
	}
}

// TestKnownWithoutDNS: there is no DNS server to ask here.
func TestKnownWithoutDNS(t *testing.T) {
	t.Parallel()
	d := dialer(t, load.Connection{Hosts: map[string]string{
		"One.test": "10.0.0.1", "two.test": "10.0.0.2:8080", "six.test": "[fd00::1]:81", "bare.test": "fd00::2",
	}}, newClock())
	for o, want := range map[Origin]string{
		{"http", "one.test", "80"}:      "10.0.0.1:80",
		{"https", "one.test", "443"}:    "10.0.0.1:443",
		{"https", "two.test", "443"}:    "10.0.0.2:8080",
		{"http", "six.test", "80"}:      "[fd00::1]:81",
		{"http", "bare.test", "80"}:     "[fd00::2]:80",
		{"http", "10.9.8.7", "1"}:       "10.9.8.7:1",
		{"http", "::ffff:1.2.3.4", "1"}: "1.2.3.4:1",
		{"http", "fe80::1%eth0", "1"}:   "[fe80::1%eth0]:1",
	} {
		got, ok := d.Known(o)
		again, err := d.Resolve(t.Context(), o)
		if !ok || err != nil || list(got) != want || list(again) != want {
			t.Errorf("%v: got %q %v, %q %v, want %q", o, list(got), ok, list(again), err, want)
		}
	}
	for _, o := range []Origin{{"http", "one.test", "65536"}, {"http", "one.test", "http"}} {
		_, ok := d.Known(o)
		_, err := d.Resolve(t.Context(), o)
		if f := proto.AsFailure(err, ""); ok || f.Cause != load.CauseOther || !strings.Contains(f.Error(), "is no port") {
			t.Errorf("%v: got %v, %v", o, ok, err)
		}
	}
	d = dialer(t, load.Connection{UnixSocket: "/run/app.sock"}, newClock())
	if got, ok := d.Known(origin("any.test")); !ok || got.Unix != "/run/app.sock" || got.Len() != 0 {
		t.Errorf("got %+v, %v", got, ok)
	}
	d = dialer(t, load.Connection{Proxy: "http://10.0.0.9:3128"}, newClock())
	if got, ok := d.Known(origin("any.test")); !ok || list(got) != "10.0.0.9:3128" {
		t.Errorf("got %q, %v", list(got), ok)
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	d := dialer(t, load.Connection{LocalAddresses: []string{"127.0.0.7", "::1", "127.0.0.8"}}, newClock())
	var got []string
	for range 3 {
		from, err := d.Source(netip.MustParseAddr("10.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, from.String())
	}
	if from, err := d.Source(netip.MustParseAddr("fd00::1")); err != nil || from.String() != "::1" {
		t.Errorf("got %v, %v", from, err)
	}
	if fmt.Sprint(got) != "[127.0.0.7 127.0.0.8 127.0.0.7]" {
		t.Errorf("got %v", got)
	}
	if from, err := dialer(t, load.Connection{}, newClock()).Source(netip.MustParseAddr("10.0.0.1")); err != nil || from.IsValid() {
		t.Errorf("got %v, %v; want the system's choice", from, err)
	}
	_, err := dialer(t, load.Connection{LocalAddresses: []string{"::1"}}, newClock()).Source(netip.MustParseAddr("10.0.0.1"))
	if f := proto.AsFailure(err, ""); f.Cause != load.CauseConnect {
		t.Errorf("got %v", err)
	}
}

func TestFieldsThatAreWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "empty.pem"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]load.Connection{
		"connection.local_addresses: \"x\"":  {LocalAddresses: []string{"x"}},
		`connection.hosts["a.b"]: "x"`:       {Hosts: map[string]string{"a.b": "x"}},
		"connection.resolvers: \"dns.test\"": {Resolvers: []string{"dns.test"}},
		"connection.proxy: \"ftp\"":          {Proxy: "ftp://10.0.0.1"},
		"connection.proxy: not a URL":        {Proxy: "http://:pw@"},
		"connection.proxy: socks5 knows":     {Proxy: "socks5://" + strings.Repeat("u", 256) + "@10.0.0.1"},
		"connection.tls.ca: empty.pem holds": {TLS: load.TLS{CA: "empty.pem"}},
		"connection.tls.ca: open":            {TLS: load.TLS{CA: "none.pem"}},
		"connection.tls.certificate: open":   {TLS: load.TLS{Certificate: "none.pem"}},
	} {
		d, err := New(&c, dir, slog.New(slog.DiscardHandler))
		if d != nil || load.ErrorCode(err) != load.Invalid || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	read := func(err error) error { return &net.OpError{Op: "read", Err: os.NewSyscallError("read", err)} }
	for _, c := range []struct {
		err             error
		connect, stream load.Cause
	}{
		{syscall.ECONNREFUSED, load.CauseRefused, load.CauseRefused},
		{syscall.ECONNRESET, load.CauseReset, load.CauseReset},
		{read(syscall.ECONNRESET), load.CauseReset, load.CauseReset},
		{syscall.ETIMEDOUT, load.CauseTimeout, load.CauseTimeout},
		{os.ErrDeadlineExceeded, load.CauseTimeout, load.CauseTimeout},
		{context.DeadlineExceeded, load.CauseTimeout, load.CauseTimeout},
		{context.Canceled, load.CauseStopped, load.CauseStopped},
		{syscall.EHOSTUNREACH, load.CauseConnect, load.CauseMalformed},
		{syscall.EADDRNOTAVAIL, load.CauseConnect, load.CauseMalformed},
		{syscall.EPIPE, load.CauseConnect, load.CauseClosed},
		{io.ErrUnexpectedEOF, load.CauseConnect, load.CauseClosed},
		{tls.RecordHeaderError{Msg: "x"}, load.CauseConnect, load.CauseTLS},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, load.CauseConnect, load.CauseTLS},
		{&net.DNSError{}, load.CauseDNS, load.CauseMalformed},
		{proto.Failf(load.CauseTooLarge, "x"), load.CauseTooLarge, load.CauseTooLarge},
		{errors.New("?"), load.CauseConnect, load.CauseMalformed},
	} {
		if got := ConnectCause(c.err); got != c.connect {
			t.Errorf("connect: %v is %s, want %s", c.err, got, c.connect)
		}
		if got := StreamCause(c.err, load.CauseMalformed); got != c.stream {
			t.Errorf("stream: %v is %s, want %s", c.err, got, c.stream)
		}
	}
	d := dialer(t, load.Connection{Proxy: "http://10.0.0.9:3128"}, newClock())
	f := d.ConnectFailure("10.0.0.9:3128", syscall.ECONNREFUSED)
	if f.Error() != "refused: connect to the proxy 10.0.0.9:3128 at 10.0.0.9:3128: connection refused" {
		t.Errorf("got %v", f)
	}
	f = dialer(t, load.Connection{}, newClock()).ConnectFailure("10.0.0.9:80", syscall.EADDRNOTAVAIL)
	if f.Cause != load.CauseConnect || !strings.Contains(f.Error(), "no local address or port is left") {
		t.Errorf("got %v", f)
	}
}
