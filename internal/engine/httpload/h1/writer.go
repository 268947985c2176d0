package h1

import (
	"errors"
	"io"
	"strconv"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

const (
	// oneWrite is the largest body that is copied behind its head.
	oneWrite = 4 << 10
	// wholeBody is the largest body that is written at once. A larger one goes as
	// the connection takes it.
	wholeBody = 64 << 10
	// chunk is how much of a file is in memory at once.
	chunk = 128 << 10
)

// method is what of a request's method matters to its response.
type method uint8

const (
	other method = iota
	head
	connect
)

func methodOf(name string) method {
	switch name {
	case "HEAD":
		return head
	case "CONNECT":
		return connect
	}
	return other
}

// AppendHead writes the request line and headers of a message, always the same
// for the same message.
func AppendHead(b []byte, m *proto.Message) []byte {
	b = append(b, m.Method...)
	b = append(b, ' ')
	b = appendTarget(b, m)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, m.Authority...)
	b = append(b, "\r\n"...)
	for i := range m.Fields {
		f := &m.Fields[i]
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	if size := m.Size(); size > 0 || takesBody(m.Method) {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, size, 10)
		b = append(b, "\r\n"...)
	}
	if m.Last {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, "\r\n"...)
}

// appendTarget writes one of the four forms of a request's target.
func appendTarget(b []byte, m *proto.Message) []byte {
	switch {
	case m.Method == "CONNECT":
		return append(b, m.Authority...)
	case !m.Absolute:
		return append(b, m.Path...)
	}
	b = append(b, m.Scheme...)
	b = append(b, "://"...)
	if m.Target != "" {
		b = append(b, m.Target...)
	} else {
		b = append(b, m.Authority...)
	}
	if m.Path == "*" { // a proxy makes the asterisk of a URL without a path
		return b
	}
	return append(b, m.Path...)
}

// takesBody says whether servers expect a length even of an empty body.
func takesBody(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH"
}

// upload is the body that is being sent.
type upload struct {
	body []byte      // the rest of it
	file *proto.File // instead of body
	at   int64       // how much of the file was sent
	err  error       // the file cannot be read to its end
}

// done says whether nothing is left to send.
func (u *upload) done() bool {
	return u.err == nil && len(u.body) == 0 && (u.file == nil || u.at >= u.file.Size)
}

// send begins to write a message. The bytes are made anew each time: that costs
// less than finding those of the last time, and a message may have changed.
func (s *Session) send(m *proto.Message) {
	lent := s.shared.lendRequest()
	b := AppendHead((*lent)[:0], m)
	small := m.File == nil && len(m.Body) <= oneWrite
	if small {
		b = append(b, m.Body...)
	}
	s.write(b)
	*lent = b
	s.shared.takeRequest(lent)
	switch {
	case small:
	case m.File == nil && len(m.Body) <= wholeBody:
		s.write(m.Body)
	default:
		s.out.body, s.out.file = m.Body, m.File
		s.sendMore()
	}
}

func (s *Session) write(b []byte) {
	s.t.Out += int64(len(b))
	s.link.Write(b)
}

// sendMore writes as much of the body as the connection takes now.
func (s *Session) sendMore() {
	if s.out.file != nil {
		s.sendFile()
		return
	}
	for len(s.out.body) > 0 {
		n := min(s.link.Space(), chunk, len(s.out.body))
		if n <= 0 {
			return
		}
		s.write(s.out.body[:n])
		s.out.body = s.out.body[n:]
	}
}

func (s *Session) sendFile() {
	u := &s.out
	if u.done() || u.err != nil || s.link.Space() <= 0 {
		return
	}
	lent := s.shared.lendChunk()
	defer s.shared.chunks.Put(lent)
	for u.at < u.file.Size {
		n := min(int64(s.link.Space()), chunk, u.file.Size-u.at)
		if n <= 0 {
			return
		}
		got, err := u.file.Reader.ReadAt(lent[:n], u.at)
		if int64(got) < n {
			u.err = unreadable(u, int64(got), err)
			return
		}
		s.write(lent[:n])
		u.at += n
	}
}

// unreadable is the failure of a body that has less than it was to have.
func unreadable(u *upload, got int64, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return proto.Failf(load.CauseOther, "read body: the file has %d bytes, not the %d it had before", u.at+got, u.file.Size)
	}
	return proto.Failf(load.CauseOther, "read body: %w", err)
}
