package scripted

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"onrush.dev/onrush/internal/agent"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// inside runs agents as goroutines of this process. They end with it, as tasks
// of a platform would that is lost altogether.
type inside struct {
	place fleet.Place

	mu    sync.Mutex
	tasks map[string]*member
}

// member is one agent.
type member struct {
	fleet.Instance
	drain chan struct{}
	once  sync.Once
	kill  context.CancelFunc
	done  chan struct{}
	log   output
}

func newInside(place fleet.Place) *inside {
	return &inside{place: place, tasks: map[string]*member{}}
}

// Capacity implements fleet.Driver.
func (d *inside) Capacity(context.Context) (load.Capacity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return load.Capacity{Limit: d.place.Limit, InUse: len(d.tasks), Note: "agents in the server's process"}, nil
}

// Start implements fleet.Driver.
func (d *inside) Start(_ context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	answers := make([]fleet.Started, len(specs))
	for n, s := range specs {
		key := keyOf(s.Run, s.Task, s.Attempt)
		if d.tasks[key] == nil {
			ticket, err := bus.ParseTicket(s.Ticket)
			if err != nil {
				answers[n].Err = err
				continue
			}
			d.tasks[key] = d.begin(key, s, ticket)
		}
		answers[n].Instance = key
	}
	return answers, nil
}

func (d *inside) begin(key string, s fleet.TaskSpec, ticket bus.Ticket) *member {
	ctx, kill := context.WithCancel(context.Background())
	m := &member{
		Instance: fleet.Instance{ID: key, Run: s.Run, Task: s.Task, Attempt: s.Attempt, State: fleet.Up, Started: time.Now()},
		drain:    make(chan struct{}), kill: kill, done: make(chan struct{}),
	}
	go func() {
		defer close(m.done)
		defer kill()
		err := agent.Run(ctx, ticket, agent.Options{
			Log: slog.New(slog.NewTextHandler(&m.log, nil)), Output: &m.log, Drain: m.drain, Version: d.place.Version,
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		m.State, m.Ended = fleet.Gone, time.Now()
		if err != nil {
			m.Reason = err.Error()
		}
	}()
	return m
}

// List implements fleet.Driver.
func (d *inside) List(_ context.Context, run string) ([]fleet.Instance, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []fleet.Instance
	for _, m := range d.tasks {
		if run == "" || m.Run == run {
			list = append(list, m.Instance)
		}
	}
	return list, nil
}

// Stop implements fleet.Driver.
func (d *inside) Stop(ctx context.Context, run string, tasks ...string) error {
	d.mu.Lock()
	var chosen []*member
	for _, m := range d.tasks {
		if m.Run == run && (len(tasks) == 0 || slices.Contains(tasks, m.Task)) {
			chosen = append(chosen, m)
		}
	}
	d.mu.Unlock()
	grace, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, m := range chosen {
		m.once.Do(func() { close(m.drain) })
	}
	for _, m := range chosen {
		select {
		case <-m.done:
		case <-grace.Done():
			m.kill()
			<-m.done
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range chosen {
		delete(d.tasks, m.ID)
	}
	return nil
}

// Logs implements fleet.Driver: what there is so far.
func (d *inside) Logs(_ context.Context, run, task string, _ bool) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var newest *member
	for _, m := range d.tasks {
		if m.Run == run && m.Task == task && (newest == nil || newest.Attempt < m.Attempt) {
			newest = m
		}
	}
	if newest == nil {
		return nil, load.Errorf(load.NotFound, "region %s has no task %s of run %s", d.place.Name, task, run)
	}
	return io.NopCloser(bytes.NewReader(newest.log.bytes())), nil
}

// Check implements fleet.Driver.
func (d *inside) Check(context.Context) ([]load.Finding, error) { return nil, nil }

// Close implements fleet.Driver. Agents cannot go on without their process.
func (d *inside) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.tasks {
		m.kill()
	}
	return nil
}

// output is a log in memory.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.text.Bytes())
}
