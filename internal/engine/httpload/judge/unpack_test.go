package judge

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"onrush.dev/onrush/internal/load"
)

// pack packs as a server would.
func pack(t testing.TB, coding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "identity":
		return body
	case "gzip", "x-gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "bare":
		w, err = flate.NewWriter(&b, flate.DefaultCompression)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnop"[r.IntN(16)]
	}
	return b
}

// TestPackedBodies: a packed body is judged as what it holds, wherever it is
// cut; one that ends early is malformed, with or without checks on its text.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	body := append(noise(5000), shop...)
	sha, _ := sumsOf(string(body))
	r := compile(t, load.Expect{SHA256: sha, Size: &load.SizeRange{Min: load.Bytes(len(body)), Max: load.Bytes(len(body))}, BodyMatches: `"token": "t-\d"`},
		map[string]load.Extract{"x": {Regex: `"id": (\d)`}})
	var j Judge
	for _, test := range []struct{ header, inner, outer string }{
		{"gzip", "gzip", ""},
		{"X-GZIP", "gzip", ""},
		{"deflate", "deflate", ""},
		{"deflate", "bare", ""},
		{"br", "br", ""},
		{"zstd", "zstd", ""},
		{"identity, gzip", "gzip", ""},
		{"br, gzip", "br", "gzip"},
		{"gzip, zstd", "gzip", "zstd"},
	} {
		packed := pack(t, test.inner, body)
		if test.outer != "" {
			packed = pack(t, test.outer, packed)
		}
		h := head(200, "content-encoding: "+test.header)
		if got := verdict(&j, r, h, packed); got != `["7"]` {
			t.Errorf("%s: got %s", test.header, got)
		}
		for cut := 0; cut < len(packed); cut += 7 {
			if got := verdict(&j, r, h, packed[:cut], packed[cut:]); got != `["7"]` {
				t.Errorf("%s cut at %d: got %s", test.header, cut, got)
				break
			}
		}
		if got := verdict(&j, r, h, packed[:len(packed)/2]); got != "malformed" {
			t.Errorf("%s, half of it: got %s, want malformed", test.header, got)
		}
		if got := verdict(&j, r, h, []byte("this was never packed at all")); got != "malformed" {
			t.Errorf("%s, never packed: got %s, want malformed", test.header, got)
		}
	}
}

func TestPackedNothing(t *testing.T) {
	t.Parallel()
	r := compile(t, load.Expect{Size: &load.SizeRange{}}, nil)
	var j Judge
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		h := head(200, "Content-Encoding: "+coding)
		if got := verdict(&j, r, h); got != "[]" {
			t.Errorf("%s without a byte: got %s", coding, got)
		}
		if got := verdict(&j, r, h, pack(t, coding, nil)); got != "[]" {
			t.Errorf("%s of nothing: got %s", coding, got)
		}
	}
}

// TestBombs: a small body that becomes a large one is given up early.
func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 64<<20)
	r := compile(t, load.Expect{BodyContains: "x"}, nil)
	for _, codings := range [][]string{{"gzip"}, {"br"}, {"zstd"}, {"gzip", "gzip"}} {
		packed := zeros
		for _, coding := range codings {
			packed = pack(t, coding, packed)
		}
		var j Judge
		if got := verdict(&j, r, head(200, "Content-Encoding: "+strings.Join(codings, ", ")), packed); got != "too_large" {
			t.Errorf("%v: %d bytes that stand for 64 MiB: got %s, want too_large", codings, len(packed), got)
		}
		if j.size > 2*maxUnpacked {
			t.Errorf("%v: %d bytes were unpacked", codings, j.size)
		}
	}
	// What packs as well as texts do is no bomb, however large.
	text := bytes.Repeat(noise(1000), 40_000)
	var j Judge
	if got := verdict(&j, r, head(200, "Content-Encoding: gzip"), pack(t, "gzip", append(text, noise(1<<20)...)), nil); got != "body" {
		t.Errorf("40 MB of text: got %s, want body", got)
	}
}

// FuzzUnpack: no packed bytes hang, crash or grow memory, and the verdict does
// not depend on where they are cut.
func FuzzUnpack(f *testing.F) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		f.Add(coding, pack(f, coding, []byte(shop)), uint16(9))
		f.Add(coding+", gzip", pack(f, "gzip", pack(f, coding, []byte(shop))), uint16(3))
	}
	f.Add("deflate", pack(f, "bare", []byte(shop)), uint16(1))
	f.Fuzz(func(t *testing.T, coding string, packed []byte, cut uint16) {
		if strings.ContainsAny(coding, "\r\n") {
			return
		}
		r := compile(t, load.Expect{BodyContains: "token", BodyMatches: "Schuhe"}, map[string]load.Extract{"x": {JSON: "$.n", Default: ptr("-")}})
		h := head(200, "Content-Encoding: "+coding)
		at := min(int(cut), len(packed))
		var j Judge
		whole := verdict(&j, r, h, packed)
		if pieces := verdict(&j, r, h, packed[:at], packed[at:]); pieces != whole {
			t.Errorf("whole %s, cut at %d %s", whole, at, pieces)
		}
	})
}
