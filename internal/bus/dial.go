package bus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"onrush.dev/onrush/internal/load"
)

// ErrRefused says that the server does not accept the ticket.
var ErrRefused = load.Errorf(load.Forbidden, "the server does not accept the ticket: its run has ended, or the ticket has expired")

// Dial connects an agent. While the server cannot be reached it tries again
// until ctx ends; a refused ticket is an error at once.
func Dial(ctx context.Context, ticket Ticket, log *slog.Logger) (*AgentConn, error) {
	c := &AgentConn{
		ticket: ticket,
		self:   ticket.sender(),
		log:    log,
		outbox: newOutbox(maxKeptBytes),
		// A word that nobody else knows: another agent could send a message of its
		// own with our subject for its acknowledgement.
		acks:     ticket.sender().inbox() + "." + rand.Text() + ".",
		kick:     make(chan struct{}, 1),
		commands: make(chan load.Command, 256),
		refused:  make(chan struct{}),
	}
	var err error
	if c.key, err = nkeys.FromSeed([]byte(ticket.Seed)); err != nil {
		return nil, load.Errorf(load.Invalid, "the ticket's seed is not a key")
	}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	if err := c.listen(); err != nil {
		c.nc.Close()
		return nil, err
	}
	pumpCtx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.pumping.Go(func() { c.pump(pumpCtx) })
	return c, nil
}

// briefly bounds the attempt at the direct way where there is another one: a
// firewall that drops packets says nothing for long.
const briefly = 2 * time.Second

// connect tries all ways to the server in turn until one leads there. The
// connection keeps to the way that did.
func (c *AgentConn) connect(ctx context.Context) error {
	ways, err := c.ways()
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		var failed error
		for _, way := range ways {
			nc, err := way.Connect()
			if err == nil {
				c.log.Info("reached the server", "at", nc.ConnectedUrl())
				c.nc = nc
				return nil
			}
			if isAuthError(err) {
				return ErrRefused
			}
			failed = errors.Join(failed, fmt.Errorf("%s: %w", strings.Join(way.Servers, ", "), err))
		}
		c.logUnreachable(try, failed)
		select {
		case <-time.After(backoff(try)):
		case <-ctx.Done():
			return load.Errorf(load.Unavailable, "reach the server: %w", failed)
		}
	}
}

// ways are the options of a connection by each kind of URL that the ticket has.
func (c *AgentConn) ways() ([]*nats.Options, error) {
	var ways []*nats.Options
	direct, web := c.ticket.split()
	if len(direct) > 0 {
		trust, err := c.ticket.authority()
		if err != nil {
			return nil, err
		}
		ways = append(ways, c.options(direct, trust))
	}
	if len(web) > 0 {
		way := c.options(web, nil)
		if strings.HasPrefix(web[0], "wss:") {
			trust, err := c.ticket.TLS()
			if err != nil {
				return nil, err
			}
			way = c.options(web, trust)
		}
		ways = append(ways, way)
	}
	if len(ways) > 1 {
		ways[0].Timeout = briefly
	}
	return ways, nil
}

// logUnreachable says in the task's log that the server cannot be reached: after
// the first attempts, and then ever more seldom.
func (c *AgentConn) logUnreachable(try int, err error) {
	level := slog.LevelDebug
	if try >= 4 && try&(try-1) == 0 {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "cannot reach the server yet", "err", err)
}

// options are those of a connection. trust is what the server proves itself by;
// nil: it does not.
func (c *AgentConn) options(urls []string, trust *tls.Config) *nats.Options {
	o := nats.GetDefaultOptions()
	o.Servers = urls
	o.IgnoreDiscoveredServers = true // the server does not know how it is reached
	o.Name = c.self.messageID("agent", 0)
	o.Secure = trust != nil
	o.TLSConfig = trust
	o.UserJWT = func() (string, error) { return c.ticket.JWT, nil }
	o.SignatureCB = c.key.Sign
	o.InboxPrefix = c.self.inbox()
	o.Timeout = 5 * time.Second
	// The outbox keeps what is not sent; a second buffer below it would send
	// everything twice after a reconnect.
	o.ReconnectBufSize = -1
	o.MaxReconnect = -1
	o.CustomReconnectDelayCB = backoff
	o.PingInterval = 5 * time.Second
	o.MaxPingsOut = 2
	o.NoEcho = true
	o.DisconnectedErrCB = c.onDisconnect
	o.ReconnectedCB = c.onReconnect
	o.ClosedCB = c.onClosed
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) {
		c.log.Warn("bus error", "err", err)
	}
	return &o
}

// listen subscribes to commands and acknowledgements. The subscriptions go out
// ahead of everything that is published later on the same connection: who has
// heard from the task can reach it.
func (c *AgentConn) listen() error {
	if _, err := c.nc.Subscribe(c.acks+"*", c.onAck); err != nil {
		return fmt.Errorf("subscribe to acknowledgements: %w", err)
	}
	if _, err := c.nc.Subscribe(c.self.subject(kindCommand), c.onCommand); err != nil {
		return fmt.Errorf("subscribe to commands: %w", err)
	}
	return nil
}

func (c *AgentConn) onDisconnect(_ *nats.Conn, err error) {
	c.mu.Lock()
	if c.since.IsZero() {
		c.since = time.Now()
	}
	closing := c.closing
	c.mu.Unlock()
	if closing {
		return // our own doing: nothing was lost
	}
	c.log.Warn("lost the server, trying to reach it again", "err", err)
}

func (c *AgentConn) onReconnect(*nats.Conn) {
	c.mu.Lock()
	away := time.Since(c.since)
	c.since = time.Time{}
	c.mu.Unlock()
	c.log.Info("reached the server again", "away", away.Round(time.Millisecond))
	c.outbox.resend()
	c.wake()
}

// onClosed runs when the client gives up for good. It does so after Close, and
// else only when the server refuses the ticket twice in a row: there is no end
// to its attempts otherwise.
func (c *AgentConn) onClosed(nc *nats.Conn) {
	c.log.Debug("the connection has ended", "err", nc.LastError())
	close(c.refused)
}

func isAuthError(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) ||
		errors.Is(err, nats.ErrAuthRevoked) || errors.Is(err, nats.ErrAccountAuthExpired)
}

// backoff is the pause after so many attempts: 50 ms doubling to 2 s, spread by
// half so that a thousand agents do not come back in one instant.
func backoff(attempts int) time.Duration {
	d := min(50*time.Millisecond<<min(attempts, 6), 2*time.Second)
	return d/2 + mathrand.N(d/2)
}
