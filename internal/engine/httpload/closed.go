package httpload

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

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

// crowd is the users of the closed model.
type crowd struct {
	*run
	members    []*user
	active     int // the first so many members
	requests   *tokens
	iterations *tokens
	gone       atomic.Int64  // users that stopped for good: a limit is met or rows are used up
	departed   chan struct{} // a hint that gone has changed
}

// user is one user: one request at a time, over connections of its own. It is
// one goroutine for the whole run, active while the profile wants it.
type user struct {
	*crowd
	number int64 // in the whole run
	shard  *record.Shard
	starts chan chan struct{} // one entry for each activity: closed when it is to end
	quit   chan struct{}      // of the present activity; nil: not active
	count  uint64             // draws made so far
	done   bool               // stopped for good; the user's own goroutine only
}

// closed runs the closed model: as many users as the profile says, each sending
// its next request when the last one has ended.
func (r *run) closed(ctx context.Context) {
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
	c.follow(ctx)
	c.want(0)
	for _, u := range c.members {
		close(u.starts)
	}
	r.landing()
}

// follow keeps the number of users at what the timeline says, until it ends.
func (c *crowd) follow(ctx context.Context) {
	line := c.job.Timeline
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		changed := line.Changed()
		at := c.since()
		if end, known := line.End(); known && at >= end {
			return
		}
		c.want(line.Users(at, c.job.Order.Share))
		if c.spent() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-c.departed:
		case <-ticker.C:
		}
	}
}

// want makes n users active: always the first ones.
func (c *crowd) want(n int) {
	for ; c.active > n; c.active-- {
		u := c.members[c.active-1]
		close(u.quit)
		u.quit = nil
	}
	for ; c.active < n; c.active++ {
		if c.active == len(c.members) {
			c.join()
		}
		u := c.members[c.active]
		u.quit = make(chan struct{})
		select {
		case <-u.starts: // an activity that it never got to
		default:
		}
		u.starts <- u.quit
	}
}

// join adds a user.
func (c *crowd) join() {
	i := len(c.members)
	u := &user{
		crowd:  c,
		number: c.job.Order.Share.At(int64(i)),
		shard:  c.shards[i%shardCount],
		starts: make(chan chan struct{}, 1),
	}
	c.members = append(c.members, u)
	c.flying.Go(u.live)
}

// spent says whether nothing more can be sent and nothing is under way. A user
// counts itself as active before it takes a token, so the order of the looks
// matters.
func (c *crowd) spent() bool {
	if c.requests.spent() || c.iterations.spent() {
		return c.users.Load() == 0
	}
	gone := int(c.gone.Load())
	return gone > 0 && gone == len(c.members)
}

// live is the life of a user over all its activities.
func (u *user) live() {
	p := newPool()
	for quit := range u.starts {
		if u.done {
			continue
		}
		u.users.Add(1)
		for !u.done && u.iterate(p, quit) {
		}
		u.users.Add(-1)
		p.close()
	}
}

// stop ends the user for good.
func (u *user) stop() bool {
	u.done = true
	u.gone.Add(1)
	select {
	case u.departed <- struct{}{}:
	default:
	}
	return false
}

// iterate makes one iteration and says whether there may be another.
func (u *user) iterate(p *pool, quit chan struct{}) bool {
	if over(quit) || u.cutting.Err() != nil {
		return false
	}
	if !u.iterations.take() {
		return u.stop()
	}
	data := u.program.noRows()
	if u.program.upTo != nil {
		return u.step(p, quit, u.program.draw(u.unit()), data)
	}
	for i := range u.program.requests {
		if !u.step(p, quit, i, data) {
			return false
		}
	}
	return true
}

// step sends one request, thinks, and says whether the user goes on.
func (u *user) step(p *pool, quit chan struct{}, i int, data rows) bool {
	if over(quit) || u.cutting.Err() != nil {
		return false
	}
	if !u.requests.take() {
		return u.stop()
	}
	if err := u.program.fill(data, i); err != nil {
		if errors.Is(err, errUsedUp) {
			u.limit("the unique rows of " + u.program.unique() + " are used up")
		}
		u.fail(i, load.CauseData, err, record.None, u.shard)
		return u.stop()
	}
	u.request(p, i, data, record.None, u.shard)
	return u.think(quit)
}

// think waits between two requests.
func (u *user) think(quit chan struct{}) bool {
	d := u.program.pause(u.unit())
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-quit:
	case <-u.cutting.Done():
	}
	return false
}

// unit numbers this user's draws.
func (u *user) unit() uint64 {
	u.count++
	return uint64(u.number)<<40 ^ u.count
}

func over(quit chan struct{}) bool {
	select {
	case <-quit:
		return true
	default:
		return false
	}
}
