package h3

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go/quicvarint"
)

// texts decodes a field section for people.
func texts(block []byte) string {
	var out []string
	next := qpack.NewDecoder().Decode(block)
	for {
		f, err := next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				out = append(out, err.Error())
			}
			return strings.Join(out, " ")
		}
		out = append(out, f.Name+"="+f.Value)
	}
}

// TestVarint compares with the library's own.
func TestVarint(t *testing.T) {
	t.Parallel()
	numbers := []uint64{0, 1, 63, 64, 16383, 16384, 1<<30 - 1, 1 << 30, maxVarint}
	for range 1000 {
		numbers = append(numbers, rand.Uint64N(maxVarint)>>rand.IntN(62))
	}
	for _, v := range numbers {
		b := appendVarint(nil, v)
		if want := quicvarint.Append(nil, v); !bytes.Equal(b, want) {
			t.Errorf("%d is % x; want % x", v, b, want)
		}
		if got, n := varint(append(b, 1)); got != v || n != len(b) {
			t.Errorf("% x is %d in %d bytes; want %d", b, got, n, v)
		}
		if _, n := varint(b[:len(b)-1]); n != 0 {
			t.Errorf("% x without its last byte took %d bytes", b, n)
		}
		r := &controlReader{src: iotest.OneByteReader(bytes.NewReader(b))}
		if got, err := r.varint(); got != v || err != nil || r.read != int64(len(b)) {
			t.Errorf("% x is %d, %v; want %d", b, got, err, v)
		}
	}
}

func TestControlStreams(t *testing.T) {
	t.Parallel()
	set := frame(frameSettings, []byte{1, 0, 7, 0, 6, 1})
	for name, test := range map[string]struct {
		stream []byte
		want   errorCode // 0: read to its end
		away   []uint64
	}{
		"settings":           {stream: set},
		"no settings at all": {stream: frame(frameSettings, nil)},
		"unknown frames":     {stream: join(set, frame(0x21, make([]byte, 2000)), frame(0x40, nil))},
		"goaway":             {stream: join(set, frame(frameGoAway, []byte{8}), frame(frameGoAway, []byte{4})), away: []uint64{8, 4}},
		"cancel push":        {stream: join(set, frame(frameCancelPush, []byte{0}))},
		"goaway first":       {stream: frame(frameGoAway, []byte{8}), want: errMissingSettings},
		"settings twice":     {stream: join(set, set), want: errFrameUnexpected},
		"data":               {stream: join(set, frame(frameData, nil)), want: errFrameUnexpected},
		"headers":            {stream: join(set, frame(frameHeaders, nil)), want: errFrameUnexpected},
		"max push id":        {stream: join(set, frame(frameMaxPushID, []byte{1})), want: errFrameUnexpected},
		"ping of HTTP/2":     {stream: join(set, frame(6, nil)), want: errFrameUnexpected},
		"setting of HTTP/2":  {stream: frame(frameSettings, []byte{4, 1}), want: errSettings},
		"same setting twice": {stream: frame(frameSettings, []byte{6, 1, 6, 2}), want: errSettings},
		"half a setting":     {stream: frame(frameSettings, []byte{6}), want: errFrame},
		"goaway upwards":     {stream: join(set, frame(frameGoAway, []byte{4}), frame(frameGoAway, []byte{8})), want: errID, away: []uint64{4}},
		"goaway of a push":   {stream: join(set, frame(frameGoAway, []byte{5})), want: errID},
		"goaway empty":       {stream: join(set, frame(frameGoAway, nil)), want: errFrame},
		"goaway long":        {stream: join(set, frame(frameGoAway, []byte{4, 4})), want: errFrame},
		"settings large":     {stream: appendVarint([]byte{frameSettings}, 1<<30), want: errExcessiveLoad},
	} {
		var away []uint64
		err := controlFrames(&controlReader{src: iotest.HalfReader(bytes.NewReader(test.stream))}, func(id uint64) { away = append(away, id) }, func() {})
		var fault *connectionError
		switch {
		case test.want == 0 && !errors.Is(err, io.EOF):
			t.Errorf("%s: %v", name, err)
		case test.want != 0 && (!errors.As(err, &fault) || fault.code != test.want):
			t.Errorf("%s: %v; want %v", name, err, test.want)
		case !slices.Equal(away, test.away):
			t.Errorf("%s: going away %v; want %v", name, away, test.away)
		}
	}
}

func TestErrorCodesHaveNames(t *testing.T) {
	t.Parallel()
	if got := errRequestCancelled.String(); got != "H3_REQUEST_CANCELLED" {
		t.Errorf("got %s", got)
	}
	if got := errorCode(0x999).String(); got != "error 0x999" {
		t.Errorf("got %s", got)
	}
}

// FuzzStream feeds any stream in any pieces: it must end in one way, the same
// for all pieces, and leave nothing behind.
func FuzzStream(f *testing.F) {
	ok := section(":status", "200", "content-length", "4")
	f.Add(join(ok, frame(frameData, []byte("body")), section("a", "b")), 3, false)
	f.Add(join(section(":status", "103"), frame(0x21, []byte("x")), ok), 1, true)
	f.Add(frame(frameHeaders, []byte{2, 0, 0x80}), 2, false)
	f.Fuzz(func(t *testing.T, stream []byte, piece int, headOnly bool) {
		c, closed := lone()
		a := exchange(c, stream, max(1, piece%64), headOnly)
		d, closedToo := lone()
		b := exchange(d, stream, 1<<20, headOnly)
		for _, x := range []*answer{a, b} {
			last := x.order[len(x.order)-1]
			if last != "end" && last != "fail" || c.Busy()+d.Busy() != 0 || x.size > int64(len(stream)) {
				t.Fatalf("told of %v", x.order)
			}
		}
		if !slices.Equal(a.order, b.order) || *closed != *closedToo || a.head.Status != b.head.Status {
			t.Fatalf("in pieces %v %v, whole %v %v", a.order, a.err, b.order, b.err)
		}
	})
}

func FuzzControl(f *testing.F) {
	f.Add(join(frame(frameSettings, []byte{6, 1}), frame(frameGoAway, []byte{4})))
	f.Add(frame(frameSettings, []byte{0xc0}))
	f.Fuzz(func(t *testing.T, stream []byte) {
		last := uint64(maxVarint)
		err := controlFrames(&controlReader{src: bytes.NewReader(stream)}, func(id uint64) {
			if id > last {
				t.Fatalf("going away at %d after %d", id, last)
			}
			last = id
		}, func() {})
		if err == nil {
			t.Fatal("no error at the end")
		}
	})
}
