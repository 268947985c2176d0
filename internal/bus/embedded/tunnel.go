package embedded

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tunnel carries WebSocket connections of agents from the HTTP server, where
// one port and one certificate serve everybody, to the NATS server's listener on
// loopback. It looks at nothing that passes, but for one word: until NATS has
// accepted the credentials, a connection holds one of few places, so that
// strangers cannot fill the server.
type tunnel struct {
	backend string // host:port
	places  chan struct{}
	log     *slog.Logger
}

const (
	// tunnelPlaces is how many connections may be without credentials at once.
	tunnelPlaces = 512
	// tunnelPatience is how long each may take until NATS has accepted them.
	tunnelPatience = 15 * time.Second
)

func newTunnel(url string, log *slog.Logger) *tunnel {
	return &tunnel{backend: strings.TrimPrefix(url, "ws://"), places: make(chan struct{}, tunnelPlaces), log: log}
}

// ServeHTTP implements http.Handler.
func (t *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.ProtoMajor != 1 || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "agents reach the bus here, over WebSocket", http.StatusUpgradeRequired)
		return
	case r.Header.Get("Origin") != "":
		http.Error(w, "the bus is for agents, not for pages", http.StatusForbidden)
		return
	}
	select {
	case t.places <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many agents come at once", http.StatusServiceUnavailable)
		return
	}
	leave := sync.OnceFunc(func() { <-t.places })
	defer leave()
	if err := t.carry(w, r, leave); err != nil {
		t.log.Debug("an agent's tunnel has ended", "from", r.RemoteAddr, "err", err)
	}
}

// carry connects both ends and returns when either is gone. known is called
// once NATS has accepted the agent.
func (t *tunnel) carry(w http.ResponseWriter, r *http.Request, known func()) error {
	ctx, cancel := context.WithTimeout(r.Context(), tunnelPatience)
	defer cancel()
	inner, err := new(net.Dialer).DialContext(ctx, "tcp", t.backend)
	if err != nil {
		http.Error(w, "the bus is not there", http.StatusBadGateway)
		return err
	}
	defer inner.Close()
	outer, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be upgraded", http.StatusInternalServerError)
		return err
	}
	defer outer.Close()
	if buffered.Reader.Buffered() > 0 {
		return errors.New("it spoke before it was answered")
	}
	until := time.Now().Add(tunnelPatience)
	if err := errors.Join(outer.SetDeadline(until), inner.SetDeadline(until)); err != nil {
		return err
	}
	if err := ask(inner, r); err != nil {
		return err
	}
	go func() {
		_ = pass(inner, outer, windowBuffer) // whatever ends one direction ends both
		inner.Close()
	}()
	if err := passGreeting(outer, inner); err != nil {
		return err
	}
	known()
	if err := errors.Join(outer.SetDeadline(time.Time{}), inner.SetDeadline(time.Time{})); err != nil {
		return err
	}
	return pass(outer, inner, wordBuffer)
}

// Agents send windows of some kilobytes, and hear words.
const (
	windowBuffer = 8 << 10
	wordBuffer   = 2 << 10
)

// pass copies until one side is gone. It does not leave it to the kernel, as
// io.Copy between sockets would: that holds a pipe, two files more, for each
// direction of each agent.
func pass(to io.Writer, from io.Reader, size int) error {
	buf := make([]byte, size)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// ask opens the inner connection with the outer one's handshake, and nothing
// else of what it said.
func ask(inner io.Writer, r *http.Request) error {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	out := bufio.NewWriter(inner)
	fmt.Fprintf(out, "GET / HTTP/1.1\r\nHost: bus\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
	fmt.Fprintf(out, "Sec-WebSocket-Version: %s\r\n", r.Header.Get("Sec-WebSocket-Version"))
	fmt.Fprintf(out, "Sec-WebSocket-Key: %s\r\n", r.Header.Get("Sec-WebSocket-Key"))
	fmt.Fprintf(out, "X-Forwarded-For: %s\r\n\r\n", host)
	return out.Flush()
}

// greeting is what NATS says first to a client that it has accepted: it answers
// the ping after the credentials.
var greeting = []byte("PONG\r\n")

// passGreeting passes on what NATS says until it has accepted the credentials.
// A refusal, after which it closes, is passed on as well.
func passGreeting(outer io.Writer, inner io.Reader) error {
	buf := make([]byte, wordBuffer)
	kept := 0 // bytes of before, should the greeting be cut in two
	for {
		n, err := inner.Read(buf[kept:])
		if n > 0 {
			if _, err := outer.Write(buf[kept : kept+n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		seen := buf[:kept+n]
		if bytes.Contains(seen, greeting) {
			return nil
		}
		kept = copy(buf, seen[max(0, len(seen)-len(greeting)+1):])
	}
}
