package h3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// lone is a session without a connection, for what happens on the loop alone.
func lone() (c *Conn, closed *errorCode) {
	closed = new(errorCode)
	c = &Conn{closed: context.Background(), maxStreams: 1, post: func(f func()) { f() }}
	c.close = func(code errorCode, _ string) { *closed = code }
	c.dec.max = 1 << 16
	return c, closed
}

// exchange feeds a stream to a flow, in pieces of so many bytes, and ends it.
func exchange(c *Conn, p []byte, piece int, headOnly bool) *answer {
	a := newAnswer()
	f := &flow{conn: c, receiver: a, index: len(c.flows), headOnly: headOnly, length: -1}
	c.flows = append(c.flows, f)
	for part := range slices.Chunk(p, piece) {
		if f.receiver != nil {
			f.feed(part)
		}
	}
	if f.receiver != nil {
		f.finish(io.EOF)
	}
	return a
}

func TestGoodStreams(t *testing.T) {
	t.Parallel()
	ok := section(":status", "200")
	for name, test := range map[string]struct {
		stream   []byte
		headOnly bool
		body     string
	}{
		"no body":            {stream: ok},
		"empty data":         {stream: join(ok, frame(frameData, nil))},
		"one piece":          {stream: join(ok, frame(frameData, []byte("body"))), body: "body"},
		"pieces":             {stream: join(ok, frame(frameData, []byte("bo")), frame(frameData, []byte("dy"))), body: "body"},
		"length":             {stream: join(section(":status", "200", "content-length", "4"), frame(frameData, []byte("body"))), body: "body"},
		"length twice":       {stream: join(section(":status", "200", "content-length", "4", "content-length", "4"), frame(frameData, []byte("body"))), body: "body"},
		"trailers":           {stream: join(ok, frame(frameData, []byte("body")), section("x-sum", "1")), body: "body"},
		"unknown frames":     {stream: join(frame(0x21, []byte("grease")), ok, frame(0x40, nil), frame(frameData, []byte("body")), frame(0x1f*9+0x21, []byte("x"))), body: "body"},
		"interim":            {stream: join(section(":status", "103", "link", "x"), section(":status", "100"), ok)},
		"head with a length": {stream: section(":status", "200", "content-length", "10"), headOnly: true},
		"304 with a length":  {stream: section(":status", "304", "content-length", "10")},
		"large section":      {stream: section(":status", "200", "x", strings.Repeat("\x7f~", 4000))},
	} {
		for _, piece := range []int{1, 2, 3, 7, 1 << 20} {
			c, closed := lone()
			if name == "large section" {
				test.stream = section(":status", "200", "x", strings.Repeat("ab~", 4000))
			}
			a := exchange(c, test.stream, piece, test.headOnly)
			if a.err != nil || a.body.String() != test.body || a.order[len(a.order)-1] != "end" || *closed != 0 {
				t.Errorf("%s in pieces of %d: %q, %v, %v", name, piece, a.body.String(), a.order, a.err)
			}
			if a.traffic.In != int64(len(test.stream)) || c.Busy() != 0 {
				t.Errorf("%s: %+v of %d bytes", name, a.traffic, len(test.stream))
			}
		}
	}
}

func TestBadStreams(t *testing.T) {
	t.Parallel()
	ok := section(":status", "200")
	four := section(":status", "200", "content-length", "4")
	for name, test := range map[string]struct {
		stream   []byte
		headOnly bool
		want     load.Cause
		closes   errorCode // 0: the stream alone is given up
	}{
		"nothing":              {want: load.CauseMalformed},
		"only interim":         {stream: section(":status", "103"), want: load.CauseMalformed},
		"within a frame":       {stream: ok[:len(ok)-1], want: load.CauseMalformed, closes: errFrame},
		"within a frame head":  {stream: join(ok, []byte{0}), want: load.CauseMalformed, closes: errFrame},
		"data first":           {stream: frame(frameData, []byte("x")), want: load.CauseMalformed, closes: errFrameUnexpected},
		"data after interim":   {stream: join(section(":status", "103"), frame(frameData, []byte("x"))), want: load.CauseMalformed, closes: errFrameUnexpected},
		"data after trailers":  {stream: join(ok, section("a", "b"), frame(frameData, []byte("x"))), want: load.CauseMalformed, closes: errFrameUnexpected},
		"trailers twice":       {stream: join(ok, section("a", "b"), section("a", "b")), want: load.CauseMalformed, closes: errFrameUnexpected},
		"settings":             {stream: frame(frameSettings, nil), want: load.CauseMalformed, closes: errFrameUnexpected},
		"goaway":               {stream: frame(frameGoAway, []byte{0}), want: load.CauseMalformed, closes: errFrameUnexpected},
		"frame of HTTP/2":      {stream: frame(0x6, nil), want: load.CauseMalformed, closes: errFrameUnexpected},
		"push":                 {stream: frame(framePushPromise, []byte{0}), want: load.CauseMalformed, closes: errID},
		"no status":            {stream: section("a", "b"), want: load.CauseMalformed},
		"status late":          {stream: section("a", "b", ":status", "200"), want: load.CauseMalformed},
		"status twice":         {stream: section(":status", "200", ":status", "200"), want: load.CauseMalformed},
		"status short":         {stream: section(":status", "20"), want: load.CauseMalformed},
		"status long":          {stream: section(":status", "2000"), want: load.CauseMalformed},
		"status below":         {stream: section(":status", "099"), want: load.CauseMalformed},
		"status signed":        {stream: section(":status", "+20"), want: load.CauseMalformed},
		"status 101":           {stream: section(":status", "101"), want: load.CauseMalformed},
		"field of requests":    {stream: section(":status", "200", ":path", "/"), want: load.CauseMalformed},
		"capitals":             {stream: section(":status", "200", "Server", "x"), want: load.CauseMalformed},
		"no name":              {stream: section(":status", "200", "", "x"), want: load.CauseMalformed},
		"line break":           {stream: section(":status", "200", "a", "b\r\nc"), want: load.CauseMalformed},
		"connection":           {stream: section(":status", "200", "connection", "close"), want: load.CauseMalformed},
		"transfer-encoding":    {stream: section(":status", "200", "transfer-encoding", "chunked"), want: load.CauseMalformed},
		"status in trailers":   {stream: join(ok, section(":status", "200")), want: load.CauseMalformed},
		"length of letters":    {stream: section(":status", "200", "content-length", "x"), want: load.CauseMalformed},
		"length signed":        {stream: section(":status", "200", "content-length", "+4"), want: load.CauseMalformed},
		"length empty":         {stream: section(":status", "200", "content-length", ""), want: load.CauseMalformed},
		"lengths differ":       {stream: section(":status", "200", "content-length", "4", "content-length", "5"), want: load.CauseMalformed},
		"body short":           {stream: join(four, frame(frameData, []byte("bod"))), want: load.CauseMalformed},
		"body missing":         {stream: four, want: load.CauseMalformed},
		"body long":            {stream: join(four, frame(frameData, []byte("bodys"))), want: load.CauseMalformed},
		"body long in pieces":  {stream: join(four, frame(frameData, []byte("body")), frame(frameData, []byte("s"))), want: load.CauseMalformed},
		"body of HEAD":         {stream: join(ok, frame(frameData, []byte("x"))), headOnly: true, want: load.CauseMalformed},
		"body of 204":          {stream: join(section(":status", "204"), frame(frameData, []byte("x"))), want: load.CauseMalformed},
		"empty section":        {stream: frame(frameHeaders, nil), want: load.CauseMalformed, closes: errDecompression},
		"section of one byte":  {stream: frame(frameHeaders, []byte{0}), want: load.CauseMalformed, closes: errDecompression},
		"section of no fields": {stream: frame(frameHeaders, []byte{0, 0}), want: load.CauseMalformed},
		"dynamic table":        {stream: frame(frameHeaders, []byte{2, 0, 0x80}), want: load.CauseMalformed, closes: errDecompression},
		"unknown index":        {stream: frame(frameHeaders, []byte{0, 0, 0xff, 0xff, 1}), want: load.CauseMalformed, closes: errDecompression},
		"section too large":    {stream: appendVarint([]byte{frameHeaders}, 1<<40), want: load.CauseTooLarge},
		"fields too large":     {stream: section(":status", "200", "x", strings.Repeat("0", 1<<16)), want: load.CauseTooLarge},
	} {
		for _, piece := range []int{1, 3, 1 << 20} {
			c, closed := lone()
			a := exchange(c, test.stream, piece, test.headOnly)
			var f *proto.Failure
			if !errors.As(a.err, &f) || f.Cause != test.want || *closed != test.closes {
				t.Errorf("%s in pieces of %d: %v, connection closed with %v; want %s, %v", name, piece, a.err, *closed, test.want, test.closes)
			}
			if c.Busy() != 0 || slices.Contains(a.order, "end") {
				t.Errorf("%s: %v, %d under way", name, a.order, c.Busy())
			}
		}
	}
}

func TestEndlessInterims(t *testing.T) {
	t.Parallel()
	c, _ := lone()
	a := exchange(c, bytes.Repeat(section(":status", "102"), 1000), 1<<20, false)
	wantCause(t, a.err, load.CauseMalformed)
}

// TestHeadsAreRemembered checks that what is kept of the last head is that of
// the same bytes.
func TestHeadsAreRemembered(t *testing.T) {
	t.Parallel()
	c, _ := lone()
	first, second := section(":status", "200", "a", "1"), section(":status", "201", "a", "2", "b", "3")
	for range 3 {
		for range 2 {
			if a := exchange(c, first, 100, false); a.head.Status != 200 || a.fields["a"] != "1" || len(a.fields) != 1 {
				t.Errorf("%+v %v", a.head, a.fields)
			}
		}
		exchange(c, section(":status", "200", "A", "bad"), 100, false)
		if a := exchange(c, second, 100, false); a.head.Status != 201 || a.fields["a"] != "2" || len(a.fields) != 2 {
			t.Errorf("%+v %v", a.head, a.fields)
		}
	}
}

func TestRequestHeads(t *testing.T) {
	t.Parallel()
	var e encoder
	base := proto.Message{Method: "GET", Scheme: "https", Authority: "a", Path: "/", Fields: []proto.Field{
		{Name: "Accept", Value: "*/*"},
		{Name: "Host", Value: "no"},
		{Name: "Content-Length", Value: "7"},
		{Name: "Keep-Alive", Value: "no"},
		{Name: "TE", Value: "gzip"},
		{Name: "te", Value: "trailers"},
	}}
	want := ":authority=a :method=GET :path=/ :scheme=https accept=*/* te=trailers"
	change := func(f func(m *proto.Message)) *proto.Message {
		m := base
		m.Fields = slices.Clone(base.Fields)
		f(&m)
		return &m
	}
	for _, test := range []struct {
		m    *proto.Message
		want string
	}{
		{&base, want},
		{&base, want},
		{change(func(m *proto.Message) { m.Path = "/a" }), strings.Replace(want, "path=/", "path=/a", 1)},
		{change(func(m *proto.Message) { m.Fields[0].Value = "a" }), strings.Replace(want, "*/*", "a", 1)},
		{change(func(m *proto.Message) { m.Fields = m.Fields[:1] }), strings.Replace(want, " te=trailers", "", 1)},
		{change(func(m *proto.Message) { m.Body = []byte("abc") }), want + " content-length=3"},
		{change(func(m *proto.Message) { m.Body = []byte("abcd") }), want + " content-length=4"},
		{change(func(m *proto.Message) { m.Method = "POST" }), strings.Replace(want, "GET", "POST", 1) + " content-length=0"},
		{&base, want},
	} {
		p := e.frame(test.m)
		var h frameHeader
		kind, length, n, ok := h.take(p)
		if !ok || kind != frameHeaders || int(length) != len(p)-n {
			t.Fatalf("a frame of type %d and %d bytes in %d", kind, length, len(p))
		}
		if got := texts(p[n:]); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
