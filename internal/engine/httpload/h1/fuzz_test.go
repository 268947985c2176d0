package h1

import (
	"bytes"
	"io"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// FuzzResponse feeds anything, in pieces of any size: the session does not panic,
// holds no more than it may, tells of one end, and tells the same of the same
// bytes however they are cut.
func FuzzResponse(f *testing.F) {
	methods := []string{"GET", "HEAD", "CONNECT"}
	for i, c := range wireCases() {
		f.Add([]byte(c.wire), uint8(i), uint16(i*7), uint8(len(c.method)))
	}
	f.Fuzz(func(t *testing.T, wire []byte, step uint8, cut uint16, method uint8) {
		if len(wire) > 16<<10 {
			return
		}
		c := wireCase{wire: string(wire), method: methods[int(method)%len(methods)]}
		want := c.play(t, testOptions(), nil, false)
		check := func(cuts []int, blind bool) {
			if got := c.play(t, testOptions(), cuts, blind); got != want {
				t.Fatalf("cut at %v, blind %v:\n got %s\nwhole %s", cuts, blind, got, want)
			}
		}
		var all, some []int
		for i := 1; i < len(wire); i++ {
			all = append(all, i)
			if i%(int(step)+1) == 0 {
				some = append(some, i)
			}
		}
		check(all, false)
		check(some, true)
		if len(wire) > 0 {
			check([]int{int(cut) % len(wire)}, step%2 == 0)
		}
	})
}

// FuzzAgree compares with net/http where both see a response.
func FuzzAgree(f *testing.F) {
	for _, c := range wireCases() {
		f.Add(c.wire, c.method == "HEAD")
	}
	f.Fuzz(func(t *testing.T, wire string, head bool) {
		agree(t, map[bool]string{true: "HEAD", false: "GET"}[head], wire)
	})
}

// FuzzUpload has the peer read and answer as it likes while a body is sent.
func FuzzUpload(f *testing.F) {
	f.Add(uint32(100_000), uint16(500), uint8(3), true)
	f.Add(uint32(600_000), uint16(65_535), uint8(0), false)
	f.Fuzz(func(t *testing.T, size uint32, space uint16, turns uint8, file bool) {
		body := pattern(int(size % (1 << 20)))
		m := bodies(body)[map[bool]string{true: "File", false: "Memory"}[file]]
		l, r := &link{}, &log{}
		s := New(l, NewShared(Options{}))
		s.Start(m, r)
		for range turns {
			l.space = int(space)
			s.Writable()
		}
		want := append(AppendHead(nil, m), body...)
		if !bytes.HasPrefix(want, l.out.Bytes()) {
			t.Fatal("other bytes went out")
		}
		if err := s.Receive([]byte(okNone)); err != nil {
			t.Fatal(err)
		}
		if whole := l.out.Len() == len(want); whole != (s.Room() == 1) {
			t.Errorf("%d of %d bytes went, room %d", l.out.Len(), len(want), s.Room())
		}
		if r.traffic != (proto.Traffic{In: int64(len(okNone)), Out: int64(l.out.Len())}) {
			t.Errorf("the traffic is %v", r.traffic)
		}
		s.Ended(io.EOF)
	})
}
