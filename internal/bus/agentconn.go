package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"onrush.dev/onrush/internal/load"
)

// AgentConn is an agent's connection to the bus. It comes back by itself after
// every loss, for ever, and keeps what the stream has not acknowledged. All
// methods are safe for concurrent use.
type AgentConn struct {
	ticket   Ticket
	self     sender
	key      nkeys.KeyPair
	log      *slog.Logger
	nc       *nats.Conn
	outbox   *outbox
	acks     string        // subject of acknowledgements, up to the number
	kick     chan struct{} // wakes the pump
	commands chan load.Command
	refused  chan struct{} // closed when the server refuses the ticket
	stop     context.CancelFunc
	pumping  sync.WaitGroup

	mu     sync.Mutex
	since  time.Time // when the connection was lost; zero while it is up
	events uint64    // number of the last event
	// closing is set by Close: what the client tells after that is no news.
	closing bool
}

// pumpEvery is how often the pump looks for messages whose acknowledgement is
// overdue; everything else wakes it at once.
const pumpEvery = 250 * time.Millisecond

// PublishWindow hands over an encoded window with its Seq and returns at once;
// it is sent, and sent again, until the stream has it. It keeps data. The only
// errors are ErrFull and one for a window larger than the bus can carry: that
// window is then lost, and the caller must say so in its last word.
func (c *AgentConn) PublishWindow(seq uint64, data []byte) error {
	if limit := c.nc.MaxPayload(); limit > 0 && int64(len(data))+headerRoom > limit {
		return load.Errorf(load.TooLarge, "window %d has %d bytes, more than the bus carries in one message (%d)", seq, len(data), limit)
	}
	if err := c.outbox.add(c.self.subject(kindWindow), c.self.messageID(kindWindow, seq), data); err != nil {
		return err
	}
	c.wake()
	return nil
}

// headerRoom is kept free for the message's headers.
const headerRoom = 1024

// PublishEvent hands over an event, in the same way but that it is never
// refused for want of room. Task and Attempt are filled in.
func (c *AgentConn) PublishEvent(event load.TaskEvent) error {
	event.Task, event.Attempt = c.self.task, c.self.attempt
	data, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	c.mu.Lock()
	c.events++
	seq := c.events
	c.mu.Unlock()
	c.outbox.mustAdd(c.self.subject(kindEvent), c.self.messageID(kindEvent, seq), data)
	c.wake()
	return nil
}

// Commands is what the server tells the task. It is never closed.
func (c *AgentConn) Commands() <-chan load.Command { return c.commands }

// Refused is closed once the server does not accept the ticket any more: the
// run is over, or was never known. The connection does not come back then. It
// is closed by Close, too.
func (c *AgentConn) Refused() <-chan struct{} { return c.refused }

// Away says for how long the server has been out of reach; 0 while it is not.
func (c *AgentConn) Away() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return 0
	}
	return time.Since(c.since)
}

// Flush waits until the stream has everything. Its error says how much it has
// not.
func (c *AgentConn) Flush(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.refused:
			cancel(ErrRefused)
		case <-ctx.Done():
		}
	}()
	return c.outbox.flush(ctx)
}

// Close ends the connection. What was not acknowledged is lost: Flush first.
func (c *AgentConn) Close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.stop()
	c.pumping.Wait()
	c.nc.Close()
}

func (c *AgentConn) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// pump sends what is due until ctx ends.
func (c *AgentConn) pump(ctx context.Context) {
	tick := time.NewTicker(pumpEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.kick:
		}
		if !c.nc.IsConnected() {
			continue // the outbox keeps it; reconnecting kicks
		}
		for _, l := range c.outbox.due(time.Now()) {
			msg := &nats.Msg{
				Subject: l.subject,
				Reply:   c.ackSubject(l.number),
				Header:  nats.Header{nats.MsgIdHdr: []string{l.id}},
				Data:    l.data,
			}
			if err := c.nc.PublishMsg(msg); err != nil {
				c.log.Debug("could not send yet", "id", l.id, "err", err)
				c.outbox.refused(l.number, time.Now())
			}
		}
	}
}

func (c *AgentConn) ackSubject(number uint64) string {
	return c.acks + strconv.FormatUint(number, 10)
}

// onAck takes in the stream's answer to one message.
func (c *AgentConn) onAck(m *nats.Msg) {
	number, err := strconv.ParseUint(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 10, 64)
	if err != nil {
		return
	}
	if err := stored(m); err != nil {
		c.log.Warn("the stream did not take a message yet", "number", number, "err", err)
		c.outbox.refused(number, time.Now())
		return
	}
	c.outbox.acknowledge(number)
	c.wake()
}

// onCommand hands a command on and acknowledges it.
func (c *AgentConn) onCommand(m *nats.Msg) {
	var command load.Command
	var reply commandReply
	if err := json.Unmarshal(m.Data, &command); err != nil {
		reply.Error = "not a command: " + err.Error()
	} else {
		select {
		case c.commands <- command:
		default:
			reply.Error = "the agent is busy with earlier commands"
		}
	}
	if err := m.Respond(mustJSON(reply)); err != nil {
		c.log.Debug("could not acknowledge a command", "kind", command.Kind, "err", err)
	}
}
