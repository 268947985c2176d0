package httpload

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

func soon() time.Time { return time.Now().Add(10 * time.Millisecond) }

func TestRequestsAreSentAsWritten(t *testing.T) {
	t.Parallel()
	for version, proto := range map[string]string{"1.1": "HTTP/1.1", "2": "HTTP/2.0"} {
		s := newServer(t, nil, nil)
		got := once(t, load.Scenario{
			Variables: map[string]string{"base": "http://ann:secret@" + s.addr, "kind": "text/x-note"},
			Data:      []load.Data{{Name: "people", File: "people.csv"}},
			Requests: []load.Request{{
				Method: "PATCH", URL: "${base}/p/${people.id}?q=a b&n=${name}#top",
				Headers: map[string]string{"Content-Type": "${kind}", "X-Name": "<${name}>", "Host": "other.test"},
				Body:    `{"id": ${id}, "price": "$5"}`,
			}},
			Connection: load.Connection{HTTP: version, Compression: true},
		}, map[string][]byte{"people.csv": []byte("id,name\n7,\"Bo, Jr.\"\n")})
		good(t, got, 1)
		r := s.requests()[0]
		if r.Proto != proto || r.Method != "PATCH" || r.RequestURI != "/p/7?q=a%20b&n=Bo,%20Jr." || r.Host != "other.test" {
			t.Errorf("got %s %s %s for %s", r.Proto, r.Method, r.RequestURI, r.Host)
		}
		if body := string(r.body); body != `{"id": 7, "price": "$5"}` || r.ContentLength != int64(len(body)) {
			t.Errorf("got body %q of length %d", body, r.ContentLength)
		}
		user, password, _ := r.BasicAuth()
		if user != "ann" || password != "secret" {
			t.Errorf("got user %q with password %q", user, password)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/x-note", "X-Name": "<Bo, Jr.>", "Accept-Encoding": "gzip", "User-Agent": "onrush",
		} {
			if found := r.Header.Get(name); found != want {
				t.Errorf("%s: got %q, want %q", name, found, want)
			}
		}
		if label := got.Labels["PATCH /p/${people.id}"]; label != 1 {
			t.Errorf("got labels %v", got.Labels)
		}
	}
}

func TestDefaultsAreModest(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	good(t, once(t, load.Scenario{Requests: []load.Request{{URL: "http://" + s.addr}}}, nil), 1)
	r := s.requests()[0]
	if r.Method != "GET" || r.RequestURI != "/" || len(r.Header) != 1 || r.Header.Get("User-Agent") == "" {
		t.Errorf("got %s %s with %v", r.Method, r.RequestURI, r.Header)
	}
}

func TestHeadersCannotBeSmuggledIn(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	got := once(t, load.Scenario{
		Data:     []load.Data{{Name: "d", File: "d.csv"}},
		Requests: []load.Request{{URL: "http://" + s.addr, Headers: map[string]string{"X-A": "${v}"}}},
	}, map[string][]byte{"d.csv": []byte("v\n\"a\r\nX-Evil: 1\"\n")})
	if got.Causes[load.CauseOther] != 1 || len(s.requests()) != 0 {
		t.Errorf("got causes %v, the server has seen %d requests", got.Causes, len(s.requests()))
	}
}

func TestBodyFiles(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"small.bin": []byte("small"), "large.bin": bytes.Repeat([]byte("0123456789abcdef"), 400_000)}
	for _, version := range []string{"1.1", "2"} {
		s := newServer(t, nil, nil)
		var requests []load.Request
		for _, name := range []string{"small.bin", "large.bin", "small.bin"} {
			requests = append(requests, load.Request{Method: "PUT", URL: "http://" + s.addr + "/" + name, BodyFile: name})
		}
		got := once(t, load.Scenario{Requests: requests, Connection: load.Connection{HTTP: version}}, files)
		good(t, got, 3)
		for _, r := range s.requests() {
			want := files[strings.TrimPrefix(r.URL.Path, "/")]
			if r.digest != sha256.Sum256(want) || r.ContentLength != int64(len(want)) {
				t.Errorf("HTTP/%s %s: the body is not the file", version, r.URL.Path)
			}
		}
		if got.BytesOut < 6_400_000 || got.BytesOut > 6_500_000 {
			t.Errorf("HTTP/%s: counted %d bytes out", version, got.BytesOut)
		}
		if n := got.Connect.Count(); n != 1 {
			t.Errorf("HTTP/%s: %d connections opened, want one for all three", version, n)
		}
	}
}

// TestAnswerBeforeTheWholeBody has a server that refuses a large body without
// reading it: its answer counts, not the broken upload.
func TestAnswerBeforeTheWholeBody(t *testing.T) {
	t.Parallel()
	f := newFault(t, refusesBody)
	got := once(t, load.Scenario{Requests: []load.Request{
		{Method: "POST", URL: f.url("http"), BodyFile: "large.bin", Expect: load.Expect{Status: []load.StatusPattern{{Min: 413, Max: 413}}}},
		get("%s", f.url("http")),
	}}, map[string][]byte{"large.bin": make([]byte, 64<<20)})
	if got.Statuses[413] != 2 || got.Causes[load.CauseStatus] != 1 || got.BytesOut > 32<<20 {
		t.Errorf("got statuses %v, causes %v, %d bytes out", got.Statuses, got.Causes, got.BytesOut)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := newServer(t, nil, nil)
	s := newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/keep":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/turn":
			http.Redirect(w, r, "end?x=1", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "http://"+elsewhere.addr+"/end", http.StatusMovedPermanently)
		}
	})
	post := func(path string) load.Request {
		return load.Request{Method: "POST", URL: "http://u:p@" + s.addr + path, Body: "b", Headers: map[string]string{"Content-Type": "x/y"}}
	}
	none := 0
	stay := get("http://%s/turn", s.addr)
	stay.Redirects = &none
	got := once(t, load.Scenario{Requests: []load.Request{post("/keep"), post("/turn"), post("/away"), stay}}, nil)
	good(t, got, 4)
	if got.Redirects != 3 || got.Statuses[302] != 1 || got.Statuses[200] != 3 {
		t.Errorf("got %d redirects, statuses %v", got.Redirects, got.Statuses)
	}
	all := s.requests()
	kept, turned, away := all[1], all[3], elsewhere.requests()[0]
	if kept.Method != "POST" || string(kept.body) != "b" || kept.Header.Get("Authorization") == "" {
		t.Errorf("307: got %s %q", kept.Method, kept.body)
	}
	if turned.Method != "GET" || turned.RequestURI != "/end?x=1" || len(turned.body) != 0 || turned.Header.Get("Content-Type") != "" {
		t.Errorf("302: got %s %s %q %v", turned.Method, turned.RequestURI, turned.body, turned.Header)
	}
	if away.Header.Get("Authorization") != "" || away.Host != elsewhere.addr {
		t.Errorf("301 to another server: got host %s with %v", away.Host, away.Header)
	}
}

func TestInterimResponsesAreNotTheResponse(t *testing.T) {
	t.Parallel()
	f := newFault(t, keepsSaying("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	got := once(t, load.Scenario{Requests: []load.Request{get("%s", f.url("http")), get("%s", f.url("http"))}}, nil)
	good(t, got, 2)
	if got.Statuses[200] != 2 || got.Connect.Count() != 1 {
		t.Errorf("got statuses %v over %d connections", got.Statuses, got.Connect.Count())
	}
}

func TestResponsesWithoutBody(t *testing.T) {
	t.Parallel()
	n := startNginx(t)
	var requests []load.Request
	for range 3 {
		requests = append(requests,
			load.Request{Method: "HEAD", URL: n.plain + "/large.txt"},
			load.Request{URL: n.plain + "/away"},
			load.Request{URL: n.plain + "/"})
	}
	got := once(t, load.Scenario{Requests: requests}, nil)
	good(t, got, 9)
	if got.Connect.Count() != 1 || got.Statuses[204] != 3 {
		t.Errorf("got %d connections, statuses %v", got.Connect.Count(), got.Statuses)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	n := startNginx(t)
	for _, base := range []string{n.plain, n.h2c} {
		version := "1.1"
		if base == n.h2c {
			version = "2"
		}
		ask := func(packed bool, text string) (bytesIn, failures int64) {
			q := get("%s/large.txt", base)
			q.Expect.BodyContains = text
			got := once(t, load.Scenario{Requests: []load.Request{q}, Connection: load.Connection{HTTP: version, Compression: packed}}, nil)
			return got.BytesIn, got.Causes[load.CauseBody]
		}
		plain, _ := ask(false, "")
		packed, missing := ask(true, "no play\nall work")
		if plain < 400_000 || packed > plain/10 || missing != 0 {
			t.Errorf("HTTP/%s: %d bytes plain, %d packed, %d not found", version, plain, packed, missing)
		}
		if _, missing = ask(true, "no work"); missing != 1 {
			t.Errorf("HTTP/%s: text that is not there was found", version)
		}
		if _, missing = ask(false, "play\nall work and no"); missing != 0 {
			t.Errorf("HTTP/%s: text in an unpacked body was not found", version)
		}
	}
}
