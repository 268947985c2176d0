package loop

import "time"

// Timer calls a function at an instant of its loop's clock. It is made once and
// set many times; setting it again moves it.
type Timer struct {
	at    time.Duration
	place int // in the heap, from 1; 0: not set
	f     func()
}

// NewTimer makes a timer that is not set.
func NewTimer(f func()) *Timer { return &Timer{f: f} }

// Init is NewTimer for a timer inside something else.
func (t *Timer) Init(f func()) { t.f = f }

// At is when a timer that is set will call.
func (t *Timer) At() (time.Duration, bool) { return t.at, t.place > 0 }

// Set has t call at an instant. One that is past comes in this round.
func (l *Loop) Set(t *Timer, at time.Duration) {
	t.at = at
	if t.place == 0 {
		l.timers = append(l.timers, t)
		t.place = len(l.timers)
	}
	l.timers.settle(t.place - 1)
}

// Unset keeps t from calling.
func (l *Loop) Unset(t *Timer) {
	if t.place > 0 {
		l.timers.remove(t.place - 1)
	}
}

// timers is a heap by instant, four wide: it is flatter than one of two, and
// what it costs is the memory it walks through.
type timers []*Timer

const wide = 4

func (h timers) next() (time.Duration, bool) {
	if len(h) == 0 {
		return 0, false
	}
	return h[0].at, true
}

// fire calls all timers whose instant has come. The clock is that of the last
// reading: handling an event reads it, so what was due meanwhile goes out now.
func (h *timers) fire(l *Loop) {
	for len(*h) > 0 && (*h)[0].at <= l.now {
		t := (*h)[0]
		h.remove(0)
		t.f()
	}
}

func (h *timers) remove(i int) {
	list := *h
	last := len(list) - 1
	list[i].place = 0
	if i != last {
		list[i] = list[last]
		list[i].place = i + 1
	}
	list[last] = nil
	*h = list[:last]
	if i != last {
		h.settle(i)
	}
}

// settle moves the timer at i to where it belongs.
func (h timers) settle(i int) {
	t := h[i]
	for i > 0 {
		up := (i - 1) / wide
		if h[up].at <= t.at {
			break
		}
		h.put(i, h[up])
		i = up
	}
	for {
		first := i*wide + 1
		if first >= len(h) {
			break
		}
		least := first
		for j := first + 1; j < min(first+wide, len(h)); j++ {
			if h[j].at < h[least].at {
				least = j
			}
		}
		if h[least].at >= t.at {
			break
		}
		h.put(i, h[least])
		i = least
	}
	h.put(i, t)
}

func (h timers) put(i int, t *Timer) {
	h[i] = t
	t.place = i + 1
}
