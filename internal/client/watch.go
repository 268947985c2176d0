package client

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Watcher hears of a run while it goes on. A watcher that also has the method
// Status(wire.RunItem) hears of its statuses, one that has Lost(error) hears
// when the stream broke off and is being opened again.
type Watcher interface {
	Snapshot(s load.Snapshot) // about once a second while the run is measured
	Event(e load.Event)       // each once, in order
}

// The rhythm of a watch. The server says something at least every 15 seconds.
const (
	silence  = 45 * time.Second
	retryMin = 100 * time.Millisecond
	retryMax = 3 * time.Second
	maxEvent = 64 << 20
)

// Watch follows a run until it has ended and returns nil then. When the stream
// breaks off, it opens it again where it was, for as long as ctx lasts: a run
// outlives its server. Only an answer that says no (no such run, no right to
// see it) ends it with an error.
func (c *Client) Watch(ctx context.Context, id string, w Watcher) error {
	s := &watch{Client: c, run: id, watcher: w}
	lost, _ := w.(interface{ Lost(error) })
	return listen(ctx, s, func(err error) {
		if lost != nil {
			lost.Lost(err)
		}
	})
}

// source is a stream that can be opened again where it broke off.
type source interface {
	// follow reads the stream until it breaks off, or has ended.
	follow(ctx context.Context) error
	state() (heard int, ended bool)
}

// listen follows a stream to its end, however often it breaks off.
func listen(ctx context.Context, s source, lost func(error)) error {
	wait := retryMin
	for {
		before, _ := s.state()
		err := s.follow(ctx)
		heard, ended := s.state()
		switch {
		case ended:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case final(err):
			return err
		}
		lost(err)
		if heard > before {
			wait = retryMin
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, retryMax)
	}
}

// final says that asking again cannot help.
func final(err error) bool {
	switch load.ErrorCode(err) {
	case load.NotFound, load.Unauthorized, load.Forbidden, load.Invalid, load.Conflict:
		return true
	}
	return false
}

type watch struct {
	*Client
	run     string
	watcher Watcher
	last    int64 // seq of the last event heard
	heard   int   // messages so far
	ended   bool
}

func (s *watch) state() (int, bool) { return s.heard, s.ended }

// follow reads one stream.
func (s *watch) follow(ctx context.Context) error {
	last := ""
	if s.last > 0 {
		last = strconv.FormatInt(s.last, 10)
	}
	return s.events(ctx, path("runs", s.run, "live"), last, func(m message) (bool, error) {
		err := s.hear(m.name, m.data)
		return s.ended, err
	})
}

// hear tells the watcher of one message. Names that it does not know are from
// a newer server.
func (s *watch) hear(name string, data []byte) error {
	s.heard++
	switch name {
	case wire.LiveSnapshot:
		return tell(data, s.watcher.Snapshot)
	case wire.LiveEvent:
		return tell(data, func(e load.Event) {
			if e.Seq > s.last {
				s.last = e.Seq
				s.watcher.Event(e)
			}
		})
	case wire.LiveStatus, wire.LiveEnd:
		s.ended = name == wire.LiveEnd
		if w, ok := s.watcher.(interface{ Status(wire.RunItem) }); ok {
			return tell(data, w.Status)
		}
	}
	return nil
}

func tell[T any](data []byte, say func(T)) error {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	say(v)
	return nil
}
