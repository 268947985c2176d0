package h2

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// void is a link that takes everything.
type void struct{ n int64 }

func (v *void) Write(p []byte) { v.n += int64(len(p)) }
func (v *void) Space() int     { return 1 << 20 }

// bare is a receiver that does nothing but count.
type bare struct{ ends, fails int }

func (b *bare) FirstByte()                {}
func (b *bare) Interim(int)               {}
func (b *bare) Head(*proto.Head) error    { return nil }
func (b *bare) Body([]byte) error         { return nil }
func (b *bare) Skipped(int64) error       { return nil }
func (b *bare) End(proto.Traffic)         { b.ends++ }
func (b *bare) Fail(error, proto.Traffic) { b.fails++ }
func (b *bare) WantsBody() bool           { return false }

// answers are responses as nginx writes them: the same lines into the table each
// time. The ids are written in when they are sent.
func benchAnswer(streams int) ([]byte, []int) {
	var out bytes.Buffer
	f := http2.NewFramer(&out, nil)
	f.AllowIllegalWrites = true
	// Each line is a literal to be put into the table, packed, as nginx sends it.
	head := []byte{0x88}
	lit := func(index byte, text string) {
		head = append(head, 0x40|index)
		packed := appendPacked(nil, text)
		head = append(append(head, 0x80|byte(len(packed))), packed...)
	}
	lit(54, "nginx/1.22.1")
	lit(33, "Thu, 26 Nov 2026 12:00:00 GMT")
	lit(31, "text/plain")
	lit(28, "1024")
	lit(44, "Thu, 26 Nov 2026 11:00:00 GMT")
	var at []int
	for range streams {
		at = append(at, out.Len()+5)
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head, EndHeaders: true})
		at = append(at, out.Len()+5)
		_ = f.WriteData(1, true, make([]byte, 1024))
	}
	return out.Bytes(), at
}

func BenchmarkExchange(b *testing.B) {
	for _, streams := range []int{1, 32} {
		b.Run(fmt.Sprintf("streams=%d", streams), func(b *testing.B) {
			link, r := &void{}, &bare{}
			s := New(link, Options{MaxStreams: streams})
			m := get("/bench/file.txt")
			m.Fields = append(m.Fields, proto.Field{Name: "Accept-Encoding", Value: "gzip"})
			_ = s.Receive(newServer().settings().take())
			answer, at := benchAnswer(streams)
			b.ReportAllocs()
			for b.Loop() {
				if s.next > lastStream-uint32(2*streams) {
					s.next = 1
				}
				for i := range streams {
					id := s.next
					s.Start(m, r)
					for _, off := range at[2*i : 2*i+2] {
						answer[off], answer[off+1], answer[off+2], answer[off+3] = byte(id>>24), byte(id>>16), byte(id>>8), byte(id)
					}
				}
				if err := s.Receive(answer); err != nil {
					b.Fatal(err)
				}
			}
			if r.fails > 0 || r.ends == 0 {
				b.Fatalf("%d failures", r.fails)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(r.ends), "ns/exchange")
		})
	}
}

func BenchmarkDownload(b *testing.B) {
	s := New(&void{}, Options{})
	_ = s.Receive(newServer().settings().take())
	s.Start(get("/large"), &bare{})
	_ = s.Receive(newServer().head(1, false, ":status", "200").take())
	sv := newServer()
	for range 16 {
		sv.data(1, false, string(make([]byte, leastFrame)))
	}
	p := sv.take()
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		for q := p; len(q) > 0; q = q[min(len(q), 64<<10):] {
			if err := s.Receive(q[:min(len(q), 64<<10)]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkUpload(b *testing.B) {
	s := New(&void{}, Options{})
	_ = s.Receive(newServer().settings(4, 1<<30, 5, 1<<20).take())
	m := get("/up")
	m.Method, m.Body = "POST", make([]byte, 1<<30)
	grow := newServer()
	_ = grow.WriteWindowUpdate(0, 1<<20)
	_ = grow.WriteWindowUpdate(1, 1<<20)
	p := grow.take()
	s.Start(m, &bare{})
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		st := s.open[0]
		st.unsent, st.body = 1<<30, m.Body // for ever
		if err := s.Receive(p); err != nil {
			b.Fatal(err)
		}
	}
}
