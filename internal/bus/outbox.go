package bus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Bounds of the outbox. What is kept is bounded by bytes alone: 512 MiB hold
// more than 14 hours of windows of 10 KB each while the server is away.
const (
	maxKeptBytes     = 512 << 20
	maxFlightCount   = 64      // messages sent and not acknowledged yet
	maxFlightBytes   = 4 << 20 // so that a long backlog does not drown the server
	firstAckTimeout  = 2 * time.Second
	longestAckPeriod = 15 * time.Second
)

// ErrFull is the reason why an outbox refuses a message.
var ErrFull = load.Errorf(load.TooLarge, "the server was away for so long that %d MiB of unsent windows filled up", maxKeptBytes>>20)

// letter is one message that the stream has not acknowledged yet.
type letter struct {
	number  uint64
	id      string // Msg-Id
	subject string
	data    []byte
	tries   int
	due     time.Time // when it is sent again; in flight until then
	gone    bool      // acknowledged
}

// outbox keeps messages in order until they are acknowledged, and says which to
// send next. It does no input or output itself. Safe for concurrent use.
type outbox struct {
	mu      sync.Mutex
	queue   []*letter          // in order; acknowledged ones leave at the front
	letters map[uint64]*letter // by number, only unacknowledged
	next    uint64
	bytes   int
	limit   int
	empty   chan struct{} // closed while nothing is kept
}

func newOutbox(limit int) *outbox {
	empty := make(chan struct{})
	close(empty)
	return &outbox{letters: map[uint64]*letter{}, limit: limit, empty: empty}
}

// add keeps a message; ErrFull when the bound is reached. The first message is
// always taken, whatever its size.
func (o *outbox) add(subject, id string, data []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bytes+len(data) > o.limit && len(o.letters) > 0 {
		return ErrFull
	}
	o.keep(subject, id, data)
	return nil
}

// mustAdd keeps a message beyond the bound too. It is for events: they are few
// and small, and the last word is what tells that windows were refused.
func (o *outbox) mustAdd(subject, id string, data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep(subject, id, data)
}

func (o *outbox) keep(subject, id string, data []byte) {
	if len(o.letters) == 0 {
		o.empty = make(chan struct{})
	}
	o.next++
	l := &letter{number: o.next, id: id, subject: subject, data: data}
	o.letters[l.number] = l
	o.queue = append(o.queue, l)
	o.bytes += len(data)
}

// due returns the letters to send now, oldest first, as far as the bounds on
// what is in flight allow, and notes that they are being sent.
func (o *outbox) due(now time.Time) []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 && o.queue[0].gone {
		o.queue[0] = nil
		o.queue = o.queue[1:]
	}
	var out []letter
	count, bytes := 0, 0
	for _, l := range o.queue {
		if l.gone {
			continue
		}
		if count++; count > maxFlightCount || (count > 1 && bytes+len(l.data) > maxFlightBytes) {
			break
		}
		bytes += len(l.data)
		if now.Before(l.due) {
			continue
		}
		wait := min(firstAckTimeout<<min(l.tries, 3), longestAckPeriod)
		l.tries++
		l.due = now.Add(wait)
		out = append(out, *l)
	}
	return out
}

// acknowledge lets a message go. Numbers that are not kept do nothing.
func (o *outbox) acknowledge(number uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.letters[number]
	if l == nil {
		return
	}
	l.gone = true
	o.bytes -= len(l.data)
	l.data = nil
	delete(o.letters, number)
	if len(o.letters) == 0 {
		close(o.empty)
	}
}

// refused makes a message wait before it is sent again.
func (o *outbox) refused(number uint64, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.letters[number]; l != nil {
		l.due = now.Add(min(100*time.Millisecond<<min(l.tries, 6), firstAckTimeout))
	}
}

// resend makes all that is kept due at once: the connection is new.
func (o *outbox) resend() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.letters {
		l.due = time.Time{}
	}
}

// flush waits until nothing is kept.
func (o *outbox) flush(ctx context.Context) error {
	for {
		o.mu.Lock()
		left, bytes, empty := len(o.letters), o.bytes, o.empty
		o.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-empty:
		case <-ctx.Done():
			return fmt.Errorf("flush: %d messages (%d bytes) were not acknowledged: %w", left, bytes, context.Cause(ctx))
		}
	}
}
