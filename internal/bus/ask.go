package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"onrush.dev/onrush/internal/load"
)

// Order asks for the task's order until there is an answer or ctx ends. The
// server may be away, or may not have taken the run up yet after a restart.
func (c *AgentConn) Order(ctx context.Context) (load.Order, error) {
	for try := 0; ; try++ {
		order, err := c.orderOnce(ctx)
		if err == nil || isFinal(err) {
			return order, err
		}
		c.log.Debug("no order yet", "err", err)
		select {
		case <-time.After(backoff(try)):
		case <-c.refused:
			return load.Order{}, ErrRefused
		case <-ctx.Done():
			return load.Order{}, fmt.Errorf("ask for the order: %w", err)
		}
	}
}

func (c *AgentConn) orderOnce(ctx context.Context) (load.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, c.self.subject(kindOrder), nil)
	if err != nil {
		return load.Order{}, load.Errorf(load.Unavailable, "ask for the order: %w", err)
	}
	var reply orderReply
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		return load.Order{}, load.Errorf(load.Invalid, "the order cannot be read, is the agent of another version than the server? %w", err)
	}
	if reply.Order == nil {
		return load.Order{}, load.Errorf(reply.Code, "the server gave no order: %s", reply.Error)
	}
	return *reply.Order, nil
}

// isFinal says that asking again cannot help.
func isFinal(err error) bool {
	switch load.ErrorCode(err) {
	case load.Invalid, load.NotFound, load.Conflict, load.Forbidden:
		return true
	}
	return false
}

// clockPings is how many pings one measurement of the clock takes; the one
// with the shortest round trip counts, since it was disturbed least.
const clockPings = 9

// Clock measures the server's clock minus this machine's. The true value lies
// within half the round trip that it returns. It is 0 when both are one machine
// and the measurement agrees: fifty tasks that start together measure each
// other's work, not their clock.
func (c *AgentConn) Clock(ctx context.Context) (offset, rtt time.Duration, err error) {
	here, there := machine(), ""
	for range clockPings {
		o, r, where, pingErr := c.ping(ctx)
		if pingErr != nil {
			err = errors.Join(err, pingErr)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		if rtt == 0 || r < rtt {
			offset, rtt, there = o, r, where
		}
	}
	if here != "" && here == there && offset.Abs() <= rtt/2 {
		offset = 0
	}
	if rtt > 0 {
		return offset, rtt, nil
	}
	return 0, 0, fmt.Errorf("measure the clock: %w", err)
}

func (c *AgentConn) ping(ctx context.Context) (offset, rtt time.Duration, where string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	sent := time.Now()
	m, err := c.nc.RequestMsgWithContext(ctx, nats.NewMsg(c.self.subject(kindClock)))
	if err != nil {
		return 0, 0, "", err
	}
	rtt = max(time.Since(sent), 1)
	var reply clockReply
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		return 0, 0, "", fmt.Errorf("decode clock: %w", err)
	}
	middle := sent.Add(rtt / 2)
	return time.Duration(reply.UnixNano - middle.UnixNano()), rtt, reply.Machine, nil
}
