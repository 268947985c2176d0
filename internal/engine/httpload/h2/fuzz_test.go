package h2

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// played is what came of bytes.
type played struct {
	events []string
	err    string
}

// compare leaves out what was sent: bodies go when all pieces are looked at.
func (p *played) compare(t *testing.T, whole played, n int) {
	t.Helper()
	if p.err != whole.err || !slices.Equal(p.events, whole.events) {
		t.Fatalf("in pieces of %d:\n%s\n%s\nwhole:\n%s\n%s", n,
			strings.Join(p.events, "\n"), p.err, strings.Join(whole.events, "\n"), whole.err)
	}
}

// play lets a session of three exchanges have what a peer said, in pieces of at
// most so many bytes, and then the end.
func play(t *testing.T, p []byte, piece int, o Options) played {
	t.Helper()
	var out played
	link := newTape()
	s := New(link, o)
	all := []*witness{newWitness("a", &out.events), newWitness("b", &out.events), newWitness("c", &out.events)}
	again := newWitness("again", &out.events)
	all[1].onOver = func() {
		if s.Room() > 0 {
			all = append(all, again)
			s.Start(get("/again"), again)
		}
	}
	for i, m := range []*proto.Message{get("/"), upload(make([]byte, 100_000), false), {Method: "HEAD", Scheme: "http", Authority: "x", Path: "/"}} {
		s.Start(m, all[i])
	}
	in := int64(0)
	for q := p; len(q) > 0; q = q[min(len(q), piece):] {
		in += int64(min(len(q), piece))
		if err := s.Receive(q[:min(len(q), piece)]); err != nil {
			out.err = err.Error()
			if s.Busy() != 0 || s.Room() >= 0 {
				t.Fatalf("dead, and %d under way, room for %d", s.Busy(), s.Room())
			}
			break
		}
	}
	s.Ended(io.EOF)
	sum := s.loose
	for _, w := range all {
		if w.over != 1 {
			t.Fatalf("%s ended %d times", w.name, w.over)
		}
		sum.In, sum.Out = sum.In+w.traffic.In, sum.Out+w.traffic.Out
	}
	if sum.In > in || (out.err == "" && sum.In != in) || sum.Out != int64(link.Len()) {
		t.Fatalf("counted %v, travelled %d and %d", sum, in, link.Len())
	}
	if link.Len() > 110_000+10*len(p)+1000 {
		t.Fatalf("%d bytes made us say %d", len(p), link.Len())
	}
	return out
}

// Whatever comes, every exchange ends once, bytes are counted, and it does not
// matter how they are cut.
func FuzzSession(f *testing.F) {
	for _, c := range slices.Concat(goodScripts(), goodStreamScripts(), badStreamScripts(), badConnectionScripts()) {
		if p := c.bytes(); len(p) < 2000 {
			f.Add(p, uint8(1))
		}
	}
	s := newServer().settings(4, 1<<20)
	_ = s.WriteWindowUpdate(0, 1<<20)
	s.head(5, true, ok()...).head(3, false, ok()...).data(3, true, "early").head(7, true, ok()...)
	f.Add(s.take(), uint8(3))
	f.Fuzz(func(t *testing.T, p []byte, piece uint8) {
		if len(p) > 1<<16 {
			return
		}
		o := Options{MaxStreams: 4, Window: 1000, MaxHead: 2000, MaxBody: 500}
		whole := play(t, p, len(p)+1, o)
		for _, n := range []int{1, int(piece) + 1} {
			cut := play(t, p, n, o)
			cut.compare(t, whole, n)
		}
	})
}

// A peer that says good frames of any kind in any order.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x01\x01\x00\x01\x00\x05hello"))
	f.Add([]byte("\x81\x05\x00\x00\x01\x05hello\x02\x01"))
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newServer().settings()
		for len(script) >= 2 && s.Len() < 1<<16 {
			kind, id, n := script[0]&15, uint32(script[1]&15), 0
			if script = script[2:]; len(script) > 0 {
				n = int(script[0])
			}
			switch ends := kind >= 8; kind & 7 {
			case 0, 1:
				s.head(id, ends, ok("n", fmt.Sprint(n))...)
			case 2:
				s.data(id, ends, strings.Repeat("x", n))
			case 3:
				_ = s.WriteWindowUpdate(id, uint32(n*200))
			case 4:
				s.settings(id, uint32(n)<<(n&31))
			case 5:
				s.head(id, ends, ":status", "204")
			case 6:
				s.raw(3, 0, id, "\x00\x00\x00\x01")
			case 7:
				s.head(id, ends, ok("content-length", fmt.Sprint(n))...)
			}
		}
		p := s.take()
		o := Options{MaxStreams: 4, Window: 1 << 20, MaxBody: 500}
		cut := play(t, p, 7, o)
		cut.compare(t, play(t, p, len(p)+1, o), 7)
	})
}
