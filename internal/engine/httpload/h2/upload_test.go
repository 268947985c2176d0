package h2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

func file(p []byte) *proto.File { return &proto.File{Reader: bytes.NewReader(p), Size: int64(len(p))} }

func upload(p []byte, asFile bool) *proto.Message {
	m := post("")
	m.Body = p
	if asFile {
		m.Body, m.File = nil, file(p)
	}
	return m
}

func TestUploadFrames(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789"), 10_000)
	tests := []struct {
		name     string
		size     int
		file     bool
		settings []uint32
		want     []string
	}{
		{"none", 0, false, nil, []string{"HEADERS 1 end"}},
		{"an empty file", 0, true, nil, []string{"HEADERS 1 end"}},
		{"small", smallBody, false, nil, []string{"HEADERS 1", "DATA 1 4096 end"}},
		{"small file", 5, true, nil, []string{"HEADERS 1", "DATA 1 5 end"}},
		{"one frame", leastFrame, false, nil, []string{"HEADERS 1", "DATA 1 16384 end"}},
		{"two frames", leastFrame + 1, true, nil, []string{"HEADERS 1", "DATA 1 16384", "DATA 1 1 end"}},
		{"the first window", 65_535, false, nil, []string{"HEADERS 1", "DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 16383 end"}},
		{"more than the first window", 70_000, true, nil, []string{"HEADERS 1", "DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 16383"}},
		{"large frames", 65_535, false, []uint32{5, 1 << 20}, []string{"HEADERS 1", "DATA 1 65535 end"}},
		{"a small window", 10, false, []uint32{4, 3}, []string{"HEADERS 1", "DATA 1 3"}},
		{"no window", 10, true, []uint32{4, 0}, []string{"HEADERS 1"}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, link := opened(t, Options{}, c.settings...)
			s.Start(upload(body[:c.size], c.file), newWitness("a", nil))
			if got := link.frames(t); !slices.Equal(got, c.want) {
				t.Errorf("sent %q, want %q", got, c.want)
			}
		})
	}
}

// Streams take turns, whether windows or the link hold them back.
func TestUploadTurns(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{MaxStreams: 3}, 4, 1<<20)
	body := make([]byte, 40_000)
	link.space = 0
	for range 3 {
		s.Start(upload(body, false), newWitness("a", nil))
	}
	if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1", "HEADERS 3", "HEADERS 5"}) {
		t.Errorf("sent %q on a full link", got)
	}
	link.space = 30_000
	s.Writable()
	if got := link.frames(t); !slices.Equal(got, []string{"DATA 1 16384", "DATA 3 13607"}) {
		t.Errorf("sent %q", got)
	}
	link.space = -1
	s.Writable()
	if got := link.frames(t); !slices.Equal(got, []string{"DATA 5 16384", "DATA 1 16384", "DATA 3 2776"}) {
		t.Errorf("sent %q until the connection's window ends", got)
	}
	server := newServer()
	_ = server.WriteWindowUpdate(0, 1<<20)
	feed(t, s, server)
	want := []string{
		"DATA 5 16384", "DATA 1 7232 end", "DATA 3 16384", "DATA 5 7232 end", "DATA 3 7233 end",
	}
	if got := link.frames(t); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if s.chunk != nil || len(s.senders) > 0 {
		t.Error("something is kept of what is sent")
	}
}

// A file that ends too early is nobody's fault but ours, and the receiver is told
// as soon as it can be.
func TestUploadBrokenFile(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{MaxStreams: 2})
	var log []string
	a, b := newWitness("a", &log), newWitness("b", &log)
	short := upload([]byte("short"), true)
	short.File.Size = 10
	s.Start(short, a)
	s.Start(get("/"), b)
	if a.over != 0 {
		t.Fatal("Start calls the receiver")
	}
	if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1", "RST_STREAM 1 CANCEL", "PING 0000000000000000", "HEADERS 3 end"}) {
		t.Errorf("sent %q", got)
	}
	server := newServer()
	_ = server.WritePing(true, [8]byte{})
	feed(t, s, server)
	if a.over != 1 || cause(a.err) != load.CauseOther || !errors.Is(a.err, io.ErrUnexpectedEOF) || b.over != 0 {
		t.Errorf("got %q", log)
	}
	link.frames(t)
	s.Start(short, a)
	s.Cancel(a)
	if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 5", "RST_STREAM 5 CANCEL", "PING 0000000000000000"}) {
		t.Errorf("sent %q", got)
	}
	s.Start(short, a)
	s.Ended(io.EOF)
	if a.over != 2 || cause(a.err) != load.CauseOther || cause(b.err) != load.CauseClosed || s.doomed != 0 {
		t.Errorf("got %q", log)
	}
}

// A receiver that tries a broken file for ever gets one failure a call.
func TestUploadBrokenForEver(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{})
	short := upload([]byte("short"), true)
	short.File.Size = 10
	w := newWitness("a", nil)
	w.onOver = func() { s.Start(short, w) }
	s.Start(short, w)
	server := newServer()
	for i := range 5 {
		_ = server.WritePing(true, [8]byte{})
		feed(t, s, server)
		if w.over != i+1 {
			t.Fatalf("%d failures in %d calls", w.over, i+1)
		}
	}
}

func TestLongHead(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{})
	m := post("body")
	m.Fields = append(m.Fields, proto.Field{Name: "Cookie", Value: strings.Repeat("c", 40_000)})
	s.Start(m, newWitness("a", nil))
	framer := http2.NewFramer(nil, bytes.NewReader(link.Bytes()))
	framer.ReadMetaHeaders = newReader()
	framer.MaxHeaderListSize = 1 << 20
	f, err := framer.ReadFrame()
	meta, is := f.(*http2.MetaHeadersFrame)
	if err != nil || !is || len(meta.Fields) != 8 || len(meta.Fields[6].Value) != 40_000 || meta.StreamEnded() {
		t.Fatalf("%v, %v", f, err)
	}
	if f, err = framer.ReadFrame(); err != nil || f.Header().Type != http2.FrameData {
		t.Errorf("%v, %v", f, err)
	}
}

// model is a peer that keeps account of its windows.
type model struct {
	t       *testing.T
	window  int64
	first   int64
	size    uint32
	streams map[uint32]*modelStream
}

type modelStream struct {
	window int64
	got    []byte
	ended  bool
}

// read takes what the session has sent.
func (m *model) read(link *tape) {
	p := bytes.TrimPrefix(link.Bytes(), []byte(preface))
	for len(p) > 0 {
		n, id := int64(binary.BigEndian.Uint32(p)>>8), binary.BigEndian.Uint32(p[5:])
		payload := p[headerSize : headerSize+n]
		if n > int64(m.size) {
			m.t.Fatalf("a frame of %d bytes", n)
		}
		switch st := m.streams[id]; p[3] {
		case frameHeaders:
			m.streams[id] = &modelStream{window: m.first}
		case frameData:
			m.window, st.window = m.window-n, st.window-n
			if m.window < 0 || st.window < 0 || st.ended {
				m.t.Fatalf("stream %d: windows are %d and %d, ended %v", id, m.window, st.window, st.ended)
			}
			st.got, st.ended = append(st.got, payload...), p[4]&flagEndStream != 0
		}
		p = p[headerSize+n:]
	}
	link.Reset()
}

// Whatever windows, frames and the link do, no window is ever exceeded, and all
// bodies arrive whole.
func TestUploadProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		link := newTape()
		link.space = r.IntN(5000)
		s := New(link, Options{MaxStreams: 8})
		m := &model{t, firstWindow, firstWindow, leastFrame, map[uint32]*modelStream{}}
		server := newServer().settings()
		feed(t, s, server)
		var bodies [][]byte
		for step := range 300 {
			switch r.IntN(6) {
			case 0:
				if len(bodies) < 8 {
					p := make([]byte, 1<<r.IntN(18)-1)
					_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(step)}).Read(p)
					bodies = append(bodies, p)
					s.Start(upload(p, r.IntN(2) == 0), newWitness("a", nil))
				}
			case 1:
				n := r.IntN(1 << r.IntN(18))
				m.window += int64(n + 1)
				_ = server.WriteWindowUpdate(0, uint32(n+1))
			case 2:
				if id := uint32(2*r.IntN(8) + 1); m.streams[id] != nil {
					n := r.IntN(1 << r.IntN(18))
					m.streams[id].window += int64(n + 1)
					_ = server.WriteWindowUpdate(id, uint32(n+1))
				}
			case 3:
				was := m.first
				m.first = r.Int64N(1 << r.IntN(18))
				m.size = leastFrame << r.IntN(4)
				for _, st := range m.streams {
					st.window += m.first - was
				}
				server.settings(4, uint32(m.first), 5, m.size)
			default:
				if full := link.space == 0; r.IntN(2) == 0 {
					if link.space += r.IntN(20_000); full && link.space > 0 {
						s.Writable()
					}
				}
			}
			feed(t, s, server)
			m.read(link)
		}
		m.finish(s, link, server, bodies)
	}
}

// finish lets all bodies through.
func (m *model) finish(s *Session, link *tape, server *server, bodies [][]byte) {
	m.t.Helper()
	link.space = -1
	m.window += 1 << 24
	_ = server.WriteWindowUpdate(0, 1<<24)
	for id, st := range m.streams {
		st.window += 1 << 20
		_ = server.WriteWindowUpdate(id, 1<<20)
	}
	feed(m.t, s, server)
	s.Writable()
	m.read(link)
	for i, want := range bodies {
		st := m.streams[uint32(2*i+1)]
		if !bytes.Equal(st.got, want) || (len(want) > 0 && !st.ended) {
			m.t.Errorf("body %d: %d bytes of %d, ended %v", i, len(st.got), len(want), st.ended)
		}
	}
}
