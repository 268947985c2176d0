package agent

import (
	"context"
	"strconv"
	"time"

	"onrush.dev/onrush/internal/load"
)

// clock knows how far the server's clock is ahead of this machine's.
type clock struct {
	offset, rtt time.Duration
	known       bool
}

// server turns an instant of this machine into one of the server's clock.
func (c clock) server(t time.Time) time.Time { return t.Add(c.offset) }

// local turns an instant of the server's clock into one of this machine, with a
// monotonic reading: later steps of either clock do not move it.
func (c clock) local(server time.Time) time.Time {
	now := time.Now()
	return now.Add(server.Sub(c.server(now)))
}

// measureClock measures the clock's offset. A later measurement replaces an
// earlier one: clocks drift.
func (a *agent) measureClock(ctx context.Context) error {
	offset, rtt, err := a.conn.Clock(ctx)
	if err != nil {
		return err
	}
	a.clock = clock{offset: offset, rtt: rtt, known: true}
	return nil
}

func (a *agent) addClock(event *load.TaskEvent) {
	if !a.clock.known {
		return
	}
	ms := milliseconds(a.clock.offset)
	event.ClockMS = &ms
	if event.Detail == nil {
		event.Detail = map[string]string{}
	}
	event.Detail[load.DetailClockRTT] = strconv.FormatFloat(milliseconds(a.clock.rtt), 'f', 3, 64)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
