package h3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/quic-go/qpack"
	"golang.org/x/net/http/httpguts"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// encoder makes request heads. A load test sends the same head over and over,
// so the last one is kept with a copy of what it was made from.
type encoder struct {
	out  bytes.Buffer
	enc  *qpack.Encoder
	head []byte // the last HEADERS frame
	key  []byte // the texts of its message, each with a 0 byte behind it
	size int64
}

// frame returns the HEADERS frame of a message, good until the next call.
func (e *encoder) frame(m *proto.Message) []byte {
	if e.same(m) {
		return e.head
	}
	e.out.Reset()
	if e.enc == nil {
		e.enc = qpack.NewEncoder(&e.out)
	}
	e.size = m.Size()
	e.key = e.key[:0]
	for _, s := range []string{m.Authority, m.Method, m.Path, m.Scheme} {
		e.key = append(append(e.key, s...), 0)
	}
	e.write(":authority", m.Authority)
	e.write(":method", m.Method)
	e.write(":path", m.Path)
	e.write(":scheme", m.Scheme)
	for _, f := range m.Fields {
		e.key = append(append(e.key, f.Name...), 0)
		e.key = append(append(e.key, f.Value...), 0)
		if name := strings.ToLower(f.Name); travels(name, f.Value) {
			e.write(name, f.Value)
		}
	}
	if e.size > 0 || m.Method == "POST" || m.Method == "PUT" || m.Method == "PATCH" {
		e.write("content-length", strconv.FormatInt(e.size, 10))
	}
	_ = e.enc.Close()
	e.head = appendVarint(e.head[:0], frameHeaders)
	e.head = appendVarint(e.head, uint64(e.out.Len()))
	e.head = append(e.head, e.out.Bytes()...)
	return e.head
}

// same says whether the last message made the same head.
func (e *encoder) same(m *proto.Message) bool {
	rest, ok := e.key, m.Size() == e.size && len(e.head) > 0
	for _, s := range [...]string{m.Authority, m.Method, m.Path, m.Scheme} {
		if rest, ok = eat(rest, s, ok); !ok {
			return false
		}
	}
	for i := range m.Fields {
		rest, ok = eat(rest, m.Fields[i].Name, ok)
		if rest, ok = eat(rest, m.Fields[i].Value, ok); !ok {
			return false
		}
	}
	return len(rest) == 0
}

// eat takes s and the 0 byte behind it off the front of key.
func eat(key []byte, s string, ok bool) ([]byte, bool) {
	n := len(s)
	if !ok || len(key) <= n || key[n] != 0 || string(key[:n]) != s {
		return nil, false
	}
	return key[n+1:], true
}

func (e *encoder) write(name, value string) {
	_ = e.enc.WriteField(qpack.HeaderField{Name: name, Value: value}) // to a bytes.Buffer
}

// travels says whether a request's field may go over HTTP/3: those that speak
// of the connection may not, and the session makes some others itself.
func travels(name, value string) bool {
	switch name {
	case "te":
		return value == "trailers"
	case "host", "content-length":
		return false
	}
	return !ofConnection(name)
}

// ofConnection names the fields that HTTP/1.1 has for its connection and that
// make an HTTP/3 message malformed (RFC 9114, section 4.2).
func ofConnection(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// errTooLarge is a field section larger than allowed.
var errTooLarge = errors.New("head larger than allowed")

// compressionError is a field section that QPACK cannot decode. It is the
// connection's end, as the server takes us for another decoder than we are.
type compressionError struct{ err error }

func (e *compressionError) Error() string { return "decode field section: " + e.err.Error() }

// decoder reads response heads. The last one is kept with the bytes that it was
// made from: a server under load sends the same bytes until its clock ticks.
type decoder struct {
	dec   qpack.Decoder
	block []byte
	head  proto.Head
	text  []byte // names and values of head
	max   int    // most bytes of all names and values
}

// section decodes the field section of a head. The result is good until the
// next call.
func (d *decoder) section(block []byte) (*proto.Head, error) {
	if d.head.Status != 0 && bytes.Equal(block, d.block) {
		return &d.head, nil
	}
	d.head.Status, d.head.Length, d.head.Fields, d.text = 0, -1, d.head.Fields[:0], d.text[:0]
	status := 0
	err := d.each(block, func(f qpack.HeaderField) error {
		if f.Name == ":status" && status == 0 && len(d.head.Fields) == 0 {
			var err error
			status, err = parseStatus(f.Value)
			return err
		}
		if err := checkField(f); err != nil {
			return err
		}
		if f.Name == "content-length" {
			if err := d.length(f.Value); err != nil {
				return err
			}
		}
		d.head.Fields = append(d.head.Fields, proto.HeadField{Name: d.keep(f.Name), Value: d.keep(f.Value)})
		return nil
	})
	if err == nil && status == 0 {
		err = errors.New("a head without :status")
	}
	if err != nil {
		return nil, err
	}
	d.block = append(d.block[:0], block...)
	d.head.Status = status
	return &d.head, nil
}

// trailers checks the field section after a body. Nobody wants to see it.
func (d *decoder) trailers(block []byte) error { return d.each(block, checkField) }

// each calls f for every field and holds the bound on their size.
func (d *decoder) each(block []byte, f func(qpack.HeaderField) error) error {
	next, size := d.dec.Decode(block), 0
	for {
		field, err := next()
		switch {
		case errors.Is(err, io.EOF) && len(block) >= 2:
			return nil
		case err != nil:
			return &compressionError{err}
		}
		if size += len(field.Name) + len(field.Value); size > d.max {
			return errTooLarge
		}
		if err := f(field); err != nil {
			return err
		}
	}
}

// keep copies s behind what was kept before. Slices handed out earlier stay
// good when the text moves: they go on pointing at the old one.
func (d *decoder) keep(s string) []byte {
	n := len(d.text)
	d.text = append(d.text, s...)
	return d.text[n:len(d.text):len(d.text)]
}

func (d *decoder) length(value string) error {
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil || value[0] == '+' {
		return fmt.Errorf("content-length is %q; want a number of bytes", value)
	}
	if d.head.Length >= 0 && d.head.Length != int64(n) {
		return fmt.Errorf("content-length says %d and %d", d.head.Length, n)
	}
	d.head.Length = int64(n)
	return nil
}

func parseStatus(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) != 3 || n < 100 {
		return 0, fmt.Errorf(":status is %q; want three digits", s)
	}
	return n, nil
}

// checkField holds the rules of RFC 9114, section 4.2, for fields of responses.
func checkField(f qpack.HeaderField) error {
	switch {
	case strings.HasPrefix(f.Name, ":"):
		return fmt.Errorf("field %q where it may not be", f.Name)
	case !httpguts.ValidHeaderFieldName(f.Name) || strings.ToLower(f.Name) != f.Name:
		return fmt.Errorf("%q is no name of a field", f.Name)
	case !httpguts.ValidHeaderFieldValue(f.Value):
		return fmt.Errorf("field %s has a value that is not allowed: %q", f.Name, f.Value)
	case ofConnection(f.Name):
		return fmt.Errorf("field %s, which HTTP/3 does not have", f.Name)
	}
	return nil
}
