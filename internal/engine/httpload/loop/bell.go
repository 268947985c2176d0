package loop

import "time"

// bell takes the poller's place in a loop that has no sockets of its own, because
// its connections are a library's with goroutines of its own (QUIC). Waiting in
// the kernel, where the scheduler does not see it, would then keep those goroutines
// from running.
type bell struct {
	ring  chan struct{}
	timer *time.Timer
}

func newBell() *bell {
	b := &bell{ring: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	b.timer.Stop()
	return b
}

// wait returns when somebody rings, or after the timeout.
func (b *bell) wait(timeout time.Duration) {
	if timeout <= 0 {
		select {
		case <-b.ring:
		default:
		}
		return
	}
	b.timer.Reset(timeout)
	select {
	case <-b.ring:
		b.timer.Stop()
	case <-b.timer.C:
	}
}

func (b *bell) wake() {
	select {
	case b.ring <- struct{}{}:
	default: // it has been rung
	}
}
