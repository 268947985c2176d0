package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/auth"
)

func TestForwarded(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	for name, tt := range map[string]struct {
		peer, proto string
		chain       []string
		from        string
		secure      bool
	}{
		"by the balancer":          {"10.0.1.2:9", "https", []string{"192.0.2.7"}, "192.0.2.7", true},
		"in clear text":            {"10.0.1.2:9", "http", []string{"192.0.2.7"}, "192.0.2.7", false},
		"by a stranger":            {"192.0.2.1:9", "https", []string{"192.0.2.7"}, "192.0.2.1", false},
		"caller lied to balancer":  {"10.0.1.2:9", "https", []string{"10.0.9.9, 198.51.100.1, 192.0.2.7"}, "192.0.2.7", true},
		"two headers":              {"10.0.1.2:9", "", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7", false},
		"two proxies":              {"10.0.1.2:9", "https", []string{"192.0.2.7, 10.0.3.4"}, "192.0.2.7", true},
		"over IPv6":                {"[fd00::1]:9", "https", []string{"2001:db8::7"}, "2001:db8::7", true},
		"written as IPv6":          {"[::ffff:10.0.1.2]:9", "https", []string{"192.0.2.7"}, "192.0.2.7", true},
		"not an address":           {"10.0.1.2:9", "https", []string{"192.0.2.7, unknown"}, "10.0.1.2", true},
		"balancer's own look":      {"10.0.1.2:9", "", nil, "10.0.1.2", false},
		"only proxies in the list": {"10.0.1.2:9", "", []string{"10.0.3.4"}, "10.0.3.4", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.peer
			for _, header := range tt.chain {
				r.Header.Add("X-Forwarded-For", header)
			}
			r.Header.Set("X-Forwarded-Proto", tt.proto)
			forwarded(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got := (&request{r}).address(); got != tt.from {
					t.Errorf("from %s, want %s", got, tt.from)
				}
				if auth.Secure(r) != tt.secure {
					t.Errorf("secure is %v, want %v", auth.Secure(r), tt.secure)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if r.RemoteAddr != tt.peer {
				t.Errorf("the server's own request was changed: %s", r.RemoteAddr)
			}
		})
	}
}

// TestLoginBehindAProxy: over TLS as far as the proxy, the session's cookie is
// one that browsers keep from plain HTTP, and it lets its owner in.
func TestLoginBehindAProxy(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	must(t, b.auth.CreateUser(t.Context(), "ann", password, "operator"))
	good := `{"name":"ann","password":"` + password + `"}`
	over := map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
	res, text := b.send(t, row{do: "POST /login", body: good, header: over})
	if res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 {
		t.Fatalf("login gave %d %s", res.StatusCode, text)
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to keep to TLS")
	}
	c := res.Cookies()[0]
	if !c.Secure || c.Name != "__Host-onrush" {
		t.Errorf("the cookie is %+v", c)
	}
	over["Cookie"] = c.Name + "=" + c.Value
	b.run(t, []row{
		{"over TLS", "", "GET /me", "", over, 200, []string{`"name":"ann"`}, nil},
		{"in clear text", "", "GET /me", "", map[string]string{"Cookie": over["Cookie"]}, 401, nil, nil},
	})
	if log := b.log.String(); !strings.Contains(log, "address=192.0.2.7") {
		t.Errorf("the log does not name the caller's address:\n%s", log)
	}
}
