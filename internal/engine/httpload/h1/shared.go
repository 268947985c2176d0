package h1

import (
	"math"
	"sync"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// Options bound what a response may be.
type Options struct {
	MaxHead    int   // bytes of all heads and trailers of one exchange; 0: 1 MiB
	MaxBody    int64 // bytes of a body as it travels, without framing; 0: no bound
	MaxInterim int   // interim responses before the final one; 0: 100
}

// Shared is what all sessions of a task have in common: limits, and buffers lent
// for as long as they are needed, so that an idle session is small. It may be
// used by many goroutines at once.
type Shared struct {
	maxHead    int
	maxBody    int64
	maxInterim int

	blocks   sync.Pool // of *scratch
	requests sync.Pool // of *[]byte
	chunks   sync.Pool // of *[chunk]byte
}

// NewShared fills in what the options leave open.
func NewShared(o Options) *Shared {
	s := &Shared{maxHead: o.MaxHead, maxBody: o.MaxBody, maxInterim: o.MaxInterim}
	if s.maxHead <= 0 {
		s.maxHead = 1 << 20
	}
	if s.maxBody <= 0 {
		s.maxBody = math.MaxInt64
	}
	if s.maxInterim <= 0 {
		s.maxInterim = 100
	}
	return s
}

// scratch is what reading a head needs.
type scratch struct {
	head   proto.Head
	fields []proto.HeadField
	held   []byte // the lines so far of a head that came in pieces
}

func (s *Shared) lendBlock() *scratch {
	if c, ok := s.blocks.Get().(*scratch); ok {
		return c
	}
	return &scratch{fields: make([]proto.HeadField, 0, 32)}
}

// Buffers that one giant made large are not kept for the dwarfs.
const (
	keepBytes  = 64 << 10
	keepFields = 1024
)

func (s *Shared) takeBlock(c *scratch) {
	if cap(c.held) > keepBytes || cap(c.fields) > keepFields {
		return
	}
	c.held, c.fields = c.held[:0], c.fields[:0]
	s.blocks.Put(c)
}

func (s *Shared) lendRequest() *[]byte {
	if b, ok := s.requests.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 1<<10)
	return &b
}

func (s *Shared) takeRequest(b *[]byte) {
	if cap(*b) <= keepBytes {
		s.requests.Put(b)
	}
}

func (s *Shared) lendChunk() *[chunk]byte {
	if b, ok := s.chunks.Get().(*[chunk]byte); ok {
		return b
	}
	return new([chunk]byte)
}
