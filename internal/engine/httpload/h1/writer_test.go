package h1

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// TestGoldenRequests has each request as it goes over the wire.
func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	fields := []proto.Field{{Name: "User-Agent", Value: "onrush"}, {Name: "X-B", Value: ""}, {Name: "X-A", Value: "1, \u00e4"}, {Name: "x-b", Value: "2"}}
	lines := "User-Agent: onrush\r\nX-B: \r\nX-A: 1, \u00e4\r\nx-b: 2\r\n"
	file := func(text string) *proto.File {
		return &proto.File{Reader: strings.NewReader(text), Size: int64(len(text))}
	}
	for name, c := range map[string]struct {
		m    proto.Message
		want string
	}{
		"Get":            {proto.Message{Method: "GET", Path: "/"}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Query":          {proto.Message{Method: "GET", Path: "/a%20b?c=d&e"}, "GET /a%20b?c=d&e HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Fields":         {proto.Message{Method: "GET", Path: "/", Fields: fields}, "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n"},
		"Last":           {proto.Message{Method: "GET", Path: "/", Fields: fields, Last: true}, "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "Connection: close\r\n\r\n"},
		"Head":           {proto.Message{Method: "HEAD", Path: "/"}, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Delete":         {proto.Message{Method: "DELETE", Path: "/"}, "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Own":            {proto.Message{Method: "BREW", Path: "/pot"}, "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Asterisk":       {proto.Message{Method: "OPTIONS", Path: "*"}, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
		"EmptyPost":      {proto.Message{Method: "POST", Path: "/"}, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		"EmptyPut":       {proto.Message{Method: "PUT", Path: "/"}, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		"EmptyPatch":     {proto.Message{Method: "PATCH", Path: "/"}, "PATCH / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		"EmptyFile":      {proto.Message{Method: "POST", Path: "/", File: file("")}, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		"Body":           {proto.Message{Method: "POST", Path: "/", Fields: fields, Body: []byte("a=1")}, "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "Content-Length: 3\r\n\r\na=1"},
		"GetWithBody":    {proto.Message{Method: "GET", Path: "/", Body: []byte("{}"), Last: true}, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"},
		"File":           {proto.Message{Method: "PUT", Path: "/", File: file("text")}, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\ntext"},
		"FileNotBody":    {proto.Message{Method: "PUT", Path: "/", File: file("text"), Body: []byte("no")}, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\ntext"},
		"Proxy":          {proto.Message{Method: "GET", Path: "/a?b", Absolute: true}, "GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n"},
		"ProxyOtherHost": {proto.Message{Method: "GET", Path: "/a?b", Absolute: true, Target: "t:81"}, "GET http://t:81/a?b HTTP/1.1\r\nHost: h\r\n\r\n"},
		"ProxyAsterisk":  {proto.Message{Method: "OPTIONS", Path: "*", Absolute: true}, "OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n"},
		"Connect":        {proto.Message{Method: "CONNECT", Path: "/"}, "CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.m.Scheme, c.m.Authority = "http", "h"
			for range 2 { // the second time from buffers that were used
				l, r := &link{space: -1}, &log{}
				s := New(l, NewShared(Options{}))
				s.Start(&c.m, r)
				if got := l.out.String(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				if s.Busy() != 1 || s.Room() != 0 || len(r.events) != 0 {
					t.Errorf("busy %d, room %d, told %v", s.Busy(), s.Room(), r.events)
				}
				if got := s.Cancel(r); got != (proto.Traffic{Out: int64(len(c.want))}) {
					t.Errorf("the traffic is %v, want %d out", got, len(c.want))
				}
			}
		})
	}
}

// pattern is a body of which no two pieces are the same.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>16) ^ byte(i>>8)*7 ^ byte(i)
	}
	return b
}

// bodies are a message with the same body from memory and from a file.
func bodies(b []byte) map[string]*proto.Message {
	return map[string]*proto.Message{
		"Memory": {Method: "PUT", Scheme: "http", Authority: "h", Path: "/", Body: b},
		"File":   {Method: "PUT", Scheme: "http", Authority: "h", Path: "/", File: &proto.File{Reader: bytes.NewReader(b), Size: int64(len(b))}},
	}
}

const okNone = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// TestLargeBodiesGoAsThereIsSpace gives space of many sizes until all is sent.
func TestLargeBodiesGoAsThereIsSpace(t *testing.T) {
	t.Parallel()
	for _, size := range []int{wholeBody + 1, chunk, chunk + 1, 5*chunk + 7} {
		body := pattern(size)
		for name, m := range bodies(body) {
			for _, space := range []int{1000, 64 << 10, chunk, 300_000, -1} {
				l, r := &link{}, &log{}
				s := New(l, NewShared(Options{}))
				s.Start(m, r)
				head := string(AppendHead(nil, m))
				if got := l.out.String(); got != head {
					t.Fatalf("%s: without space, %d bytes went, want the head alone", name, len(got))
				}
				for turns := 0; l.out.Len() < len(head)+size; turns++ {
					if turns > size/1000+1 {
						t.Fatalf("%s: nothing more goes after %d bytes", name, l.out.Len())
					}
					before := l.out.Len()
					l.space = space
					s.Writable()
					if went := l.out.Len() - before; space >= 0 && went > space {
						t.Fatalf("%s: %d bytes went where there was space for %d", name, went, space)
					}
				}
				if !bytes.Equal(l.out.Bytes()[len(head):], body) {
					t.Errorf("%s: another body went out", name)
				}
				if l.most > chunk {
					t.Errorf("%s: %d bytes went at once", name, l.most)
				}
				s.Writable() // nothing is left
				if err := s.Receive([]byte(okNone)); err != nil || s.Room() != 1 {
					t.Errorf("%s: after the response: %v, room %d", name, err, s.Room())
				}
				if want := int64(len(head) + size); r.traffic.Out != want || int64(l.out.Len()) != want {
					t.Errorf("%s: %d bytes counted, %d went, want %d", name, r.traffic.Out, l.out.Len(), want)
				}
			}
		}
	}
}

// TestSmallBodiesNeedNoSpace sends up to 64 KiB with the head.
func TestSmallBodiesNeedNoSpace(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, oneWrite, oneWrite + 1, wholeBody} {
		body := pattern(size)
		m, l := bodies(body)["Memory"], &link{}
		s := New(l, NewShared(Options{}))
		s.Start(m, &log{})
		if want := string(AppendHead(nil, m)) + string(body); l.out.String() != want {
			t.Errorf("of %d bytes, %d went, want all", len(want), l.out.Len())
		}
	}
}

// TestEarlyResponse is answered before the body was sent: that is no fault, but
// the server cannot know where the next request would begin.
func TestEarlyResponse(t *testing.T) {
	t.Parallel()
	for name, m := range bodies(pattern(3 * chunk)) {
		l, r := &link{space: 1000}, &log{}
		s := New(l, NewShared(Options{}))
		s.Start(m, r)
		went := l.out.Len()
		if err := s.Receive([]byte("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nla")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		l.space = 500
		s.Writable() // the body goes on meanwhile
		if err := s.Receive([]byte("rge")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := strings.Join(r.events, "; "), `first; 413 len 5; "large"; end 50`; got != want {
			t.Errorf("%s: told %s, want %s", name, got, want)
		}
		if s.Room() >= 0 || s.Busy() != 0 {
			t.Errorf("%s: room %d, busy %d", name, s.Room(), s.Busy())
		}
		l.space = -1
		s.Writable()
		if l.out.Len() != went+500 || r.traffic.Out != int64(went+500) {
			t.Errorf("%s: %d bytes went, %d counted, want %d", name, l.out.Len(), r.traffic.Out, went+500)
		}
	}
}

var errDisk = errors.New("the disk is gone")

// badFile has fewer bytes than it should, or breaks there.
type badFile struct {
	size int64
	err  error
}

func (f badFile) ReadAt(p []byte, at int64) (int, error) {
	if left := f.size - at; int64(len(p)) > left {
		return int(max(left, 0)), f.err
	}
	return len(p), nil
}

// TestUnreadableFiles fail the exchange and spend the connection, when the
// session is next called after Start.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	calls := map[string]func(s *Session){
		"Writable": func(s *Session) { s.Writable() },
		"Receive": func(s *Session) {
			if err := s.Receive([]byte(okNone)); err == nil {
				t.Error("Receive says nothing of the failure")
			}
		},
		"Ended": func(s *Session) { s.Ended(io.EOF) },
	}
	for _, f := range []badFile{{0, io.EOF}, {300, io.EOF}, {300, io.ErrUnexpectedEOF}, {chunk + 300, errDisk}, {300, nil}} {
		for name, call := range calls {
			l, r := &link{space: -1}, &log{}
			s := New(l, NewShared(Options{}))
			s.Start(&proto.Message{Method: "PUT", Path: "/", File: &proto.File{Reader: f, Size: 2 * chunk}}, r)
			if len(r.events) != 0 || s.Busy() != 1 || s.Skippable() != 0 {
				t.Fatalf("%s: after Start: told %v, busy %d", name, r.events, s.Busy())
			}
			call(s)
			if r.cause != load.CauseOther || r.done != 1 || s.Room() >= 0 || s.Busy() != 0 {
				t.Errorf("%s, %v: told %v, room %d", name, f, r.events, s.Room())
			}
			if errors.Is(f.err, errDisk) != errors.Is(r.err, errDisk) {
				t.Errorf("%s, %v: failed with %v", name, f, r.err)
			}
			if r.failed.Out != int64(l.out.Len()) {
				t.Errorf("%s: %d bytes counted, %d went", name, r.failed.Out, l.out.Len())
			}
		}
	}
}

// TestFileThatGrew sends as much as was announced.
func TestFileThatGrew(t *testing.T) {
	t.Parallel()
	l := &link{space: -1}
	m := &proto.Message{Method: "PUT", Path: "/", File: &proto.File{Reader: strings.NewReader("longer"), Size: 4}}
	New(l, NewShared(Options{})).Start(m, &log{})
	if !strings.HasSuffix(l.out.String(), "\r\n\r\nlong") {
		t.Errorf("got %q", l.out.String())
	}
}
