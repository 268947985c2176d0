package dial

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// How long answers live. An answer is used for its own time to live within
// bounds: 0 would be a load test of the DNS server, and days would never see a
// target move.
const (
	leastLife   = time.Second
	mostLife    = 5 * time.Minute
	otherLife   = 5 * time.Second // of answers that do not say: from hosts files, from the system
	mostMissing = 5 * time.Second // of the answer that there is no such name
	keepOld     = time.Minute     // how long an old answer stands in when no new one can be had
	retryAfter  = 5 * time.Second // when to ask again then
	mostNames   = 10000           // names kept; URLs made from data may hold any number
)

// found is a good answer.
type found struct {
	addrs []netip.Addr // the preferred family first
	life  time.Duration
}

// missing is the answer that a name has no address, which lives for a while too.
type missing struct {
	failure *proto.Failure
	life    time.Duration
}

func (m *missing) Error() string { return m.failure.Error() }

// names knows where names are. The first who needs a name waits for DNS. From
// then on, as long as the name is in use, it is asked for again shortly before
// its answer ends, so nobody waits again.
type names struct {
	lookup func(ctx context.Context, name string) (found, error)
	ttl    *time.Duration // instead of the answers' own; 0: ask for every connection
	limit  time.Duration  // for one lookup
	log    *slog.Logger
	clock  clock
	ctx    context.Context // of lookups that belong to nobody
	close  context.CancelFunc

	entries sync.Map // name to *entry
	count   atomic.Int64
}

// entry is one name.
type entry struct {
	turn   atomic.Uint64
	answer atomic.Pointer[answer] // nil: none
	used   atomic.Bool            // since the last answer

	mu      sync.Mutex
	missing *missing // with its end below
	until   time.Time
	pending *pending // who asks now
	failing bool     // the last refresh failed, and the log says so
}

// answer is used until its end, which is later than that of its time to live by
// keepOld: it is replaced in time, or dropped when nobody uses it.
type answer struct {
	addrs []netip.Addr
	until time.Time
}

type pending struct {
	done chan struct{}
	err  error
}

func newNames(lookup func(context.Context, string) (found, error), ttl *time.Duration, limit time.Duration, log *slog.Logger, clock clock) *names {
	n := &names{lookup: lookup, ttl: ttl, limit: limit, log: log, clock: clock}
	if n.limit <= 0 {
		n.limit = 10 * time.Second
	}
	n.ctx, n.close = context.WithCancel(context.Background())
	return n
}

// known returns the addresses of a name if they are at hand.
func (n *names) known(name string) (*entry, []netip.Addr) {
	v, ok := n.entries.Load(name)
	if !ok {
		return nil, nil
	}
	e := v.(*entry)
	a := e.answer.Load()
	if a == nil || !n.clock.now().Before(a.until) {
		return nil, nil
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e, a.addrs
}

// resolve returns the addresses of a name, and waits for them if need be.
func (n *names) resolve(ctx context.Context, name string) (*entry, []netip.Addr, error) {
	e := n.entry(name)
	if n.ttl != nil && *n.ttl == 0 {
		got, err := n.ask(ctx, name)
		if ctx.Err() != nil {
			return e, nil, waited(ctx, name)
		}
		return e, got.addrs, asFailure(err)
	}
	if known, addrs := n.known(name); known == e {
		return e, addrs, nil
	}
	e.mu.Lock()
	if e.missing != nil && n.clock.now().Before(e.until) {
		defer e.mu.Unlock()
		return e, nil, e.missing.failure
	}
	p := e.pending
	if p == nil {
		p = &pending{done: make(chan struct{})}
		e.pending = p
		go n.fill(name, e, p)
	}
	e.mu.Unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		return e, nil, waited(ctx, name)
	}
	if a := e.answer.Load(); p.err == nil && a != nil {
		return e, a.addrs, nil
	}
	return e, nil, asFailure(p.err)
}

// entry finds or makes the entry of a name.
func (n *names) entry(name string) *entry {
	if v, ok := n.entries.Load(name); ok {
		return v.(*entry)
	}
	v, loaded := n.entries.LoadOrStore(name, new(entry))
	if !loaded && n.count.Add(1) > mostNames {
		n.entries.Range(func(other, _ any) bool {
			if other != name {
				n.drop(other.(string))
			}
			return n.count.Load() > mostNames/2
		})
	}
	return v.(*entry)
}

func (n *names) drop(name string) {
	if _, ok := n.entries.LoadAndDelete(name); ok {
		n.count.Add(-1)
	}
}

// ask looks a name up. It belongs to whoever waits by ctx, within the limit.
func (n *names) ask(ctx context.Context, name string) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, n.limit)
	defer cancel()
	got, err := n.lookup(ctx, name)
	if err == nil {
		got.life = min(max(got.life, leastLife), mostLife)
		if n.ttl != nil {
			got.life = *n.ttl
		}
	}
	return got, err
}

// fill asks for a name and keeps what comes, for all who wait for p.
func (n *names) fill(name string, e *entry, p *pending) {
	got, err := n.ask(n.ctx, name)
	e.mu.Lock()
	defer e.mu.Unlock()
	p.err, e.pending = err, nil
	defer close(p.done)
	var none *missing
	now := n.clock.now()
	switch old := e.answer.Load(); {
	case err == nil:
		e.missing = nil
		e.used.Store(false)
		e.answer.Store(&answer{got.addrs, now.Add(got.life + keepOld)})
		n.refreshAfter(name, e, got.life-got.life/10)
		if e.failing {
			n.log.Info("name found again", "name", name)
		}
		e.failing = false
	case errors.As(err, &none):
		e.answer.Store(nil)
		e.missing, e.until = none, now.Add(min(max(none.life, leastLife), mostMissing))
		e.failing = false
	case old != nil && now.Before(old.until):
		p.err = nil
		if !e.failing {
			n.log.Warn("name not found anew; its old addresses stay in use for now", "name", name, "addresses", len(old.addrs),
				"for", old.until.Sub(now).Round(time.Second).String(), "error", err)
		}
		e.failing = true
		n.refreshAfter(name, e, retryAfter)
	default:
		e.answer.Store(nil)
		e.failing = false
	}
}

// refreshAfter asks again after a while, if the name is in use until then.
func (n *names) refreshAfter(name string, e *entry, wait time.Duration) {
	n.clock.after(wait, func() {
		if n.ctx.Err() != nil {
			return
		}
		if v, ok := n.entries.Load(name); !ok || v != e {
			return // dropped meanwhile
		}
		e.mu.Lock()
		if !e.used.Load() && !e.failing {
			e.answer.Store(nil)
			e.mu.Unlock()
			return
		}
		p := e.pending
		if p == nil {
			p = &pending{done: make(chan struct{})}
			e.pending = p
			defer n.fill(name, e, p)
		}
		e.mu.Unlock()
	})
}

// waited is the failure of one who did not wait for the answer to the end.
func waited(ctx context.Context, name string) *proto.Failure {
	if errors.Is(ctx.Err(), context.Canceled) {
		return proto.Failf(load.CauseStopped, "look up %q: %w", name, ctx.Err())
	}
	return proto.Failf(load.CauseDNS, "look up %q: no answer of DNS in time: %w", name, ctx.Err())
}

func asFailure(err error) error {
	var none *missing
	switch {
	case err == nil:
		return nil
	case errors.As(err, &none):
		return none.failure
	}
	return proto.AsFailure(err, load.CauseDNS)
}

// clock is time, which tests make pass.
type clock struct {
	now   func() time.Time
	after func(time.Duration, func())
}

func realClock() clock {
	return clock{now: time.Now, after: func(d time.Duration, f func()) { time.AfterFunc(d, f) }}
}
