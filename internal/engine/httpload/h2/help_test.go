package h2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// tape is a link that keeps what is written.
type tape struct {
	bytes.Buffer
	space int // -1: no bound
}

func newTape() *tape { return &tape{space: -1} }

// Write implements proto.Link.
func (l *tape) Write(p []byte) {
	_, _ = l.Buffer.Write(p)
	if l.space >= 0 {
		l.space = max(0, l.space-len(p))
	}
}

// Space implements proto.Link.
func (l *tape) Space() int {
	if l.space < 0 {
		return 1 << 20
	}
	return l.space
}

// frames takes what was written since the last call, one line for each frame.
func (l *tape) frames(t *testing.T) []string {
	t.Helper()
	rest := bytes.TrimPrefix(l.Bytes(), []byte(preface))
	framer := http2.NewFramer(nil, bytes.NewReader(bytes.Clone(rest)))
	framer.SetMaxReadFrameSize(1<<24 - 1)
	l.Reset()
	var lines []string
	for {
		f, err := framer.ReadFrame()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatalf("what was sent is not HTTP/2: %v", err)
		}
		lines = append(lines, describe(f))
	}
}

func describe(f http2.Frame) string {
	id := f.Header().StreamID
	switch f := f.(type) {
	case *http2.DataFrame:
		return fmt.Sprintf("DATA %d %d%s", id, len(f.Data()), mark(f.StreamEnded()))
	case *http2.HeadersFrame:
		return fmt.Sprintf("HEADERS %d%s", id, mark(f.StreamEnded()))
	case *http2.RSTStreamFrame:
		return fmt.Sprintf("RST_STREAM %d %v", id, f.ErrCode)
	case *http2.SettingsFrame:
		if f.IsAck() {
			return "SETTINGS ack"
		}
		return "SETTINGS"
	case *http2.PingFrame:
		return fmt.Sprintf("PING %x%s", f.Data, map[bool]string{true: " ack"}[f.IsAck()])
	case *http2.WindowUpdateFrame:
		return fmt.Sprintf("WINDOW_UPDATE %d %d", id, f.Increment)
	case *http2.GoAwayFrame:
		return fmt.Sprintf("GOAWAY %v", f.ErrCode)
	}
	return f.Header().String()
}

func mark(ended bool) string {
	if ended {
		return " end"
	}
	return ""
}

// witness is a receiver that writes down what it is told.
type witness struct {
	name    string
	log     *[]string
	body    []byte
	skipped int64
	traffic proto.Traffic
	status  int
	err     error
	over    int // calls of End and Fail
	unseen  bool
	discard bool
	onHead  func() error
	onBody  func() error
	onOver  func()
}

func newWitness(name string, log *[]string) *witness { return &witness{name: name, log: log} }

func (w *witness) say(format string, args ...any) {
	if w.log != nil {
		*w.log = append(*w.log, w.name+" "+fmt.Sprintf(format, args...))
	}
}

// FirstByte implements proto.Receiver.
func (w *witness) FirstByte() { w.say("first") }

// Interim implements proto.Receiver.
func (w *witness) Interim(status int) { w.say("interim %d", status) }

// Head implements proto.Receiver.
func (w *witness) Head(h *proto.Head) error {
	w.status = h.Status
	if w.log != nil {
		var fields strings.Builder
		for _, f := range h.Fields {
			fmt.Fprintf(&fields, " %s=%.20s", f.Name, f.Value)
		}
		w.say("head %d %d%s", h.Status, h.Length, fields.String())
	}
	if w.onHead != nil {
		return w.onHead()
	}
	return nil
}

// WantsBody implements proto.Receiver.
func (w *witness) WantsBody() bool { return !w.unseen }

// Body implements proto.Receiver.
func (w *witness) Body(p []byte) error {
	w.skipped += int64(len(p))
	if !w.discard {
		w.body = append(w.body, p...)
	}
	if w.onBody != nil {
		return w.onBody()
	}
	return nil
}

// Skipped implements proto.Receiver.
func (w *witness) Skipped(n int64) error { w.skipped += n; return nil }

// End implements proto.Receiver.
func (w *witness) End(t proto.Traffic) {
	w.say("end %d of %.40q", w.skipped, w.body)
	w.finish(t)
}

// Fail implements proto.Receiver.
func (w *witness) Fail(err error, t proto.Traffic) {
	w.err = err
	w.say("fail after %d: %v", w.skipped, err)
	w.finish(t)
}

func (w *witness) finish(t proto.Traffic) {
	w.traffic = t
	w.over++
	if w.onOver != nil {
		w.onOver()
	}
}

// server writes what a server would, frame by frame.
type server struct {
	bytes.Buffer
	*http2.Framer
	packed bytes.Buffer
	hpack  *hpack.Encoder
}

func newServer() *server {
	s := &server{}
	s.Framer = http2.NewFramer(&s.Buffer, nil)
	s.AllowIllegalWrites = true
	s.hpack = hpack.NewEncoder(&s.packed)
	return s
}

// pack packs header lines, given as name and value in turn.
func (s *server) pack(lines ...string) []byte {
	s.packed.Reset()
	for i := 0; i < len(lines); i += 2 {
		_ = s.hpack.WriteField(hpack.HeaderField{Name: lines[i], Value: lines[i+1]})
	}
	return bytes.Clone(s.packed.Bytes())
}

// head writes a whole head.
func (s *server) head(id uint32, ends bool, lines ...string) *server {
	_ = s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.pack(lines...), EndStream: ends, EndHeaders: true})
	return s
}

// data writes a DATA frame.
func (s *server) data(id uint32, ends bool, text string) *server {
	_ = s.WriteData(id, ends, []byte(text))
	return s
}

// raw writes any frame.
func (s *server) raw(kind http2.FrameType, flags http2.Flags, id uint32, payload string) *server {
	_ = s.WriteRawFrame(kind, flags, id, []byte(payload))
	return s
}

// settings writes SETTINGS, given as id and value in turn.
func (s *server) settings(pairs ...uint32) *server {
	var list []http2.Setting
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, http2.Setting{ID: http2.SettingID(pairs[i]), Val: pairs[i+1]})
	}
	_ = s.WriteSettings(list...)
	return s
}

// take returns what was written since the last call.
func (s *server) take() []byte {
	p := bytes.Clone(s.Bytes())
	s.Reset()
	return p
}

func get(path string) *proto.Message {
	return &proto.Message{
		Method: "GET", Scheme: "https", Authority: "target.test", Path: path,
		Fields: []proto.Field{{Name: "User-Agent", Value: "onrush"}, {Name: "Accept", Value: "*/*"}},
	}
}

func post(body string) *proto.Message {
	m := get("/up")
	m.Method, m.Body = "POST", []byte(body)
	return m
}
