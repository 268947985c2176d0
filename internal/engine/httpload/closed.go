package httpload

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// tick is how often the number of users follows the profile.
const tick = 10 * time.Millisecond

// tokens are what is left of a limit. Each is taken before its request is sent,
// so a limit is met exactly whatever users do at the same time.
type tokens struct {
	bounded bool
	left    atomic.Int64
}

func newTokens(limit int64) *tokens {
	t := &tokens{bounded: limit != 0} // below 0: load.Nothing
	t.left.Store(limit)
	return t
}

func (t *tokens) spent() bool { return t.bounded && t.left.Load() <= 0 }

func (t *tokens) take() bool { return !t.bounded || t.left.Add(-1) >= 0 }

// crowd is the users of the closed model, over all workers.
type crowd struct {
	*run
	requests   *tokens
	iterations *tokens
	members    atomic.Int64
	gone       atomic.Int64  // users that stopped for good: a limit is met or rows are used up
	departed   chan struct{} // a hint that gone or the active users have changed
}

// ward is the users of one worker: of the task's users every so-many-th.
type ward struct {
	*crowd
	w       *worker
	members []*user
	active  int // the first so many members
	timer   loop.Timer
	closed  bool
}

// closed runs the closed model: as many users as the profile says, each sending
// its next request when the last one has ended.
func (r *run) closed(ctx context.Context) error {
	order := &r.job.Order
	c := &crowd{
		run:        r,
		requests:   newTokens(order.Requests),
		iterations: newTokens(order.Iterations),
		departed:   make(chan struct{}, 1),
	}
	if order.Skip > 0 {
		r.program.spend()
	}
	wards := make([]*ward, len(r.workers))
	for i, w := range r.workers {
		d := &ward{crowd: c, w: w}
		d.timer.Init(d.follow)
		wards[i] = d
		w.loop.Post(d.follow)
	}
	return r.play(ctx, func(ctx context.Context) {
		c.await(ctx, func() {
			for _, d := range wards {
				d.w.loop.Post(d.follow)
			}
		})
	}, func(w *worker) { wards[w.index].end() })
}

// await returns when the profile or a limit has ended the load.
func (c *crowd) await(ctx context.Context, changed func()) {
	line := c.job.Timeline
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		news := line.Changed()
		if end, known := line.End(); known && c.since() >= end {
			return
		}
		if c.spent() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
			changed()
		case <-c.departed:
		case <-ticker.C:
		}
	}
}

// spent says whether nothing more can be sent and nothing is under way. A user
// counts itself as active before it takes a token, so the order of the looks
// matters.
func (c *crowd) spent() bool {
	if c.requests.spent() || c.iterations.spent() {
		return c.users.Load() == 0
	}
	gone := c.gone.Load()
	return gone > 0 && gone == c.members.Load()
}

// hint wakes await.
func (c *crowd) hint() {
	select {
	case c.departed <- struct{}{}:
	default:
	}
}

// follow keeps the number of users at what the timeline says.
func (d *ward) follow() {
	if d.closed {
		return
	}
	at := d.w.loop.Now()
	line := d.job.Timeline
	users := 0
	if end, known := line.End(); !known || at < end {
		users = line.Users(at, d.job.Order.Share)
	}
	n := len(d.workers)
	d.want((users - d.w.index + n - 1) / n)
	d.w.loop.Set(&d.timer, at+tick)
}

// end has all users leave.
func (d *ward) end() {
	d.closed = true
	d.w.loop.Unset(&d.timer)
	d.want(0)
}

// want makes n users active: always the first ones.
func (d *ward) want(n int) {
	for ; d.active > n; d.active-- {
		d.members[d.active-1].dismiss()
	}
	for ; d.active < n; d.active++ {
		if d.active == len(d.members) {
			d.join()
		}
		d.members[d.active].enter()
	}
}

// join adds a user. Users in groups as large as a connection has streams share
// their connections.
func (d *ward) join() {
	i := len(d.members)
	u := &user{ward: d}
	u.walk.number = d.job.Order.Share.At(int64(i*len(d.workers) + d.w.index))
	u.walk.init(d.run)
	p := newPool(d.w)
	if at := i % d.w.streams; at > 0 {
		p = d.members[i-at].flight.pool
	}
	u.flight.init(d.w, u, p)
	u.pause.Init(u.proceed)
	d.members = append(d.members, u)
	d.crowd.members.Add(1)
}

// user is one user: one request at a time, over connections of its own.
type user struct {
	*ward
	flight flight
	walk   walk
	pause  loop.Timer // think time
	active bool
	leaves bool // when the present request has ended
	done   bool // stopped for good
}

// enter makes the user active.
func (u *user) enter() {
	u.leaves = false
	if u.active || u.done {
		return
	}
	u.active = true
	u.flight.pool.users++
	u.users.Add(1)
	u.walk.end()
	u.proceed()
}

// dismiss has the user leave: at once when it thinks, else after its request.
func (u *user) dismiss() {
	u.leaves = true
	if _, thinking := u.pause.At(); thinking {
		u.w.loop.Unset(&u.pause)
		u.leave()
	}
}

// leave makes the user inactive. Its connections go with it, or with the last one
// of those who share them.
func (u *user) leave() {
	if !u.active {
		return
	}
	u.active = false
	p := u.flight.pool
	if p.users--; p.users == 0 {
		p.close()
	}
	u.walk.forget()
	u.users.Add(-1)
	u.hint()
}

// stop ends the user for good.
func (u *user) stop() {
	u.done = true
	u.gone.Add(1)
	u.leave()
}

// proceed sends the user's next request.
func (u *user) proceed() {
	if u.leaves || u.w.closing {
		u.leave()
		return
	}
	if u.walk.over() {
		if !u.iterations.take() {
			u.stop()
			return
		}
		u.walk.begin(u.walk.turn())
	}
	if !u.requests.take() {
		u.stop()
		return
	}
	q := u.walk.request()
	if err := u.walk.take(q); err != nil {
		if errors.Is(err, errUsedUp) {
			u.w.limit(string(load.LimitOther) + ": the unique rows of " + u.program.unique() + " are used up")
		}
		u.w.fail(q, load.CauseData, err, record.None)
		u.stop()
		return
	}
	u.flight.begin(q, &u.walk.values, record.None)
}

// landed implements home: the user thinks, and goes on.
func (u *user) landed(f *flight) {
	u.walk.step()
	if d := u.walk.think(f.call); d > 0 && !u.leaves && !u.w.closing {
		u.w.loop.Set(&u.pause, u.w.loop.Recent()+d)
		return
	}
	u.proceed()
}
