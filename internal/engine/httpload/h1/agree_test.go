package h1

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// answer is what one reader makes of a response.
type answer struct {
	status int
	fields []string // "Name: value", in order of names, without framing
	body   string
	kept   bool
}

// framingFields are left to each reader's own ways.
var framingFields = []string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer"}

func fieldLine(name, value string) string {
	return name + ": " + strings.Join(strings.Fields(value), " ")
}

// ours is what a session makes of it; false if it fails.
func ours(method, wire string) (answer, bool) {
	var a answer
	r := &log{}
	r.head = func(h *proto.Head) error {
		a.status = h.Status
		for _, f := range h.Fields {
			if name := http.CanonicalHeaderKey(string(f.Name)); !slices.Contains(framingFields, name) {
				a.fields = append(a.fields, fieldLine(name, string(f.Value)))
			}
		}
		return nil
	}
	var body strings.Builder
	r.piece = func(p []byte) error { body.Write(p); return nil }
	s := New(&link{space: -1}, NewShared(Options{}))
	s.Start(&proto.Message{Method: method, Authority: "a", Path: "/"}, r)
	err := s.Receive([]byte(wire))
	a.kept = s.Room() == 1
	s.Ended(io.EOF)
	slices.SortStableFunc(a.fields, byName)
	a.body = body.String()
	return a, r.err == nil && (err == nil || r.done == 1)
}

// byName keeps the order of fields of one name.
func byName(a, b string) int {
	return strings.Compare(a[:strings.Index(a, ": ")], b[:strings.Index(b, ": ")])
}

// theirs is what net/http makes of it; false if it fails.
func theirs(method, wire string) (answer, bool) {
	in := bufio.NewReader(strings.NewReader(wire))
	for {
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return answer{}, false
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return answer{}, false
		}
		a := answer{status: resp.StatusCode, body: string(body)}
		for name, values := range resp.Header {
			for _, v := range values {
				if !slices.Contains(framingFields, name) {
					a.fields = append(a.fields, fieldLine(name, v))
				}
			}
		}
		slices.SortStableFunc(a.fields, byName)
		_, err = in.Peek(1)
		a.kept = !resp.Close && err != nil && resp.StatusCode != http.StatusSwitchingProtocols
		return a, true
	}
}

// agree compares the two where both see a response. It returns whether they did.
func agree(t *testing.T, method, wire string) bool {
	t.Helper()
	a, ok := ours(method, wire)
	b, too := theirs(method, wire)
	if !ok || !too || apart(wire) {
		return false
	}
	if wary(wire) {
		// We let go of connections that net/http would use again.
		a.kept, b.kept = false, false
	}
	if a, b := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b); a != b {
		t.Errorf("%s answered %q\n    we read %q\nnet/http %q", method, wire, a, b)
	}
	return true
}

// wary says whether a response has what makes us let the connection go although
// net/http keeps it: a length beside chunks, or an interim response that closes.
func wary(wire string) bool {
	lower := strings.ToLower(wire)
	return strings.Contains(lower, "transfer-encoding") && strings.Contains(lower, "content-length") ||
		strings.Contains(lower, " 1") && strings.Contains(lower, "close")
}

// apart says whether a response is one that net/http reads against the standard:
// it does not see chunks in HTTP/1.0 (RFC 9112, 6.1 and 6.3).
func apart(wire string) bool {
	lower := strings.ToLower(wire)
	return strings.Contains(lower, "http/1.0") && strings.Contains(lower, "transfer-encoding")
}

// TestAgreesWithTheStandardLibrary puts responses together from parts, most of
// them good, and compares what both readers see.
func TestAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same responses every time
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	part := func() string {
		return pick("Server: x\r\n", "A: b\r\n c\r\n", "X-Empty:\r\n", "a-b: \t c d \r\n", "Set-Cookie: a=b\r\n", "set-cookie: c=d\r\n", "Date: now\n",
			"Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: upgrade\r\n", "Vary: *\r\n", "X: \x80\xff\r\n", "Location: /\r\n")
	}
	both := 0
	const rounds = 20_000
	for range rounds {
		var wire strings.Builder
		for rng.IntN(8) == 0 {
			wire.WriteString("HTTP/1.1 " + pick("100 Continue", "103 Hints", "102") + "\r\n" + pick("", "Link: a\r\n") + "\r\n")
		}
		wire.WriteString(pick("HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.0 ") + pick("200 OK", "200", "404 Not Found", "204 No", "304 ", "500 \x80", "599 x", "101 S", "205 R") + pick("\r\n", "\r\n", "\n"))
		for rng.IntN(4) != 0 {
			wire.WriteString(part())
		}
		switch rng.IntN(6) {
		case 0, 1:
			wire.WriteString("Content-Length: " + pick("5", "5", "0", "05", "5, 5", "7") + "\r\n\r\nhello")
		case 2, 3:
			wire.WriteString(pick("Transfer-Encoding: chunked\r\n", "transfer-encoding: Chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + "\r\n")
			for rng.IntN(3) != 0 {
				wire.WriteString(pick("5\r\nhello\r\n", "3;a=b\r\nabc\r\n", "0A\r\n0123456789\r\n", "1 \r\n-\r\n"))
			}
			wire.WriteString("0\r\n" + pick("", "", "Digest: x\r\n") + "\r\n")
		default:
			wire.WriteString("\r\n" + pick("", "hello"))
		}
		text := wire.String()
		if rng.IntN(20) == 0 { // and some broken ones
			i := rng.IntN(len(text))
			text = text[:i] + pick("", "x", "\r", "\n", ":", " ", "\x00", ",") + text[i+1:]
		}
		if agree(t, pick("GET", "GET", "POST", "HEAD"), text) {
			both++
		}
		if t.Failed() {
			return
		}
	}
	if both < rounds/2 {
		t.Errorf("both saw a response in %d of %d: there is little to compare", both, rounds)
	}
}
