package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"onrush.dev/onrush/internal/load"
)

// HubOptions says what a Hub works with.
type HubOptions struct {
	NC     *nats.Conn // in the process or remote; the Hub does not close it
	Issuer Issuer
	URLs   []string // where agents reach the bus's own listener
	CA     []byte   // DER of the authority behind the bus's certificate
	// Reach says how a region's tasks reach the server; nil: all by URLs.
	Reach func(region string) (Reach, error)
	// Ephemeral marks the tickets of a server that lives only as long as its run.
	Ephemeral bool
	Log       *slog.Logger
}

// Hub is the server's side of the bus. All methods are safe for concurrent use.
type Hub struct {
	HubOptions
	js jetstream.JetStream

	mu        sync.Mutex
	consumers map[string]map[*context.CancelCauseFunc]bool // by run, to end them with it
}

// ErrNotMine is for an order handler: another server owns the run and answers.
var ErrNotMine = errors.New("the run is owned by another server")

// dedupeFor is how long the stream knows the ids of messages. A copy that comes
// later is stored twice, and dropped by the collector, which counts each window
// of a sender once.
const dedupeFor = 5 * time.Minute

// storeCreateFailed is NATS's number for a stream whose folder it could not make.
const (
	storeCreateFailed jetstream.ErrorCode = 10049

	storeTries = 5
	storePause = 50 * time.Millisecond
)

// NewHub makes a Hub over a connection that may use every subject.
func NewHub(options HubOptions) (*Hub, error) {
	js, err := jetstream.New(options.NC)
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{HubOptions: options, js: js, consumers: map[string]map[*context.CancelCauseFunc]bool{}}, nil
}

// IssueTicket makes the encoded ticket of one attempt of a task. It ends after
// ttl or with CloseRun.
func (h *Hub) IssueTicket(run, task, region string, attempt int, ttl time.Duration) (string, error) {
	user, err := nkeys.CreateUser()
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", task, err)
	}
	defer user.Wipe()
	key, err := user.PublicKey()
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", task, err)
	}
	seed, err := user.Seed()
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", task, err)
	}
	jwt, err := h.Issuer.Issue(sender{run, task, attempt}.grant(key, time.Now().Add(ttl)))
	if err != nil {
		return "", fmt.Errorf("issue ticket for %s: %w", task, err)
	}
	ticket := Ticket{
		Reach: Reach{URLs: h.URLs}, JWT: jwt, Seed: string(seed),
		Run: run, Task: task, Region: region, Attempt: attempt, Ephemeral: h.Ephemeral,
	}
	if h.Reach != nil {
		if ticket.Reach, err = h.Reach(region); err != nil {
			return "", fmt.Errorf("issue ticket for %s: %w", task, err)
		}
	}
	if direct, _ := ticket.split(); len(direct) > 0 {
		ticket.CA = h.CA
	}
	encoded := ticket.Encode()
	if len(encoded) > MaxTicket {
		return "", load.Errorf(load.TooLarge, "the ticket of %s has %d bytes, platforms take %d: shorten the names, or name fewer certificates as public-ca", task, len(encoded), MaxTicket)
	}
	return encoded, nil
}

// OpenRun makes the stream that keeps a run's windows and events until
// CloseRun. A stream that is there already stays as it is.
func (h *Hub) OpenRun(ctx context.Context, run string) error {
	err := h.openStream(ctx, run)
	// Its folder is made beside others that are being removed with theirs, and
	// then NATS may find one gone that it has just made.
	for try := 0; try < storeTries && isStoreError(err); try++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(storePause):
		}
		err = h.openStream(ctx, run)
	}
	if err != nil {
		return fmt.Errorf("open stream of run %s: %w", run, err)
	}
	return nil
}

func isStoreError(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && refused.ErrorCode == storeCreateFailed
}

func (h *Hub) openStream(ctx context.Context, run string) error {
	_, err := h.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        streamName(run),
		Description: "windows and events of run " + run,
		Subjects:    streamSubjects(run),
		Storage:     jetstream.FileStorage,
		// Full is an answer that agents understand: they keep and repeat. Old
		// messages never give way to new ones.
		Discard:    jetstream.DiscardNew,
		Duplicates: dedupeFor,
		// Nobody takes single messages away, see TestConformance's reply isolation.
		DenyDelete: true,
		DenyPurge:  true,
	})
	return err
}

// CloseRun deletes the run's stream and ends its tickets. It is no error when
// nothing is left.
func (h *Hub) CloseRun(ctx context.Context, run string) error {
	revokeErr := h.Issuer.Revoke(run)
	h.endConsumers(run)
	err := h.js.DeleteStream(ctx, streamName(run))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		err = nil
	}
	if err = errors.Join(revokeErr, err); err != nil {
		return fmt.Errorf("close run %s on the bus: %w", run, err)
	}
	return nil
}

// HandleOrders answers the order requests and clock pings of all agents until
// ctx ends; it returns at once. A handler's error of code Invalid, NotFound,
// Conflict or Forbidden is final for the agent; after any other it asks again;
// ErrNotMine leaves the answer to another server.
func (h *Hub) HandleOrders(ctx context.Context, answer func(ctx context.Context, run, task string, attempt int) (load.Order, error)) error {
	here := machine()
	clock, err := h.NC.Subscribe("onrush.*."+kindClock+".*.*", func(m *nats.Msg) {
		h.reply(m, clockReply{UnixNano: time.Now().UnixNano(), Machine: here})
	})
	if err != nil {
		return fmt.Errorf("listen for clock pings: %w", err)
	}
	room := make(chan struct{}, 32) // orders worked on at once
	orders, err := h.NC.Subscribe("onrush.*."+kindOrder+".*.*", func(m *nats.Msg) {
		room <- struct{}{}
		go func() {
			defer func() { <-room }()
			h.answerOrder(ctx, m, answer)
		}()
	})
	if err != nil {
		return errors.Join(fmt.Errorf("listen for order requests: %w", err), clock.Unsubscribe())
	}
	context.AfterFunc(ctx, func() {
		// The connection may be closed already: then there is nothing to end.
		_, _ = clock.Unsubscribe(), orders.Unsubscribe()
	})
	return nil
}

func (h *Hub) answerOrder(ctx context.Context, m *nats.Msg, answer func(ctx context.Context, run, task string, attempt int) (load.Order, error)) {
	from, _, err := parseSubject(m.Subject)
	if err != nil {
		h.Log.Warn("dropped an order request", "err", err)
		return
	}
	order, err := answer(ctx, from.run, from.task, from.attempt)
	switch {
	case errors.Is(err, ErrNotMine):
	case err != nil:
		h.reply(m, orderReply{Code: load.ErrorCode(err), Error: err.Error()})
	default:
		h.reply(m, orderReply{Order: &order})
	}
}

// reply answers a request of an agent, only ever into that agent's own inbox:
// the reply subject is the agent's choice, and we may publish anywhere.
func (h *Hub) reply(m *nats.Msg, v any) {
	from, _, err := parseSubject(m.Subject)
	if err != nil || !strings.HasPrefix(m.Reply, from.inbox()+".") {
		h.Log.Warn("dropped a request that asks for a reply elsewhere", "subject", m.Subject, "reply", m.Reply)
		return
	}
	data, err := json.Marshal(v)
	if err != nil {
		h.Log.Error("could not encode a reply", "subject", m.Subject, "err", err)
		return
	}
	if err := m.Respond(data); err != nil {
		h.Log.Warn("could not reply to an agent", "subject", m.Subject, "err", err)
	}
}

// Send gives one attempt of a task a command and returns once its agent has
// acknowledged it. Unavailable: it is not connected; try again.
func (h *Hub) Send(ctx context.Context, run, task string, attempt int, command load.Command) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
	}
	data, err := json.Marshal(command)
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	m, err := h.NC.RequestWithContext(ctx, sender{run, task, attempt}.subject(kindCommand), data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return load.Errorf(load.Unavailable, "task %s is not connected", task)
	case err != nil:
		return load.Errorf(load.Unavailable, "task %s did not answer: %w", task, err)
	}
	var reply commandReply
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		return fmt.Errorf("decode answer of task %s: %w", task, err)
	}
	if reply.Error != "" {
		return load.Errorf(load.Conflict, "task %s refused a command: %s", task, reply.Error)
	}
	return nil
}
