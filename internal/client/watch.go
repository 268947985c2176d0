package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
	wait := retryMin
	for {
		before := s.heard
		err := s.follow(ctx)
		switch {
		case s.ended:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case final(err):
			return err
		}
		if lost, ok := w.(interface{ Lost(error) }); ok {
			lost.Lost(err)
		}
		if s.heard > before {
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

// follow reads one stream.
func (s *watch) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	header := http.Header{"Accept": {"text/event-stream"}}
	if s.last > 0 {
		header.Set("Last-Event-ID", strconv.FormatInt(s.last, 10))
	}
	res, err := s.send(ctx, http.MethodGet, path("runs", s.run, "live"), "", nil, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	deaf := time.AfterFunc(silence, cancel)
	defer deaf.Stop()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	var name string
	for !s.ended && lines.Scan() {
		deaf.Reset(silence)
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "data":
			if err := s.hear(name, []byte(value)); err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	if s.ended {
		return nil
	}
	if err := lines.Err(); err != nil {
		return load.Errorf(load.Unavailable, "the live stream broke off: %w", err)
	}
	return load.Errorf(load.Unavailable, "the live stream broke off")
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
