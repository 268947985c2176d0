package httpload

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/h1"
	"onrush.dev/onrush/internal/engine/httpload/h3"
	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/engine/httpload/sign"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// worker is one event loop and all that lives on it: users or arrivals, their
// flights and connections. Workers share nothing on the way of a request.
type worker struct {
	*run
	index      int
	loop       *loop.Loop
	shard      *record.Shard
	sites      map[origin]*site
	fixedSites []*site // by request

	second   loop.Timer // at the end of each
	first    *flight    // those under way, in a ring of links
	flying   int
	trips    int  // arrivals under way; some may be between two requests
	closing  bool // no more arrivals, and users stop
	breaking bool // what is between two requests goes no further
	cutting  bool // those that begin all the same end at once
	landed   chan struct{}
	shared   *pool     // of the open model
	quics    *h3.Group // what connections of HTTP/3 share
	signer   sign.Signer
	shared1  *h1.Shared // what all sessions of HTTP/1.1 share
	gauge    gauge
}

// gauge is what a worker shows of itself to other goroutines.
type gauge struct {
	inFlight atomic.Int64
	conns    atomic.Int64 // open connections
	noPort   atomic.Int64 // since the last look
	noFile   atomic.Int64
	limited  atomic.Pointer[string]
	_        [64]byte // keeps workers off each other's cache line
}

func newWorker(r *run, index int) (*worker, error) {
	w := &worker{
		run: r, index: index, shard: r.job.Recorder.Shard(),
		sites: map[origin]*site{}, landed: make(chan struct{}),
	}
	w.shared = newPool(w)
	if r.version == load.HTTP3 {
		w.quics = h3.NewGroup(perSocket)
		w.loop = loop.NewWithoutSockets(r.job.Start)
		return w, nil
	}
	w.shared1 = h1.NewShared(r.limits1)
	var err error
	if w.loop, err = loop.New(r.job.Start); err != nil {
		return nil, fmt.Errorf("open event loop: %w", err)
	}
	if r.ring {
		if err := w.loop.UseRing(); err != nil {
			r.ring = false
			r.log.Warn("io_uring cannot be used here, so epoll is", "cause", err)
		}
	}
	return w, nil
}

// progress counts, at the end of each second, what has come of large bodies.
func (w *worker) progress() {
	now := w.loop.Recent()
	end := now.Truncate(time.Second)
	for f := w.first; f != nil; f = f.next {
		f.progress(max(0, end-1))
	}
	w.loop.Set(&w.second, end+time.Second)
}

// limit says why this worker is the limit from now on; "" that it is not.
func (w *worker) limit(why string) {
	old := w.gauge.limited.Load()
	switch {
	case why == "" && old != nil:
		w.gauge.limited.Store(nil)
	case why != "" && (old == nil || *old != why):
		said := why // why itself would be moved to the heap by every call
		w.gauge.limited.Store(&said)
	}
}

// notice counts connections for which this machine had nothing left.
func (w *worker) notice(err error) {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		w.gauge.noPort.Add(1)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		w.gauge.noFile.Add(1)
	}
}

// take adds a flight to those under way.
func (w *worker) take(f *flight) {
	f.next, f.prev = w.first, nil
	if w.first != nil {
		w.first.prev = f
	}
	w.first = f
	w.flying++
	w.gauge.inFlight.Store(int64(w.flying))
}

// give takes a flight out of those under way.
func (w *worker) give(f *flight) {
	if f.prev != nil {
		f.prev.next = f.next
	} else {
		w.first = f.next
	}
	if f.next != nil {
		f.next.prev = f.prev
	}
	f.next, f.prev = nil, nil
	w.flying--
	w.gauge.inFlight.Store(int64(w.flying))
}

// finish has no more flights begin; landed is closed when the last has ended.
func (w *worker) finish() {
	w.closing = true
	w.breaking = w.job.Timeline.Draining(w.loop.Now())
	w.settled()
}

// settled notices that the last flight has ended, and that none follows.
func (w *worker) settled() {
	if w.closing && w.flying == 0 && (w.trips == 0 || w.breaking) {
		select {
		case <-w.landed:
		default:
			close(w.landed)
		}
	}
}

// cut ends all flights at once.
func (w *worker) cut() {
	w.cutting, w.breaking = true, true
	var under []*flight // one that ends may have others begin
	for f := w.first; f != nil; f = f.next {
		under = append(under, f)
	}
	for _, f := range under {
		if f.under {
			f.abandon(stopped())
		}
	}
	w.settled()
}

// since is the present instant of the run.
func (w *worker) since() time.Duration { return w.loop.Now() }
