package cookies

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

func head(lines ...string) *proto.Head {
	h := &proto.Head{Status: 200}
	for _, l := range lines {
		h.Fields = append(h.Fields, proto.HeadField{Name: []byte("Set-Cookie"), Value: []byte(l)})
	}
	return h
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func sent(j *Jar, u *url.URL, own ...proto.Field) string {
	for _, f := range j.AddTo(own, u) {
		if f.Name == "Cookie" {
			return f.Value
		}
	}
	return ""
}

func TestJar(t *testing.T) {
	t.Parallel()
	type step struct{ from, set, to, want string }
	for name, steps := range map[string][]step{
		"the same host":         {{"http://a.example/", "s=1", "http://a.example/x", "s=1"}},
		"another host":          {{"http://a.example/", "s=1", "http://b.example/", ""}},
		"the host's domain":     {{"http://a.shop.example/", "s=1; Domain=shop.example", "http://b.shop.example/", "s=1"}},
		"a public suffix":       {{"http://shop.co.uk/", "s=1; Domain=co.uk", "http://other.co.uk/", ""}},
		"somebody else's":       {{"http://a.example/", "s=1; Domain=b.example", "http://b.example/", ""}},
		"a path":                {{"http://a.example/", "s=1; Path=/in", "http://a.example/", ""}, {"http://a.example/", "x=2", "http://a.example/in/x", "s=1; x=2"}},
		"only over TLS":         {{"https://a.example/", "s=1; Secure", "http://a.example/", ""}, {"https://a.example/", "x=2", "https://a.example/", "s=1; x=2"}},
		"changed":               {{"http://a.example/", "s=1", "http://a.example/", "s=1"}, {"http://a.example/", "s=2", "http://a.example/", "s=2"}},
		"taken back":            {{"http://a.example/", "s=1", "http://a.example/", "s=1"}, {"http://a.example/", "s=; Max-Age=0", "http://a.example/", ""}},
		"long past":             {{"http://a.example/", "s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.example/", ""}},
		"an address":            {{"http://127.0.0.1:8080/", "s=1", "http://127.0.0.1:9090/", "s=1"}},
		"no cookie at all":      {{"http://a.example/", "=;", "http://a.example/", ""}},
		"too long to be kept":   {{"http://a.example/", "s=" + strings.Repeat("x", maxLine), "http://a.example/", ""}},
		"quotes stay as given":  {{"http://a.example/", `s="a b"`, "http://a.example/", `s="a b"`}},
		"only for HTTP is fine": {{"http://a.example/", "s=1; HttpOnly; SameSite=Lax", "http://a.example/", "s=1"}},
	} {
		var j Jar
		for _, s := range steps {
			j.Keep(parse(t, s.from), head(s.set))
			if got := sent(&j, parse(t, s.to)); got != s.want {
				t.Errorf("%s: after %q from %s, %s gets %q, want %q", name, s.set, s.from, s.to, got, s.want)
			}
		}
	}
}

func TestOwnCookieStays(t *testing.T) {
	t.Parallel()
	var j Jar
	u := parse(t, "http://a.example/")
	own := proto.Field{Name: "Cookie", Value: "mine=1"}
	if got := sent(&j, u, own); got != "mine=1" {
		t.Errorf("without a jar: %q", got)
	}
	j.Keep(u, head("s=1", "t=2"))
	if got := sent(&j, u, own); got != "mine=1; s=1; t=2" {
		t.Errorf("got %q", got)
	}
	if j.Clear(); sent(&j, u) != "" {
		t.Error("a cleared jar still sends")
	}
}

// TestJarIsBounded: a target that sends ever new cookies fills no memory, and
// those that are known go on changing.
func TestJarIsBounded(t *testing.T) {
	t.Parallel()
	var j Jar
	u := parse(t, "http://a.example/")
	for i := range 10 * maxCookies {
		j.Keep(u, head(fmt.Sprintf("c%d=1", i)))
	}
	j.Keep(u, head("c7=changed"))
	got := sent(&j, u)
	if n := strings.Count(got, "="); n != maxCookies || !strings.Contains(got, "c7=changed") {
		t.Errorf("%d cookies are sent", n)
	}
}

func TestNoCookiesCostNothing(t *testing.T) { //nolint:paralleltest // allocations are counted
	var j Jar
	u := parse(t, "http://a.example/")
	h := &proto.Head{Fields: []proto.HeadField{{Name: []byte("Server"), Value: []byte("x")}, {Name: []byte("set-cookin"), Value: []byte("s=1")}}}
	fields := []proto.Field{{Name: "A", Value: "b"}}
	if n := testing.AllocsPerRun(100, func() {
		j.Keep(u, h)
		fields = j.AddTo(fields, u)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzJar: no header crashes the jar, and a field stays one line.
func FuzzJar(f *testing.F) {
	f.Add("s=1; Path=/; Domain=a.example; Max-Age=10", "http://a.example/")
	f.Add(`s="x y"; Secure; Expires=Mon, 02 Jan 2040 15:04:05 GMT`, "https://[::1]:80/a")
	f.Fuzz(func(t *testing.T, line, where string) {
		u, err := url.Parse(where)
		if err != nil {
			return
		}
		var j Jar
		j.Keep(u, head(line))
		got := sent(&j, u)
		if strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("%q becomes %q", line, got)
		}
		plain, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			t.Fatal(err)
		}
		plain.SetCookies(u, (&http.Response{Header: http.Header{"Set-Cookie": {line}}}).Cookies())
		r := &http.Request{Header: http.Header{}}
		for _, c := range plain.Cookies(u) {
			r.AddCookie(c)
		}
		if want := r.Header.Get("Cookie"); got != want && len(line) <= maxLine {
			t.Errorf("%q for %s: got %q, the standard client sends %q", line, where, got, want)
		}
	})
}
