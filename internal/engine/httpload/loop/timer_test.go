package loop

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestTimersComeWhenDue sets, moves, unsets and fires timers at random, and
// compares with a plain list.
func TestTimersComeWhenDue(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := &Loop{}
		want := map[int]time.Duration{}
		var came []int
		timers := make([]*Timer, 1+r.IntN(60))
		for i := range timers {
			timers[i] = NewTimer(func() { came = append(came, i) })
		}
		for range 400 {
			i := r.IntN(len(timers))
			switch r.IntN(4) {
			case 0, 1:
				at := l.now + time.Duration(r.IntN(100))
				l.Set(timers[i], at)
				want[i] = at
			case 2:
				l.Unset(timers[i])
				delete(want, i)
			case 3:
				l.now += time.Duration(r.IntN(20))
				came = nil
				l.timers.fire(l)
				checkFired(t, l, came, want)
			}
			checkHeap(t, l, want)
		}
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func checkFired(t *testing.T, l *Loop, came []int, want map[int]time.Duration) {
	t.Helper()
	last := time.Duration(-1)
	for _, i := range came {
		at, set := want[i]
		if !set || at > l.now || at < last {
			t.Errorf("timer %d came at %d: set %v, for %d, behind one for %d", i, l.now, set, at, last)
		}
		last = at
		delete(want, i)
	}
	for i, at := range want {
		if at <= l.now {
			t.Errorf("timer %d was due at %d and did not come at %d", i, at, l.now)
		}
	}
}

func checkHeap(t *testing.T, l *Loop, want map[int]time.Duration) {
	t.Helper()
	if len(l.timers) != len(want) {
		t.Errorf("%d timers are in the heap, %d are set", len(l.timers), len(want))
	}
	for i, timer := range l.timers {
		if timer.place != i+1 {
			t.Errorf("the timer at %d believes to be at %d", i, timer.place-1)
		}
	}
	if next, ok := l.timers.next(); ok {
		least := slices.MinFunc(l.timers, func(a, b *Timer) int { return int(a.at - b.at) })
		if next != least.at {
			t.Errorf("next is %d, the least %d", next, least.at)
		}
	}
}

// TestATimerMaySetItself and others, from within its call.
func TestATimerMaySetItself(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	done := make(chan struct{})
	do(t, l, func() {
		n := 0
		var again, never *Timer
		never = NewTimer(func() { t.Error("a timer came that was unset") })
		again = NewTimer(func() {
			if n++; n == 5 {
				close(done)
				return
			}
			l.Unset(never)
			l.Set(again, l.Recent()+time.Millisecond)
		})
		l.Set(again, l.Recent())
		l.Set(never, l.Recent()+time.Microsecond)
		l.Unset(never)
		l.Set(never, l.Recent()+time.Hour)
	})
	take(t, done)
}
