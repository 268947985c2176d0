package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"onrush.dev/onrush/internal/load"
)

// Message is one window or event of a run's stream.
type Message struct {
	Task      string
	Attempt   int
	Kind      MessageKind
	Data      []byte    // an encoded load.Window, or a load.TaskEvent in JSON; the receiver may keep it
	StreamSeq uint64    // place in the stream
	At        time.Time // when the stream took it, by the server's clock
}

// MessageKind tells windows and events apart.
type MessageKind string

// The kinds of messages.
const (
	KindWindow MessageKind = kindWindow
	KindEvent  MessageKind = kindEvent
)

// aheadBytes bounds what is fetched ahead of the handler; more than the largest
// message.
const aheadBytes = 32 << 20

// Consume hands every message of a run to handle, from the very first one and
// in the order in which the stream took them, until ctx ends (then nil) or
// handle fails (then its error), or CloseRun deletes the stream (then an error
// of code NotFound). caughtUp, if not nil, is called once, from the
// same goroutine, when everything has been handled that was in the stream when
// Consume was called.
func (h *Hub) Consume(ctx context.Context, run string, caughtUp func(), handle func(Message) error) error {
	ctx, done := h.consuming(ctx, run)
	defer done()
	stream, err := patiently(ctx, func() (jetstream.Stream, error) { return h.js.Stream(ctx, streamName(run)) })
	if err != nil {
		return consumeError(ctx, run, err)
	}
	info, err := patiently(ctx, func() (*jetstream.StreamInfo, error) { return stream.Info(ctx) })
	if err != nil {
		return consumeError(ctx, run, err)
	}
	backlog := info.State.LastSeq
	behind := func(seq uint64) bool { return seq < backlog }
	if caughtUp == nil {
		caughtUp = func() {}
	}
	if info.State.Msgs == 0 {
		caughtUp()
		caughtUp = nil
	}
	consumer, err := patiently(ctx, func() (jetstream.Consumer, error) {
		return stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	})
	if err != nil {
		return consumeError(ctx, run, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(aheadBytes))
	if err != nil {
		return consumeError(ctx, run, err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return consumeError(ctx, run, err)
		}
		seq, err := h.handleOne(m, handle)
		if err != nil {
			return err
		}
		if caughtUp != nil && !behind(seq) {
			caughtUp()
			caughtUp = nil
		}
	}
}

func (h *Hub) handleOne(m jetstream.Msg, handle func(Message) error) (seq uint64, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return 0, fmt.Errorf("read place in stream: %w", err)
	}
	from, kind, err := parseSubject(m.Subject())
	if err == nil && !strings.HasPrefix(m.Headers().Get(nats.MsgIdHdr), from.idPrefix(kind)) {
		// An acknowledgement that some agent had sent here as its reply: it comes
		// from JetStream, whatever subject it carries.
		err = fmt.Errorf("%s: not sent by its task", m.Subject())
	}
	seq = meta.Sequence.Stream
	if err == nil {
		return seq, handle(Message{
			Task: from.task, Attempt: from.attempt, Kind: MessageKind(kind), Data: m.Data(), StreamSeq: seq, At: meta.Timestamp,
		})
	}
	h.Log.Warn("dropped a message of the stream", "err", err)
	return seq, nil
}

// patiently asks again while NATS, which is busy in this process, has nobody to
// answer.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	got, err := ask()
	for try := 0; try < storeTries && errors.Is(err, nats.ErrNoResponders); try++ {
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(storePause):
		}
		got, err = ask()
	}
	return got, err
}

func consumeError(ctx context.Context, run string, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errClosed), errors.Is(err, jetstream.ErrStreamNotFound):
		return load.Errorf(load.NotFound, "run %s has no stream on the bus: it was never opened, or is closed", run)
	case ctx.Err() == nil:
		return fmt.Errorf("consume run %s: %w", run, err)
	}
	return nil // the caller ended it
}

// errClosed ends the consumers of a run that is closed. The client library
// would look for the deleted stream for ever.
var errClosed = errors.New("the run was closed")

// consuming makes a context that ends with CloseRun too.
func (h *Hub) consuming(ctx context.Context, run string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.consumers[run] == nil {
		h.consumers[run] = map[*context.CancelCauseFunc]bool{}
	}
	h.consumers[run][&cancel] = true
	return ctx, func() {
		cancel(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.consumers[run], &cancel)
		if len(h.consumers[run]) == 0 {
			delete(h.consumers, run)
		}
	}
}

func (h *Hub) endConsumers(run string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for cancel := range h.consumers[run] {
		(*cancel)(errClosed)
	}
}
