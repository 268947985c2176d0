//go:build !linux

package httpload

import "time"

// clock sleeps as well as the runtime can.
type clock struct{}

func newClock() (*clock, error) { return &clock{}, nil }

func (*clock) sleep(d time.Duration) { <-time.After(d) }

func (*clock) close() {}
