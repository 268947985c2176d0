package h2

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// life is a session whose receivers do all that they may, at random.
type life struct {
	t     *testing.T
	r     *rand.Rand
	s     *Session
	alive []*witness // started, and neither ended nor cancelled
	begun int
	sum   proto.Traffic
}

func (l *life) add(t proto.Traffic) { l.sum.In, l.sum.Out = l.sum.In+t.In, l.sum.Out+t.Out }

// start begins an exchange, if there is room.
func (l *life) start() {
	if l.s.Room() <= 0 {
		return
	}
	l.begun++
	w := newWitness(fmt.Sprint(l.begun), nil)
	w.unseen = l.r.IntN(2) == 0
	w.onHead, w.onBody = l.within, l.within
	w.onOver = func() {
		i := slices.Index(l.alive, w)
		if i < 0 || w.over != 1 {
			l.t.Fatalf("exchange %s ended %d times, alive: %v", w.name, w.over, i >= 0)
		}
		l.alive = slices.Delete(l.alive, i, i+1)
		l.add(w.traffic)
		_ = l.within()
	}
	l.alive = append(l.alive, w)
	m := []*proto.Message{get("/"), post("small"), upload(make([]byte, 30_000), true), upload(make([]byte, 9000), false)}[l.r.IntN(4)]
	if m.File != nil && l.r.IntN(3) == 0 {
		m.File.Size++ // more than there is
	}
	l.s.Start(m, w)
}

func (l *life) cancel() {
	if len(l.alive) > 0 {
		i := l.r.IntN(len(l.alive))
		w := l.alive[i]
		l.alive = slices.Delete(l.alive, i, i+1)
		l.add(l.s.Cancel(w))
	}
}

// within is what a receiver does in a call.
func (l *life) within() error {
	if l.r.IntN(4) == 0 {
		l.cancel()
	}
	if l.r.IntN(3) == 0 {
		l.start()
	}
	if l.r.IntN(8) == 0 {
		return errors.New("given up")
	}
	return nil
}

// say writes a frame of a good server on a stream that may or may not be open.
func (l *life) say(s *server) {
	if l.s.next == 1 {
		return
	}
	id := uint32(2*l.r.IntN(int(l.s.next/2))) + 1
	if l.s.find(id) == nil && l.s.finished(id) {
		return
	}
	ends := l.r.IntN(2) == 0
	switch l.r.IntN(8) {
	case 0, 1, 2:
		s.head(id, ends, ok("x", fmt.Sprint(l.r.IntN(9)))...)
	case 3, 4:
		s.data(id, ends, fmt.Sprint(l.r.Uint64()))
	case 5:
		_ = s.WriteWindowUpdate(id, uint32(1+l.r.IntN(5000)))
		_ = s.WriteWindowUpdate(0, uint32(1+l.r.IntN(5000)))
	case 6:
		_ = s.WriteRSTStream(id, http2.ErrCodeRefusedStream)
	case 7:
		s.settings(4, uint32(l.r.IntN(20_000)))
	}
}

// Whatever receivers do and when, each exchange ends once or is cancelled, and
// all bytes are somebody's.
func TestLife(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		link := newTape()
		l := &life{t: t, r: r, s: New(link, Options{MaxStreams: 1 + r.IntN(6)})}
		server := newServer().settings()
		in := 0
		for range 200 {
			l.say(server)
			p := server.take()
			in += len(p)
			if err := l.s.Receive(p); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			switch r.IntN(6) {
			case 0, 1:
				l.start()
			case 2:
				l.cancel()
			case 3:
				link.space = r.IntN(30_000)
				l.s.Writable()
			}
			if l.s.Busy() != len(l.alive) {
				t.Fatalf("seed %d: busy with %d, and %d are alive", seed, l.s.Busy(), len(l.alive))
			}
		}
		l.s.Ended(io.EOF)
		if len(l.alive) > 0 || l.s.Busy() > 0 || len(l.s.senders) > 0 || l.s.doomed != 0 || l.begun < 10 {
			t.Fatalf("seed %d: %d of %d left, %d sending, %d doomed", seed, len(l.alive), l.begun, len(l.s.senders), l.s.doomed)
		}
		l.add(l.s.loose)
		if l.sum.In != int64(in) || l.sum.Out != int64(link.Len()) {
			t.Fatalf("seed %d: counted %v, travelled %d and %d", seed, l.sum, in, link.Len())
		}
	}
}
