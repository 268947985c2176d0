package h1

import (
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// counter is the least a receiver can do.
type counter struct {
	status int
	body   int64
	ends   int
}

func (c *counter) FirstByte()                      {}
func (c *counter) Interim(int)                     {}
func (c *counter) Head(h *proto.Head) error        { c.status = h.Status; return nil }
func (c *counter) Body(p []byte) error             { c.body += int64(len(p)); return nil }
func (c *counter) Skipped(n int64) error           { c.body += n; return nil }
func (c *counter) End(proto.Traffic)               { c.ends++ }
func (c *counter) Fail(err error, _ proto.Traffic) { panic(err) }
func (c *counter) WantsBody() bool                 { return true }

type sinkLink struct{ n int64 }

func (l *sinkLink) Write(p []byte) { l.n += int64(len(p)) }
func (l *sinkLink) Space() int     { return 1 << 20 }

const benchHead = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 26 Nov 2026 12:00:00 GMT\r\n" +
	"Content-Type: application/octet-stream\r\nConnection: keep-alive\r\nETag: \"5f2b3c4d-400\"\r\n"

func benchMessage() *proto.Message {
	return &proto.Message{
		Method: "GET", Scheme: "http", Authority: "127.0.0.1:8080", Path: "/index.html?a=b",
		Fields: []proto.Field{{Name: "User-Agent", Value: "onrush/1.0"}, {Name: "Accept", Value: "*/*"}, {Name: "Accept-Encoding", Value: "gzip"}},
	}
}

// exchange is one whole request with its response, in pieces.
func exchange(b *testing.B, pieces ...string) {
	b.Helper()
	m, r, s := benchMessage(), &counter{}, New(&sinkLink{}, NewShared(Options{}))
	var bytes [][]byte
	for _, p := range pieces {
		bytes = append(bytes, []byte(p))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Start(m, r)
		for _, p := range bytes {
			if err := s.Receive(p); err != nil {
				b.Fatal(err)
			}
		}
	}
	if r.ends == 0 || s.Busy() != 0 {
		b.Fatal("an exchange did not end")
	}
}

var kilobyte = strings.Repeat("x", 1024)

// BenchmarkResponse is the common case: six fields and 1 KiB, in one piece.
func BenchmarkResponse(b *testing.B) {
	exchange(b, benchHead+"Content-Length: 1024\r\n\r\n"+kilobyte)
}

// BenchmarkTwoPieces has the head and the body come apart.
func BenchmarkTwoPieces(b *testing.B) {
	exchange(b, benchHead+"Content-Length: 1024\r\n\r\n", kilobyte)
}

// BenchmarkCutHead has the head itself come in two pieces.
func BenchmarkCutHead(b *testing.B) {
	exchange(b, benchHead[:100], benchHead[100:]+"Content-Length: 1024\r\n\r\n"+kilobyte)
}

func BenchmarkChunked(b *testing.B) {
	exchange(b, benchHead+"Transfer-Encoding: chunked\r\n\r\n400\r\n"+kilobyte+"\r\n0\r\n\r\n")
}

// BenchmarkLargeChunked is 1 MiB in chunks of 8 KiB.
func BenchmarkLargeChunked(b *testing.B) {
	b.SetBytes(1 << 20)
	exchange(b, benchHead+"Transfer-Encoding: chunked\r\n\r\n",
		strings.Repeat("2000\r\n"+strings.Repeat(kilobyte, 8)+"\r\n", 128), "0\r\n\r\n")
}

func BenchmarkAppendHead(b *testing.B) {
	m, buf := benchMessage(), make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendHead(buf[:0], m)
	}
}
