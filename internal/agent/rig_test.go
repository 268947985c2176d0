package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/agent"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/load"
)

// patience bounds every wait; it is only used up by a failure.
const patience = 30 * time.Second

const run, task = "run-1", "eu-1"

// rig is the server's side of one task, over the real bus.
type rig struct {
	*testing.T
	options embedded.Options
	server  *embedded.Server
	order   load.Order

	mu      sync.Mutex
	events  []load.TaskEvent
	windows []*load.Window
	news    chan struct{}
	stop    context.CancelFunc
}

func newRig(t *testing.T, order load.Order) *rig {
	return newRigWith(t, order, embedded.Options{Dir: t.TempDir()})
}

func newRigWith(t *testing.T, order load.Order, options embedded.Options) *rig {
	r := &rig{T: t, options: options, order: order, news: make(chan struct{}, 1)}
	r.serve()
	return r
}

// serve starts the server, again after down.
func (r *rig) serve() {
	r.Helper()
	var err error
	r.server, err = embedded.Start(r.options)
	r.must(err)
	r.Cleanup(func() { r.server.Close() })
	hub := r.server.Hub()
	r.must(hub.OpenRun(r.Context(), run))
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.Cleanup(stop)
	r.must(hub.HandleOrders(ctx, func(_ context.Context, _, _ string, attempt int) (load.Order, error) {
		return r.order, nil
	}))
	r.mu.Lock()
	r.events, r.windows = nil, nil // the stream is read from the first message
	r.mu.Unlock()
	go func() {
		if err := hub.Consume(ctx, run, nil, r.take); err != nil && load.ErrorCode(err) != load.NotFound {
			r.Errorf("consume: %v", err)
		}
	}()
}

// down ends the server; its folder stays.
func (r *rig) down() {
	r.Helper()
	r.stop()
	r.must(r.server.Close())
}

func (r *rig) take(m bus.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.Kind == bus.KindWindow {
		w, err := load.DecodeWindow(m.Data)
		if err != nil {
			return err
		}
		r.windows = append(r.windows, w)
	} else {
		var e load.TaskEvent
		if err := json.Unmarshal(m.Data, &e); err != nil {
			return err
		}
		r.events = append(r.events, e)
	}
	select {
	case r.news <- struct{}{}:
	default:
	}
	return nil
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// event waits for an event of a kind.
func (r *rig) event(kind load.TaskEventKind) load.TaskEvent {
	r.Helper()
	var found load.TaskEvent
	r.await(fmt.Sprintf("event %s", kind), func() bool {
		for _, e := range r.events {
			if e.Kind == kind {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// await waits until something is true of what came in.
func (r *rig) await(what string, ok func() bool) {
	r.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		done := ok()
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-r.news:
		case <-late:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.Fatalf("no %s within %s; events %+v, %d windows", what, patience, r.events, len(r.windows))
		}
	}
}

func (r *rig) ticket(attempt int) bus.Ticket {
	r.Helper()
	encoded, err := r.server.Hub().IssueTicket(run, task, "eu", attempt, time.Hour)
	r.must(err)
	ticket, err := bus.ParseTicket(encoded)
	r.must(err)
	return ticket
}

// running is an agent in the test's own process.
type running struct {
	drain chan struct{}
	ended chan error
}

func (r *rig) start(bounds agent.Bounds) *running {
	r.Helper()
	a := &running{drain: make(chan struct{}), ended: make(chan error, 1)}
	ticket := r.ticket(r.order.Index) // tests use the index as the attempt
	ctx, cancel := context.WithCancel(context.Background())
	r.Cleanup(cancel)
	go func() {
		a.ended <- agent.Run(ctx, ticket, agent.Options{Drain: a.drain, Version: "test", Bounds: bounds})
	}()
	return a
}

func (r *rig) end(a *running) error {
	r.Helper()
	select {
	case err := <-a.ended:
		return err
	case <-time.After(patience):
		r.Fatalf("the agent did not end within %s", patience)
		return nil
	}
}

func (r *rig) send(c load.Command) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	r.must(r.server.Hub().Send(ctx, run, task, r.order.Index, c))
}

// begin waits until the agent is ready and starts it now.
func (r *rig) begin() time.Time {
	r.Helper()
	r.event(load.EventReady)
	at := time.Now().Add(50 * time.Millisecond)
	r.send(load.Command{Kind: load.CommandStart, Start: at})
	return at
}

// wantWhole checks a task's accounting: windows without gaps, and the last word
// that names what they hold.
func (r *rig) wantWhole(last load.TaskEvent) {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var sent int64
	for i, w := range r.windows {
		if w.Seq != uint64(i+1) || w.Task != task || w.Attempt != r.order.Index {
			r.Errorf("window %d is number %d of task %s, attempt %d", i+1, w.Seq, w.Task, w.Attempt)
		}
		for _, e := range w.Entries {
			sent += e.Requests
		}
		if w.Sent != sent {
			r.Errorf("window %d says that %d samples were sent so far, its windows hold %d", w.Seq, w.Sent, sent)
		}
	}
	if last.Windows != uint64(len(r.windows)) || last.Sent != sent {
		r.Errorf("the last word tells %d windows and %d samples; %d and %d came", last.Windows, last.Sent, len(r.windows), sent)
	}
}

// scripted is an order for the scripted engine: so many users for so long.
func scripted(users float64, length time.Duration, s load.Scripted) load.Order {
	return load.Order{
		Run: run, Task: task, Region: "eu", Count: 1, Model: load.Closed,
		Scenario: load.Scenario{Name: "test", Engine: "scripted", Scripted: &s},
		Profile: load.Profile{Points: []load.Point{
			{At: 0, Level: users}, {At: load.Duration(length), Level: users},
		}},
		Share: load.Share{Groups: []load.ShareGroup{{Tasks: 1, Weight: 1}}},
		Drain: load.Duration(time.Second),
	}
}
