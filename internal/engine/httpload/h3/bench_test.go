package h3

import (
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// BenchmarkExchange is one exchange after the other on one connection, the
// server's part included.
func BenchmarkExchange(b *testing.B) {
	p, _ := serve(b, sample(), nil)
	l := newLoop(b)
	c := dial(b, l, p, nil)
	m := &proto.Message{Method: "GET", Scheme: "https", Authority: "localhost", Path: "/body?n=1024"}
	b.ReportAllocs()
	done, left := make(chan struct{}), 0
	var next func()
	next = func() {
		if left == 0 {
			close(done)
			return
		}
		left--
		c.Start(m, &answer{skip: true, done: make(chan struct{}), onEnd: next})
	}
	l.post(func() { left = b.N; next() })
	<-done
}

// BenchmarkParse is what the loop does for a response that it has seen before.
func BenchmarkParse(b *testing.B) {
	c, _ := lone()
	stream := join(section(":status", "200", "content-length", "1024", "server", "x"), frame(frameData, make([]byte, 1024)))
	a := newAnswer()
	a.skip = true
	b.ReportAllocs()
	for b.Loop() {
		f := &flow{conn: c, receiver: a, length: -1}
		if err := f.parse(stream); err != nil {
			b.Fatal(err)
		}
		a.order = a.order[:0]
	}
}
