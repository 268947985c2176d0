package httpload

import (
	"math"
	"math/rand/v2"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// arrivals walks over this task's arrivals of the open model, one after the
// other. Two walks over one job see the same arrivals.
//
// Constant spacing: the task's n-th arrival is the run's arrival At(n), due when
// the profile has let so many in. Poisson spacing: the gaps between the task's
// arrivals, counted in its own arrivals, are drawn from an exponential
// distribution; tasks draw apart, and Poisson processes added up are one.
type arrivals struct {
	line  *load.Timeline
	share load.Share
	last  int64 // number of arrivals that the limit allows; -1: no limit
	n     int64 // the arrival walked to
	step  int64 // how far next goes: with several workers, each has every so-many-th
	draws *rand.Rand
	place float64 // of the arrival walked to, in the task's arrivals (Poisson)
}

func newArrivals(job *engine.Job, seed uint64, first, step int) *arrivals {
	o := &job.Order
	a := &arrivals{line: job.Timeline, share: o.Share, last: -1, step: int64(step)}
	if limit := max(o.Requests, o.Iterations); limit > 0 {
		a.last = o.Share.Count(limit)
	}
	// A replacement starts in the middle: what was due before is lost, and said
	// so elsewhere.
	if o.Skip > 0 {
		a.n = o.Share.Count(int64(math.Ceil(job.Timeline.Arrivals(time.Duration(o.Skip)))))
	}
	if o.Scenario.Load.Arrivals == load.ArrivalsPoisson {
		a.draws = rand.New(rand.NewPCG(seed, uint64(o.Index)))
		a.place = float64(a.n) + a.draws.ExpFloat64()
	}
	a.walk(int64(first))
	return a
}

// over says whether the limit allows no more arrivals.
func (a *arrivals) over() bool { return a.last >= 0 && a.n >= a.last }

// number is the number in the whole run of the arrival walked to.
func (a *arrivals) number() int64 { return a.share.At(a.n) }

// next walks to the next arrival.
func (a *arrivals) next() { a.walk(a.step) }

func (a *arrivals) walk(steps int64) {
	a.n += steps
	if a.draws != nil {
		for range steps {
			a.place += a.draws.ExpFloat64()
		}
	}
}

// due is when the arrival walked to is due. It may change until then with every
// change of the timeline. False: not within the profile as it stands.
func (a *arrivals) due() (time.Duration, bool) {
	if a.draws == nil {
		return a.line.Due(a.number())
	}
	whole, part := math.Modf(a.place)
	from, ok := a.line.Due(a.share.At(int64(whole)))
	if !ok {
		return 0, false
	}
	to, ok := a.line.Due(a.share.At(int64(whole) + 1))
	if !ok { // the profile ends in between
		if to, ok = a.line.End(); !ok {
			return 0, false
		}
	}
	return from + time.Duration(part*float64(to-from)), true
}
