package httpload

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// paths are the paths that a server has seen, and how often.
func (s *server) paths() map[string]int {
	out := map[string]int{}
	for _, r := range s.requests() {
		out[r.URL.RequestURI()]++
	}
	return out
}

// TestValuesGoFromResponseToRequest, within one iteration and no further: every
// second login gives no token, and what needs one is not sent then.
func TestValuesGoFromResponseToRequest(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	s := newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			if n := logins.Add(1); n%2 == 1 {
				w.Header().Set("X-Shop", fmt.Sprintf("shop%d", n))
				fmt.Fprintf(w, `{"token": "t%d", "note": "id=<%d>"}`, n, n)
				return
			}
			_, _ = io.WriteString(w, `{}`)
		}
	})
	other := "main"
	scenario := load.Scenario{Flows: []load.Flow{{Name: "buy", Requests: []load.Request{
		{Label: "early", URL: "http://" + s.addr + "/early/${shop}"},
		{Label: "login", Method: "POST", URL: "http://" + s.addr + "/login", Extract: map[string]load.Extract{
			"token": {JSON: "$.token"}, "shop": {Header: "x-shop", Default: &other},
		}},
		{Label: "use", URL: "http://" + s.addr + "/use/${shop}", Auth: &load.Auth{Bearer: "${token}"}},
		{Label: "last", URL: "http://" + s.addr + "/last/${shop}"},
	}}}}
	for _, model := range []load.Model{load.Closed, load.Open} {
		logins.Store(0)
		before := len(s.requests())
		order := load.Order{Model: model, Scenario: scenario, Profile: enginetest.Endless(1), Iterations: 4}
		if model == load.Open {
			order.Profile, order.Scenario.Load.Arrival = enginetest.Endless(20), load.ArrivalIteration
		}
		got := send(t, order, nil)
		if got.Requests != 16 || got.Causes[load.CauseExtract] != 4 || got.Failures != 4 {
			t.Errorf("%s: %d requests, causes %v; want 16, 2 logins and 2 uses without a token", model, got.Requests, got.Causes)
		}
		var use, last []string
		for _, r := range s.requests()[before:] {
			if rest, ok := strings.CutPrefix(r.URL.Path, "/use/"); ok {
				use = append(use, rest+" "+r.Header.Get("Authorization"))
			}
			if rest, ok := strings.CutPrefix(r.URL.Path, "/last/"); ok {
				last = append(last, rest)
			}
			if rest, ok := strings.CutPrefix(r.URL.Path, "/early/"); ok && rest != "main" {
				t.Errorf("%s: the value of an iteration before is in %s", model, r.URL.Path)
			}
		}
		slices.Sort(use)
		slices.Sort(last)
		if fmt.Sprint(use) != "[shop1 Bearer t1 shop3 Bearer t3]" || fmt.Sprint(last) != "[main main shop1 shop3]" {
			t.Errorf("%s: used %v, at last %v", model, use, last)
		}
	}
}

// TestFlowsByWeight in both models; each is walked whole.
func TestFlowsByWeight(t *testing.T) {
	t.Parallel()
	for _, model := range []load.Model{load.Closed, load.Open} {
		s := newServer(t, nil, nil)
		url := "http://" + s.addr
		order := load.Order{Model: model, Iterations: 200, Profile: enginetest.Endless(4), Scenario: load.Scenario{
			Name: "weights", Load: load.Load{Arrival: load.ArrivalIteration},
			Flows: []load.Flow{
				{Name: "rare", Weight: 1, Requests: []load.Request{get("%s/r1", url), get("%s/r2", url), get("%s/r3", url)}},
				{Name: "often", Weight: 9, Requests: []load.Request{get("%s/o1", url), get("%s/o2", url)}},
			},
		}}
		if model == load.Open {
			order.Profile = enginetest.Endless(1000)
		}
		got := send(t, order, nil)
		p := s.paths()
		if p["/r1"]+p["/o1"] != 200 || p["/r1"] != p["/r3"] || p["/o1"] != p["/o2"] || p["/r1"] < 5 || p["/r1"] > 45 {
			t.Errorf("%s: got %v; want 200 whole flows, one in ten the rare one", model, p)
		}
		good(t, got, int64(3*p["/r1"]+2*p["/o1"]))
	}
}

// TestIterationsAreSentWhole that were due before the profile's end, though they
// think in between; a stop breaks them off.
func TestIterationsAreSentWhole(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	think := load.Span{Min: load.Duration(300 * time.Millisecond), Max: load.Duration(300 * time.Millisecond)}
	order := load.Order{Model: load.Open, Profile: enginetest.Hold(50, 200*time.Millisecond), Scenario: load.Scenario{
		Requests: []load.Request{get("http://%s/1", s.addr), get("http://%s/2", s.addr), get("http://%s/3", s.addr)},
		Load:     load.Load{Arrival: load.ArrivalIteration}, ThinkTime: think,
	}}
	good(t, send(t, order, nil), 30)
	if p := s.paths(); p["/3"] != 10 {
		t.Errorf("got %v, want 10 of each", p)
	}
	order.Drain = load.Duration(150 * time.Millisecond) // over while all think
	got := send(t, order, nil)
	if got.Requests >= 30 || got.Requests != got.Started || got.Failures != got.Causes[load.CauseStopped] {
		t.Errorf("%d requests, %d begun, causes %v", got.Requests, got.Started, got.Causes)
	}
	order.Drain, order.Profile = 0, enginetest.Endless(50)
	k := enginetest.NewTask(t, New(), order)
	began := time.Now()
	k.Start(began)
	k.Change(250*time.Millisecond, load.ChangeDrain, 0)
	got = k.Wait()
	if took := time.Since(began); took > 3*time.Second || got.Requests != got.Started {
		t.Errorf("a drain while arrivals think took %s; %d of %d", took, got.Requests, got.Started)
	}
}

// TestThinkTimeOfARequest comes after it, instead of the scenario's.
func TestThinkTimeOfARequest(t *testing.T) {
	t.Parallel()
	var came [2]time.Time
	s := newServer(t, nil, func(_ http.ResponseWriter, r *http.Request) { came[int(r.URL.Path[1]-'0')] = time.Now() })
	first := get("http://%s/0", s.addr)
	first.ThinkTime = &load.Span{Min: load.Duration(200 * time.Millisecond), Max: load.Duration(200 * time.Millisecond)}
	second := get("http://%s/1", s.addr)
	second.ThinkTime = new(load.Span) // none
	good(t, once(t, load.Scenario{Requests: []load.Request{first, second}, ThinkTime: load.Span{Min: load.Duration(time.Minute), Max: load.Duration(time.Minute)}}, nil), 2)
	if gap := came[1].Sub(came[0]); gap < 200*time.Millisecond || gap > 10*time.Second {
		t.Errorf("the second request came %s after the first, want 200 ms", gap)
	}
}

// TestCookiesOverRedirects: what a redirect sets is sent to where it leads, and
// each user has a jar of his own.
func TestCookiesOverRedirects(t *testing.T) {
	t.Parallel()
	var users atomic.Int64
	s := newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "id", Value: fmt.Sprint(users.Add(1)), Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "only", Value: "here", Path: "/login"})
			http.Redirect(w, r, "/home", http.StatusSeeOther)
		case "/home", "/next":
			if c, err := r.Cookie("id"); err != nil || c.Value == "" || len(r.Cookies()) != 1 {
				w.WriteHeader(http.StatusForbidden)
			}
		}
	})
	for _, model := range []load.Model{load.Closed, load.Open} {
		users.Store(0)
		order := load.Order{Model: model, Iterations: 6, Profile: enginetest.Endless(6), Scenario: load.Scenario{
			Requests:   []load.Request{{Method: "POST", URL: "http://" + s.addr + "/login", Body: "x"}, get("http://%s/next", s.addr)},
			Load:       load.Load{Arrival: load.ArrivalIteration},
			Connection: load.Connection{Cookies: true},
		}}
		if model == load.Open {
			order.Profile = enginetest.Endless(100)
		}
		good(t, send(t, order, nil), 12)
		if users.Load() != 6 {
			t.Errorf("%s: %d logins", model, users.Load())
		}
	}
}

// TestLoginsAreNotGivenAway: a redirect to another server takes no login along, of
// whatever kind; one within the server does, and signs anew.
func TestLoginsAreNotGivenAway(t *testing.T) {
	t.Parallel()
	away := newServer(t, nil, nil)
	s := newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/away"):
			http.Redirect(w, r, "http://"+away.addr+"/end", http.StatusTemporaryRedirect)
		case strings.HasPrefix(r.URL.Path, "/near"):
			http.Redirect(w, r, "/end?of="+r.URL.Path[5:], http.StatusTemporaryRedirect)
		}
	})
	files := map[string][]byte{"d.csv": []byte("secret\npw\n")}
	for name, a := range map[string]load.Auth{
		"Bearer":       {Bearer: "abc"},
		"Basic":        {Basic: &load.Basic{User: "ann", Password: "pw"}},
		"BasicFilled":  {Basic: &load.Basic{User: "ann", Password: "${d.secret}"}},
		"BearerFilled": {Bearer: "${d.secret}"},
		"SigV4":        {SigV4: &load.SigV4{Service: "s3", Region: "eu-1", AccessKey: "AK", SecretKey: "${d.secret}", SessionToken: "st"}},
	} {
		var requests []load.Request
		for _, path := range []string{"/away", "/near" + name} {
			requests = append(requests, load.Request{Method: "POST", URL: "http://" + s.addr + path, Body: "body", Auth: &a})
		}
		before := len(away.requests())
		got := once(t, load.Scenario{Requests: requests, Data: []load.Data{{Name: "d", File: "d.csv"}}}, files)
		good(t, got, 2)
		for _, r := range away.requests()[before:] {
			for field := range r.Header {
				if field == "Authorization" || strings.HasPrefix(field, "X-Amz") {
					t.Errorf("%s: another server was told %s: %s", name, field, r.Header.Get(field))
				}
			}
		}
		var first, second string
		for _, r := range s.requests() {
			switch r.URL.RequestURI() {
			case "/near" + name:
				first = r.Header.Get("Authorization")
			case "/end?of=" + name:
				second = r.Header.Get("Authorization")
				if n := len(r.Header.Values("Authorization")); n != 1 {
					t.Errorf("%s: %d logins behind a redirect", name, n)
				}
			}
		}
		if first == "" || second == "" || (first == second) != (name != "SigV4") {
			t.Errorf("%s: logged in by %q, behind a redirect by %q", name, first, second)
		}
	}
}

// TestRedirectsBetweenProtocols: HTTP/2 by ALPN, then clear text, and back.
func TestRedirectsBetweenProtocols(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	var plain, secure *server
	secure = newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/1" {
			http.Redirect(w, r, "http://"+plain.addr+"/2", http.StatusFound)
		}
	})
	plain = newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+secure.addr+"/3", http.StatusFound)
	})
	got := send(t, load.Order{Model: load.Closed, Profile: enginetest.Endless(3), Iterations: 12, Scenario: load.Scenario{
		Requests: []load.Request{get("https://%s/1", secure.addr)}, Connection: load.Connection{TLS: load.TLS{CA: "cert.pem"}},
	}}, files)
	good(t, got, 12)
	if got.Redirects != 24 || secure.paths()["/3"] != 12 || secure.requests()[0].ProtoMajor != 2 || plain.requests()[0].ProtoMajor != 1 {
		t.Errorf("%d redirects, seen %v and %v", got.Redirects, secure.paths(), plain.paths())
	}
}

// TestLimitsOfPoissonArrivals are met exactly.
func TestLimitsOfPoissonArrivals(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	for _, loops := range []int{1, 3} {
		e := New()
		e.loops = loops
		got := sendBy(t, e, load.Order{Model: load.Open, Profile: enginetest.Endless(500), Iterations: 100, Scenario: load.Scenario{
			Requests: []load.Request{get("http://%s/", s.addr), get("http://%s/", s.addr)},
			Load:     load.Load{Arrivals: load.ArrivalsPoisson, Arrival: load.ArrivalIteration},
		}}, nil)
		good(t, got, 200)
		if got.Offered != 100 {
			t.Errorf("%d loops: %d arrivals offered, want 100", loops, got.Offered)
		}
	}
}
