package locust

import (
	"context"
	"math"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// drive is the load over time, as far as it is not the script's own affair: the
// scenario's load, when it replaces the script's, and live changes in any case.
type drive struct {
	channel *channel
	line    *load.Timeline
	start   time.Time
	said    said
	drain   time.Duration
	share   load.Share // what of the run's users Locust is told; empty: all, the dispatcher shares

	driven bool          // the timeline says how many users there are
	base   float64       // not driven: the timeline's level as long as nobody changed it
	length time.Duration // not driven: when the load ends anyway; 0: as the script says
	points []time.Duration

	users  int64 // what Locust was told last
	paused bool
	asked  bool // a live change said how many users there are
}

// said is what Locust knows of the script's load, once it stands at the start.
type said struct {
	Users *int64   `json:"users"`
	Rate  *float64 `json:"rate"`
	Shape string   `json:"shape"`
}

func newDrive(e *Engine, job *engine.Job) *drive {
	wanted := load.ScriptLoadOf(job.Order.Scenario)
	d := &drive{
		channel: e.channel, line: job.Timeline, start: job.Start, said: e.sink.said,
		drain: time.Duration(job.Order.Drain), driven: wanted.Whole(),
	}
	if !d.driven {
		d.length, d.base = time.Duration(wanted.Duration), levelOf(job.Order.Profile)
		if job.Order.Scenario.Share == load.SharingPerTask {
			d.share = job.Order.Share
		}
		return d
	}
	for _, p := range job.Order.Profile.Points {
		d.points = append(d.points, time.Duration(p.At))
	}
	return d
}

func levelOf(p load.Profile) float64 {
	if len(p.Points) == 0 {
		return 0
	}
	return p.Points[0].Level
}

// run lets Locust begin and follows the timeline until ctx ends. False: Locust
// did not end when the load did.
func (d *drive) run(ctx context.Context) bool {
	at := time.Since(d.start)
	begin := command{Do: "go"}
	if d.driven {
		users := d.due(at)
		begin.Users, begin.Rate, d.users = &users, atOnce(users), users
	} else if d.said.Users != nil {
		d.users = *d.said.Users
	} else {
		d.users = 1 // Locust's own default
	}
	d.channel.send(begin)
	for {
		changed := d.line.Changed()
		next, over := d.step(time.Since(d.start))
		if over {
			d.end(d.drain)
			next = time.Since(d.start) + d.drain + closing
		}
		timer := time.NewTimer(time.Until(d.start.Add(next)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return true
		case <-changed:
			timer.Stop()
		case <-timer.C:
			if over {
				return false
			}
		}
	}
}

// steep is a slope, in users a second, from which on Locust gets small steps
// from us: it would make them a second long.
const steep = 100

// step tells Locust what is due at an instant, and says when to look again.
func (d *drive) step(at time.Duration) (next time.Duration, over bool) {
	next = at.Truncate(time.Second) + time.Second
	if !d.driven {
		if d.length > 0 {
			if at >= d.length {
				return 0, true
			}
			next = min(next, d.length)
		}
		d.change(at)
		return next, d.line.Draining(at)
	}
	end, ends := d.line.End()
	if ends && at >= end {
		return 0, true
	}
	for _, p := range d.points { // a corner of the profile, as long as nothing was paused
		if p > at {
			next = min(next, p)
			break
		}
	}
	if math.Abs(d.line.Level(at+time.Second)-d.line.Level(at)) > steep {
		next = min(next, at+time.Second/10)
	}
	if ends {
		next = min(next, end)
	}
	d.follow(at, next)
	return next, false
}

// follow makes the timeline's line from now to the next look: a jump to where it
// is now, if it is not there, and then its slope.
func (d *drive) follow(at, next time.Duration) {
	now := d.due(at)
	last := next - time.Nanosecond // the next corner may be a jump
	then := d.due(last)
	slope := math.Abs(d.line.Level(last)-d.line.Level(at)) / (next - at).Seconds()
	if between := (now <= d.users && d.users <= then) || (then <= d.users && d.users <= now); !between || now == then {
		d.tell("users", now, atOnce(now-d.users))
	}
	if then != now && slope > 0 {
		d.tell("users", then, slope)
	}
}

// change makes live changes to a load that the script itself drives.
func (d *drive) change(at time.Duration) {
	paused := d.line.Paused(at)
	level := d.line.Level(at)
	asked := !paused && (d.asked || level != d.base)
	d.asked = d.asked || asked
	switch {
	case paused && !d.paused:
		d.paused = true
		d.channel.send(command{Do: "pause", Rate: atOnce(d.users)})
	case d.paused && !paused:
		d.paused = false
		back := command{Do: "resume", Rate: atOnce(d.users)}
		if asked {
			d.users = d.due(at)
		}
		if asked || d.said.Shape == "" {
			users := d.users
			back.Users, back.Rate = &users, atOnce(users)
		}
		d.channel.send(back)
	case asked:
		d.tell("users", d.due(at), atOnce(d.due(at)-d.users))
	}
}

func (d *drive) tell(do string, users int64, rate float64) {
	if users == d.users {
		return
	}
	d.users = users
	d.channel.send(command{Do: do, Users: &users, Rate: rate})
}

// end tells Locust to end: its users may finish what they are at, within a time.
func (d *drive) end(within time.Duration) {
	seconds := within.Seconds()
	d.channel.send(command{Do: "end", Within: &seconds})
}

// due is how many users there are to be at an instant, as Locust is told it.
func (d *drive) due(at time.Duration) int64 { return int64(d.line.Users(at, d.share)) }

// atOnce is a rate at which so many users come or go in one step. Locust warns
// of more than 100, and takes them all the same.
func atOnce(users int64) float64 { return float64(max(steep, users, -users)) }
