package judge

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

var ok = []load.StatusPattern{{Min: 200, Max: 399}}

func compile(t testing.TB, e load.Expect, x map[string]load.Extract) *Rules {
	t.Helper()
	if e.Status == nil {
		e.Status = ok
	}
	r, err := Compile(e, x)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func head(status int, lines ...string) *proto.Head {
	h := &proto.Head{Status: status, Length: -1}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Fields = append(h.Fields, proto.HeadField{Name: []byte(name), Value: []byte(value)})
	}
	return h
}

// verdict plays a response, its body cut into pieces, as one line: the cause, or
// the extracted values.
func verdict(j *Judge, r *Rules, h *proto.Head, pieces ...[]byte) string {
	j.Begin(r, h)
	for _, p := range pieces {
		p = bytes.Clone(p)
		var err error
		if j.Wants() {
			err = j.Body(p)
		} else {
			j.Skip(int64(len(p)))
		}
		clear(p) // nothing may be kept
		if err != nil {
			break
		}
	}
	vars, failure := j.End()
	if failure != nil {
		return string(failure.Cause)
	}
	return fmt.Sprintf("%q", vars)
}

func ptr[T any](v T) *T { return &v }

// shop is a body with something for every check.
const shop = `{"token": "t-1", "n": 1.50, "ok": true, "none": null, "items": [{"id": 7, "name": "Schuhe \u00e4"}, {"id": 8}], "a.b": {"c": []}}`

func sumsOf(body string) (sha, md string) {
	a, b := sha256.Sum256([]byte(body)), md5.Sum([]byte(body))
	return hex.EncodeToString(a[:]), strings.ToUpper(hex.EncodeToString(b[:]))
}

type test struct {
	name    string
	expect  load.Expect
	extract map[string]load.Extract
	head    *proto.Head
	body    string
	want    string
}

func tests() []test {
	sha, md := sumsOf(shop)
	js := func(path, want string) load.Expect { return load.Expect{JSON: map[string]string{path: want}} }
	from := func(x load.Extract) map[string]load.Extract { return map[string]load.Extract{"x": x} }
	h := func(name, text string) load.Expect { return load.Expect{Headers: map[string]string{name: text}} }
	size := func(low, high load.Bytes) load.Expect { return load.Expect{Size: &load.SizeRange{Min: low, Max: high}} }
	whole := load.Bytes(len(shop))
	all := head(200, "X-A: one", "x-a: two", "Content-Type: application/json", "X-Empty: ")
	return []test{
		{name: "nothing expected", head: all, body: shop, want: "[]"},
		{name: "another status", expect: js("$.x", "1"), head: head(500), body: shop, want: "status"},
		{name: "header", expect: h("X-a", "two"), head: all, want: "[]"},
		{name: "header without the text", expect: h("X-A", "Two"), head: all, want: "check"},
		{name: "header there", expect: h("x-empty", ""), head: all, want: "[]"},
		{name: "header not there", expect: h("X", ""), head: all, want: "check"},
		{name: "size", expect: size(whole, whole), head: all, body: shop, want: "[]"},
		{name: "size in a range", expect: size(1, 1000), head: all, body: shop, want: "[]"},
		{name: "too small", expect: size(1000, 2000), head: all, body: shop, want: "check"},
		{name: "no body", expect: size(0, 0), head: all, want: "[]"},
		{name: "sha256", expect: load.Expect{SHA256: sha}, head: all, body: shop, want: "[]"},
		{name: "md5", expect: load.Expect{MD5: md}, head: all, body: shop, want: "[]"},
		{name: "both sums", expect: load.Expect{SHA256: sha, MD5: md, Size: &load.SizeRange{Min: whole, Max: whole}}, head: all, body: shop, want: "[]"},
		{name: "wrong sum", expect: load.Expect{SHA256: sha}, head: all, body: shop + " ", want: "check"},
		{name: "wrong md5", expect: load.Expect{MD5: md}, head: all, body: shop[1:], want: "check"},
		{name: "contains", expect: load.Expect{BodyContains: `Schuhe \u00e4`}, head: all, body: shop, want: "[]"},
		{name: "contains a letter", expect: load.Expect{BodyContains: `S`}, head: all, body: shop, want: "[]"},
		{name: "contains after a false start", expect: load.Expect{BodyContains: "aab"}, head: all, body: "aaaaaaab", want: "[]"},
		{name: "does not contain", expect: load.Expect{BodyContains: "Schuhe ä"}, head: all, body: shop, want: "body"},
		{name: "longer than the body", expect: load.Expect{BodyContains: shop + "x"}, head: all, body: shop, want: "body"},
		{name: "matches", expect: load.Expect{BodyMatches: `"id": \d+, "name"`}, head: all, body: shop, want: "[]"},
		{name: "matches from begin to end", expect: load.Expect{BodyMatches: `^\{.*\}$`}, head: all, body: shop, want: "[]"},
		{name: "begin is the body's", expect: load.Expect{BodyMatches: `^"token"`}, head: all, body: shop, want: "body"},
		{name: "matches nothing", expect: load.Expect{BodyMatches: `^$`}, head: all, want: "[]"},
		{name: "json text", expect: js("$.token", "t-1"), head: all, body: shop, want: "[]"},
		{name: "json number as written", expect: js("$.n", "1.50"), head: all, body: shop, want: "[]"},
		{name: "json number otherwise", expect: js("$.n", "1.5"), head: all, body: shop, want: "check"},
		{name: "json true", expect: js("$.ok", "true"), head: all, body: shop, want: "[]"},
		{name: "json null", expect: js("$.none", "null"), head: all, body: shop, want: "[]"},
		{name: "json any", expect: js("$.items[1].id", "*"), head: all, body: shop, want: "[]"},
		{name: "json missing", expect: js("$.items[2]", "*"), head: all, body: shop, want: "check"},
		{name: "json from the end", expect: js("$.items[-1].id", "8"), head: all, body: shop, want: "[]"},
		{name: "json escapes", expect: js("$.items[0].name", "Schuhe ä"), head: all, body: shop, want: "[]"},
		{name: "json object", expect: js("$['a.b']", `{"c":[]}`), head: all, body: shop, want: "[]"},
		{name: "json filter", expect: js("$.items[?@.id > 7].id", "8"), head: all, body: shop, want: "[]"},
		{name: "json first of all", expect: js("$..id", "7"), head: all, body: shop, want: "[]"},
		{name: "no json", expect: js("$", "*"), head: all, body: shop + "}", want: "check"},
		{name: "empty is no json", expect: js("$", "*"), head: all, want: "check"},
		{name: "too deep for a search", expect: js("$..x", "*"), head: all, body: strings.Repeat("[", 100) + strings.Repeat("]", 100), want: "check"},
		{name: "too wide for a search", expect: js("$..x", "*"), head: all, body: `["` + strings.Repeat("x", 256<<10) + `"]`, want: "too_large"},
		{name: "deep enough for a place", expect: js("$[0][0]", "*"), head: all, body: strings.Repeat("[", 100) + strings.Repeat("]", 100), want: "[]"},
		{name: "extract json", extract: from(load.Extract{JSON: "$.token"}), head: all, body: shop, want: `["t-1"]`},
		{name: "extract regex", extract: from(load.Extract{Regex: `"id": (\d+)`}), head: all, body: shop, want: `["7"]`},
		{name: "extract without group", extract: from(load.Extract{Regex: `t-\d`}), head: all, body: shop, want: `["t-1"]`},
		{name: "extract the whole match", extract: from(load.Extract{Regex: `"id": (\d+)`, Group: ptr(0)}), head: all, body: shop, want: `["\"id\": 7"]`},
		{name: "extract a group that took no part", extract: from(load.Extract{Regex: `t-1|(q)`}), head: all, body: shop, want: "extract"},
		{name: "extract header", extract: from(load.Extract{Header: "x-A"}), head: all, body: shop, want: `["one"]`},
		{name: "extract an empty header", extract: from(load.Extract{Header: "X-Empty"}), head: all, want: `[""]`},
		{name: "nothing to extract", extract: from(load.Extract{JSON: "$.tok"}), head: all, body: shop, want: "extract"},
		{name: "default", extract: from(load.Extract{JSON: "$.tok", Default: ptr("d")}), head: all, body: shop, want: `["d"]`},
		{name: "default for what is no json", extract: from(load.Extract{JSON: "$.tok", Default: ptr("")}), head: all, body: "x", want: `[""]`},
		{name: "no header to extract", extract: from(load.Extract{Header: "X"}), head: all, want: "extract"},
		{name: "several", extract: map[string]load.Extract{"b": {Header: "X-A"}, "a": {Regex: "to(.)en"}, "c": {JSON: "$.n"}}, head: all, body: shop, want: `["k" "one" "1.50"]`},
		{name: "a failed check extracts nothing", expect: load.Expect{BodyContains: "?"}, extract: from(load.Extract{JSON: "$.token"}), head: all, body: shop, want: "body"},
		{name: "unknown packing that nobody looks into", head: head(200, "Content-Encoding: sdch"), body: shop, want: "[]"},
		{name: "unknown packing", expect: js("$.ok", "*"), head: head(200, "Content-Encoding: sdch"), body: shop, want: "malformed"},
		{name: "not packed", expect: js("$.ok", "*"), head: head(200, "Content-Encoding: identity"), body: shop, want: "[]"},
		{name: "packed too often", expect: js("$.ok", "*"), head: head(200, "Content-Encoding: gzip, br, gzip, br"), body: shop, want: "malformed"},
	}
}

// TestVerdicts plays every response whole, byte by byte and cut once anywhere,
// on one judge: the verdict is the same each time.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	var j Judge
	for _, test := range tests() {
		r := compile(t, test.expect, test.extract)
		body := []byte(test.body)
		if got := verdict(&j, r, test.head, body); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
			continue
		}
		if len(body) > 1000 {
			continue
		}
		for cut := range body {
			if got := verdict(&j, r, test.head, body[:cut], body[cut:]); got != test.want {
				t.Errorf("%s, cut at %d: got %s, want %s", test.name, cut, got, test.want)
				break
			}
		}
		bytewise := make([][]byte, len(body))
		for i := range body {
			bytewise[i] = body[i : i+1]
		}
		if got := verdict(&j, r, test.head, bytewise...); got != test.want {
			t.Errorf("%s, byte by byte: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestWhatIsWanted: bytes are asked for only when something looks at them.
func TestWhatIsWanted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		expect       load.Expect
		head         *proto.Head
		needs, wants bool
	}{
		{"status", load.Expect{}, head(200), false, false},
		{"header", load.Expect{Headers: map[string]string{"A": ""}}, head(200, "A: b"), false, false},
		{"size", load.Expect{Size: &load.SizeRange{}}, head(200), true, false},
		{"size of a packed body", load.Expect{Size: &load.SizeRange{}}, head(200, "Content-Encoding: gzip"), true, true},
		{"text", load.Expect{BodyContains: "a"}, head(200), true, true},
		{"text, wrong status", load.Expect{BodyContains: "a"}, head(404), true, false},
		{"text, wrong header", load.Expect{BodyContains: "a", Headers: map[string]string{"A": ""}}, head(200), true, false},
	} {
		r := compile(t, test.expect, nil)
		var j Judge
		j.Begin(r, test.head)
		if r.NeedsBody() != test.needs || j.Wants() != test.wants {
			t.Errorf("%s: needs %v, wants %v", test.name, r.NeedsBody(), j.Wants())
		}
	}
}

// TestLargeBodiesStream: what does not hold bodies judges one of any size, and
// what holds them refuses to.
func TestLargeBodiesStream(t *testing.T) {
	t.Parallel()
	piece := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	const pieces = MaxHeld/(64<<10) + 3
	for name, test := range map[string]struct {
		expect  load.Expect
		extract map[string]load.Extract
		want    string
	}{
		"contains across pieces": {load.Expect{BodyContains: "abcdef012345"}, nil, "[]"},
		"matches at the end":     {load.Expect{BodyMatches: `f(end)$`}, nil, "[]"},
		"does not match":         {load.Expect{BodyMatches: `^abc`}, nil, "body"},
		"size":                   {load.Expect{Size: &load.SizeRange{Min: pieces*64<<10 + 3, Max: pieces*64<<10 + 3}}, nil, "[]"},
		"json":                   {load.Expect{JSON: map[string]string{"$": "*"}}, nil, "too_large"},
		"extraction":             {load.Expect{}, map[string]load.Extract{"x": {Regex: "end"}}, "too_large"},
	} {
		var j Judge
		j.Begin(compile(t, test.expect, test.extract), head(200))
		held := 0
		for range pieces {
			if j.Body(piece) != nil {
				break
			}
			held = max(held, cap(j.held)+cap(j.matcher.kept)+cap(j.finder.tail))
		}
		_ = j.Body([]byte("end"))
		vars, failure := j.End()
		got := fmt.Sprintf("%q", vars)
		if failure != nil {
			got = string(failure.Cause)
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if limit := 256 << 10; test.want != "too_large" && held > limit {
			t.Errorf("%s: %d bytes are held", name, held)
		}
		if j.Reset(); cap(j.held) > keptBuffer {
			t.Errorf("%s: %d bytes are kept for the next body", name, cap(j.held))
		}
	}
}

// TestStatusAloneAllocatesNothing: the path of nearly all requests.
func TestStatusAloneAllocatesNothing(t *testing.T) { //nolint:paralleltest // allocations are counted
	r := compile(t, load.Expect{}, nil)
	good, bad := head(200, "Content-Encoding: gzip"), head(503)
	var j Judge
	play := func() {
		for _, h := range []*proto.Head{good, bad} {
			j.Begin(r, h)
			j.Skip(1000)
			_, _ = j.End()
		}
	}
	play()
	if n := testing.AllocsPerRun(100, play); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestGivenUp: a judge forgets a response wherever it broke off.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	r := compile(t, load.Expect{BodyContains: "Schuhe", BodyMatches: "z$"}, map[string]load.Extract{"x": {Regex: "(.)z"}})
	large := []byte(strings.Repeat("x", 2*keptBuffer) + "Schuhe yz")
	var j Judge
	for _, coding := range []string{"identity", "gzip", "br", "zstd", "deflate"} {
		packed := pack(t, coding, large)
		h := head(200, "Content-Encoding: "+coding)
		for _, cut := range []int{0, 1, len(packed) / 2, len(packed) - 1} {
			j.Begin(r, h)
			_ = j.Body(packed[:cut])
			j.Reset()
			if got := verdict(&j, r, h, packed); got != `["y"]` {
				t.Errorf("%s, after a response that broke off at %d: got %s", coding, cut, got)
			}
		}
	}
}

// TestOnALockedThread: the engine's loops are locked to their threads, which
// coroutines must bear.
func TestOnALockedThread(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := compile(t, load.Expect{BodyMatches: "abc$", BodyContains: "abc"}, nil)
	body := []byte(strings.Repeat("x", 3*keptBuffer) + "abc")
	packed := pack(t, "gzip", body)
	judges := make([]Judge, 20)
	for i := range judges {
		judges[i].Begin(r, head(200, "Content-Encoding: gzip"))
	}
	for at := range packed {
		for i := range judges {
			_ = judges[i].Body(packed[at : at+1])
		}
	}
	for i := range judges {
		if _, failure := judges[i].End(); failure != nil {
			t.Errorf("judge %d: %v", i, failure)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expect  load.Expect
		extract load.Extract
	}{
		"sha256":                 {load.Expect{SHA256: "x"}, load.Extract{Header: "A"}},
		"md5":                    {load.Expect{MD5: "x"}, load.Extract{Header: "A"}},
		"regex":                  {load.Expect{BodyMatches: "("}, load.Extract{Header: "A"}},
		"path":                   {load.Expect{JSON: map[string]string{"$[": ""}}, load.Extract{Header: "A"}},
		"regex of an extraction": {load.Expect{}, load.Extract{Regex: "("}},
		"path of an extraction":  {load.Expect{}, load.Extract{JSON: "$.a["}},
		"group":                  {load.Expect{}, load.Extract{Regex: "(a)", Group: ptr(2)}},
		"nothing":                {load.Expect{}, load.Extract{}},
		"two searches":           {load.Expect{}, load.Extract{JSON: "$..a..b"}},
		"root in a filter":       {load.Expect{}, load.Extract{JSON: "$.a[?@.b == $.c]"}},
	} {
		if _, err := Compile(test.expect, map[string]load.Extract{"x": test.extract}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	r := compile(t, load.Expect{}, map[string]load.Extract{"b": {Header: "A"}, "a": {Header: "B", Default: ptr("d")}})
	if !reflect.DeepEqual(r.Names(), []string{"a", "b"}) {
		t.Errorf("names are %v", r.Names())
	}
	if text, has := r.Default(0); text != "d" || !has {
		t.Errorf("the default of a is %q, %v", text, has)
	}
	if _, has := r.Default(1); has {
		t.Error("b has a default")
	}
}
