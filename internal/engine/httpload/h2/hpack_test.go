package h2

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

func newReader() *hpack.Decoder { return hpack.NewDecoder(tableSize, nil) }

func newDecoder() *decoder { return &decoder{c: shared(), max: tableSize} }

// unpack returns what a block holds, one line for each header line.
func unpack(d *decoder, block []byte) (string, error) {
	var h heading
	h.reset(1 << 30)
	var lines strings.Builder
	err := d.decode(block, &h)
	if h.status != 0 {
		fmt.Fprintf(&lines, ":status=%d\n", h.status)
	}
	for _, f := range h.fields {
		fmt.Fprintf(&lines, "%s=%s\n", f.Name, f.Value)
	}
	return lines.String(), err
}

// Blocks mean to us what they mean to the library, one behind the other.
func FuzzDecode(f *testing.F) {
	s := newServer()
	first := s.pack(ok("server", "nginx", "date", "Thu, 26 Nov 2026 12:00:00 GMT", "x-long", strings.Repeat("z", 900))...)
	second := s.pack(ok("server", "nginx", "etag", "\"abc\"", "set-cookie", "a=b")...)
	f.Add(first, second, second)
	f.Add([]byte("\x20\x3f\xe1\x1f\x88"), []byte("\x40\x01a\x01b\xbe"), []byte("\x3e\x88\xbe"))
	f.Add([]byte("\xbd\xbc\x88"), []byte("\x8f\x90"), []byte("\x7d\x00"))
	f.Add([]byte("\x48\x03200"), []byte("\x7f\x00\x02xy"), []byte("\x10\x83\xf2\xb2\x4f\x81\x1f"))
	f.Add([]byte("\x40\x01a\x01b\x7e\x01c\x7e\x01d\x7f\x00\x01e"), []byte("\xbe\xbf\xc0\xc1"), []byte{})
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		ours, theirs := newDecoder(), newReader()
		for i, block := range [][]byte{a, b, c} {
			var want strings.Builder
			fields, wrong := theirs.DecodeFull(block)
			got, err := unpack(ours, block)
			if (err != nil) != (wrong != nil) {
				if lenient(block) {
					return
				}
				t.Fatalf("block %d: %v, the library says %v", i, err, wrong)
			}
			if err != nil {
				return
			}
			status := ""
			for _, h := range fields {
				switch {
				case h.Name == ":status" && want.Len() == 0 && status == "" && len(h.Value) == 3 && h.Value[0] > '0' && strings.Trim(h.Value, "0123456789") == "":
					status = ":status=" + h.Value + "\n"
				case !strings.HasPrefix(h.Name, ":"):
					fmt.Fprintf(&want, "%s=%s\n", h.Name, h.Value)
				}
			}
			if plainLines(fields) && got != status+want.String() {
				t.Fatalf("block %d: %q, the library says %q", i, got, status+want.String())
			}
			if n := ours.live(); n != ours.size || n > ours.max {
				t.Fatalf("block %d: the table has %d bytes, says %d, may have %d", i, n, ours.size, ours.max)
			}
		}
	})
}

// plainLines says whether all lines are such that a heading keeps them.
func plainLines(fields []hpack.HeaderField) bool {
	for _, f := range fields {
		if k := classify([]byte(f.Name), []byte(f.Value)); k == pseudo || k == length || (k == broken && strings.HasPrefix(f.Name, ":")) {
			return false
		}
	}
	return true
}

// lenient says whether a block may be among the few that the library and we judge
// apart: numbers with needless zeroes, or so large that nobody means them, and a
// table resized behind another resizing.
func lenient(block []byte) bool {
	return slices.ContainsFunc(block, func(c byte) bool { return c&0x0f == 0x0f || c&0xe0 == 0x20 })
}

// live is what the table holds, as HPACK counts.
func (d *decoder) live() int {
	n := 0
	for i := d.gone; i < len(d.entries); i++ {
		n += d.entries[i].size()
	}
	return n
}

// Ten thousand heads that fill the table again and again.
func TestDecodeLong(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	s, d := newServer(), newDecoder()
	for i := range 10_000 {
		lines := ok("server", "nginx", "date", fmt.Sprint("day ", i/7), "x-request-id", fmt.Sprint(r.Uint64()))
		if r.IntN(3) == 0 {
			lines = append(lines, fmt.Sprint("x-", r.IntN(50)), strings.Repeat("v", r.IntN(600)))
		}
		if r.IntN(500) == 0 {
			s.hpack.SetMaxDynamicTableSize(uint32(r.IntN(tableSize + 1)))
		}
		var want strings.Builder
		for j := 0; j < len(lines); j += 2 {
			want.WriteString(lines[j] + "=" + lines[j+1] + "\n")
		}
		got, err := unpack(d, s.pack(lines...))
		if err != nil || got != want.String() {
			t.Fatalf("head %d: %q, %v, want %q", i, got, err, want.String())
		}
	}
	if cap(d.arena) > 8*tableSize || cap(d.entries) > 1000 {
		t.Errorf("the table has grown to %d bytes, %d entries", cap(d.arena), cap(d.entries))
	}
}

// A block that names one long name again and again does not fill memory.
func TestDecodeBomb(t *testing.T) {
	t.Parallel()
	d := newDecoder()
	block := append([]byte{0x40, 0x7f, 0xa1, 0x1e}, strings.Repeat("n", 0x7f+0xf21)...) // a name of 4000 bytes
	block = append(append(block, 0), strings.Repeat("\x7e\x00", 100_000)...)
	var h heading
	h.reset(1 << 20)
	if err := d.decode(block, &h); err != nil || h.fault == "" {
		t.Fatalf("%v, %q", err, h.fault)
	}
	if cap(d.arena) > 1<<20 || len(h.fields) > 1000 {
		t.Errorf("kept %d bytes, %d fields", cap(d.arena), len(h.fields))
	}
}

// Whatever is sent in whatever order, and however the peer's table changes, the
// library reads what was meant.
func TestEncode(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		e := &encoder{c: shared(), max: tableSize, open: true}
		reader := newReader()
		for i := range 200 {
			if r.IntN(40) == 0 {
				n := uint32(r.IntN(3 * tableSize))
				reader.SetAllowedMaxDynamicTableSize(n)
				e.resize(n)
			}
			m, want := randomMessage(r)
			fields, err := reader.DecodeFull(e.encode(nil, m))
			if err != nil {
				t.Fatalf("seed %d, head %d: %v", seed, i, err)
			}
			var got strings.Builder
			for _, f := range fields {
				got.WriteString(f.Name + "=" + f.Value + "\n")
			}
			if got.String() != want {
				t.Fatalf("seed %d, head %d:\n%s\nwant\n%s", seed, i, got.String(), want)
			}
		}
	}
}

func randomMessage(r *rand.Rand) (*proto.Message, string) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	m := &proto.Message{
		Method: pick("GET", "POST", "HEAD", "PUT", "BREW"), Scheme: pick("http", "https"), Authority: pick("a", "b:443"),
		Path: pick("/", "/x", fmt.Sprint("/", r.Uint64()), "*"), Body: make([]byte, r.IntN(2)*r.IntN(300)),
	}
	want := fmt.Sprintf(":method=%s\n:scheme=%s\n:authority=%s\n:path=%s\n", m.Method, m.Scheme, m.Authority, m.Path)
	for range r.IntN(12) {
		name := pick("User-Agent", "accept", "X-Thing", "COOKIE", strings.Repeat("N", 200))
		value := pick("", "onrush", fmt.Sprint(r.IntN(50)), strings.Repeat("v", r.IntN(300)))
		m.Fields = append(m.Fields, proto.Field{Name: name, Value: pick("", " ") + value + pick("", "\t")})
		want += strings.ToLower(name) + "=" + value + "\n"
	}
	for _, name := range []string{"Connection", "keep-alive", "Proxy-Connection", "TRANSFER-ENCODING", "Upgrade", "TE", "Host", "Content-Length"} {
		m.Fields = append(m.Fields, proto.Field{Name: name, Value: "x"})
	}
	m.Fields = append(m.Fields, proto.Field{Name: "TE", Value: "trailers"})
	want += "te=trailers\n"
	if len(m.Body) > 0 || m.Method == "POST" || m.Method == "PUT" {
		want += fmt.Sprintf("content-length=%d\n", len(m.Body))
	}
	return m, want
}

// The second of equal heads is a few bytes and costs no memory.
func TestEncodeAgain(t *testing.T) { // not parallel: it counts allocations
	e := &encoder{c: shared(), max: tableSize, open: true}
	m := get("/some/where")
	if first, second := len(e.encode(nil, m)), len(e.encode(nil, m)); first < 30 || second != 6 {
		t.Errorf("%d bytes, then %d", first, second)
	}
	if n := testing.AllocsPerRun(100, func() { e.encode(make([]byte, 0, 16), m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
