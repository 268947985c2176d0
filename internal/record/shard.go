package record

import (
	"sync"
	"time"
)

// A shard's list starts small, since an engine may have thousands of quiet
// workers, and grows to a size that makes the way into the recorder rare (a
// busy thread takes it about 200 times a second, for some 10 µs).
const (
	firstBuffer = 4
	fullBuffer  = 512
)

// lateAfter is how far behind its due instant a request may begin without being
// late.
const lateAfter = time.Millisecond

// Shard is where one engine thread or worker leaves its samples. It keeps them
// in a list of its own, so that threads meet each other only once in some
// hundred samples. Its methods are safe for concurrent use, but sharing a shard
// among busy threads gives its advantage away.
type Shard struct {
	r *Recorder

	mu    sync.Mutex
	buf   []Sample
	begun begun
	known bool // to the recorder, whose cuts then see what is held here

	_ [64]byte // keeps shards of different threads off one cache line
}

// begun counts the requests that began in one second.
type begun struct {
	second        int
	started, late int64
}

// Record adds one sample. It copies *sample and does not keep it.
func (s *Shard) Record(sample *Sample) {
	s.mu.Lock()
	if len(s.buf) == cap(s.buf) {
		s.makeRoom()
	}
	s.buf = append(s.buf, *sample)
	s.mu.Unlock()
}

// RecordBatch adds samples as Record does, at the price of one lock for all. It
// does not keep the slice.
func (s *Shard) RecordBatch(samples []Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(samples) > 0 {
		if len(s.buf) == cap(s.buf) {
			s.makeRoom()
		}
		n := min(len(samples), cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, samples[:n]...)
		samples = samples[n:]
	}
}

// Started counts a request that began at an instant since the run's start, lag
// after it was due (None in the closed model).
func (s *Shard) Started(at, lag time.Duration) {
	s.mu.Lock()
	if n := secondOf(at); n != s.begun.second || !s.known {
		s.meet()
		s.r.addBegun(s.begun)
		s.begun = begun{second: n}
	}
	s.begun.started++
	if lag > lateAfter {
		s.begun.late++
	}
	s.mu.Unlock()
}

// Close hands over what the shard holds and lets the recorder forget it, for
// engines whose workers come and go; it is not needed at the end. A shard that
// is used again after Close is known again.
func (s *Shard) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.fold(s.buf)
	s.r.addBegun(s.begun)
	s.buf, s.begun, s.known = nil, begun{}, false
	s.r.forget(s)
}

// makeRoom is called with the lock held and a full list, or none.
func (s *Shard) makeRoom() {
	s.meet()
	if n := cap(s.buf); n < fullBuffer {
		s.buf = append(make([]Sample, 0, max(firstBuffer, min(n*4, fullBuffer))), s.buf...)
		return
	}
	s.r.fold(s.buf)
	s.buf = s.buf[:0]
}

// meet makes the shard known to the recorder.
func (s *Shard) meet() {
	if !s.known {
		s.r.meet(s)
		s.known = true
	}
}

// take appends what the shard holds to dst and empties it. To copy is quick,
// and a cut holds up the engine for no longer than that.
func (s *Shard) take(dst []Sample) ([]Sample, begun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst = append(dst, s.buf...)
	counts := s.begun
	s.buf, s.begun = s.buf[:0], begun{second: counts.second}
	return dst, counts
}
