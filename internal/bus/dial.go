package bus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
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
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		c.nc, err = options.Connect()
		if err == nil {
			break
		}
		if isAuthError(err) {
			return nil, ErrRefused
		}
		log.Debug("cannot reach the server yet", "err", err)
		select {
		case <-time.After(backoff(try)):
		case <-ctx.Done():
			return nil, load.Errorf(load.Unavailable, "reach the server at %v: %w", ticket.URLs, err)
		}
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

func (c *AgentConn) options() (*nats.Options, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(c.ticket.CA)) {
		return nil, load.Errorf(load.Invalid, "the ticket's CA holds no certificate")
	}
	key, err := nkeys.FromSeed([]byte(c.ticket.Seed))
	if err != nil {
		return nil, load.Errorf(load.Invalid, "the ticket's seed is not a key")
	}
	o := nats.GetDefaultOptions()
	o.Servers = c.ticket.URLs
	o.Name = c.self.messageID("agent", 0)
	o.Secure = true
	o.TLSConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	o.UserJWT = func() (string, error) { return c.ticket.JWT, nil }
	o.SignatureCB = key.Sign
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
	return &o, nil
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
