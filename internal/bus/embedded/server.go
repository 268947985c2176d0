package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// Options says where the server keeps its state and where it listens.
type Options struct {
	// Dir holds keys, certificates, the port and the streams. One server at a
	// time uses it.
	Dir string
	// Host is the address to listen on. Default: 127.0.0.1.
	Host string
	// Advertise are the names or addresses under which agents reach the server,
	// with a port where it is not the one listened on. Default: Host, or this
	// machine's addresses when Host is all of them.
	Advertise []string
	// Reach says how a region's tasks reach the server; nil: by URLs.
	Reach func(region string) (bus.Reach, error)
	// Port to listen on. 0 takes a free one the first time and the same one ever
	// after, since running agents come back to it.
	Port int
	// Ephemeral marks tickets of a server that lives only as long as its run.
	Ephemeral bool
	Log       *slog.Logger
}

// maxPayload is the largest message, room for a window of 2,000 labels of which
// each has wide histograms. More is advised against by NATS.
const maxPayload = 8 << 20

// syncEvery is how often streams are forced to the disk. What is acknowledged
// is with the operating system: it survives any end of the process, and of all
// but the last seconds a loss of power too.
const syncEvery = 5 * time.Second

// Server is a running NATS server and the hub over it.
type Server struct {
	nats   *server.Server
	nc     *nats.Conn
	hub    *bus.Hub
	lock   *os.File
	urls   []string
	local  string
	tunnel *tunnel
	closed sync.Once
}

// Start starts the server and returns once it is ready.
func Start(options Options) (*Server, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Host == "" {
		options.Host = "127.0.0.1"
	}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the bus's folder: %w", err)
	}
	lock, err := lockDir(options.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock}
	if err := s.start(options); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) start(options Options) error {
	id, err := loadIdentity(options.Dir)
	if err != nil {
		return err
	}
	names := advertised(options)
	cert, err := id.serverCertificate(append(hosts(names), "localhost", "127.0.0.1", "::1"))
	if err != nil {
		return err
	}
	issuer, err := openIssuer(options.Dir, id)
	if err != nil {
		return err
	}
	port, err := choosePort(options)
	if err != nil {
		return err
	}
	natsOptions, err := natsOptions(options, id, issuer, cert, port)
	if err != nil {
		return err
	}
	if s.nats, err = run(natsOptions, options.Log); err != nil {
		return err
	}
	issuer.server = s.nats
	s.tunnel = newTunnel(s.nats.WebsocketURL(), options.Log)
	if err := savePort(options.Dir, port); err != nil {
		return err
	}
	return s.connect(options, issuer, id, names, port)
}

// connect opens the hub over a connection within the process.
func (s *Server) connect(options Options, issuer *issuer, id *identity, names []string, port int) (err error) {
	s.nc, err = nats.Connect("", nats.InProcessServer(s.nats), nats.Name("onrush server"),
		nats.UserJWT(issuer.ownJWT, issuer.sign), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			options.Log.Warn("bus error", "err", err)
		}))
	if err != nil {
		return fmt.Errorf("connect to the bus in the process: %w", err)
	}
	s.urls = busURLs(names, port)
	s.local = busURLs([]string{loopback(options.Host)}, port)[0]
	authority, err := id.authority()
	if err != nil {
		return err
	}
	s.hub, err = bus.NewHub(bus.HubOptions{
		NC: s.nc, Issuer: issuer, URLs: s.urls, CA: authority, Reach: options.Reach, Ephemeral: options.Ephemeral, Log: options.Log,
	})
	return err
}

// Hub is the server's side of the bus.
func (s *Server) Hub() *bus.Hub { return s.hub }

// URLs are the addresses at which agents reach the server's own listener.
func (s *Server) URLs() []string { return slices.Clone(s.urls) }

// LocalURL is the one for agents on this machine.
func (s *Server) LocalURL() string { return s.local }

// Tunnel carries agents that come through an HTTP server to the bus, over
// WebSocket.
func (s *Server) Tunnel() http.Handler { return s.tunnel }

// Close ends the server. Streams and tickets stay good for the next Start.
func (s *Server) Close() error {
	s.closed.Do(func() {
		if s.nc != nil {
			s.nc.Close()
		}
		if s.nats != nil {
			s.nats.Shutdown()
			s.nats.WaitForShutdown()
		}
		s.lock.Close() // gives the lock up
	})
	return nil
}

// run starts a NATS server and waits until it takes connections.
func run(options *server.Options, log *slog.Logger) (*server.Server, error) {
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("configure the bus: %w", err)
	}
	s.SetLoggerV2(natsLog{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		s.Shutdown()
		return nil, load.Errorf(load.Unavailable, "the bus did not get ready on %s:%d", options.Host, options.Port)
	}
	return s, nil
}

func natsOptions(options Options, id *identity, issuer *issuer, cert tls.Certificate, port int) (*server.Options, error) {
	operator, err := id.operatorClaims()
	if err != nil {
		return nil, err
	}
	o := &server.Options{
		ServerName:       "onrush",
		Host:             options.Host,
		Port:             port,
		NoSigs:           true, // signals are the program's business
		MaxPayload:       maxPayload,
		MaxPending:       8 * maxPayload,
		JetStream:        true,
		StoreDir:         filepath.Join(options.Dir, "jetstream"),
		SyncInterval:     syncEvery,
		TrustedOperators: operator,
		SystemAccount:    issuer.systemKey,
		AccountResolver:  issuer.resolver,
		TLSConfig:        &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13},
		TLSTimeout:       10, // seconds; many agents come at once on a small machine
		AuthTimeout:      15,
		PingInterval:     10 * time.Second,
		MaxPingsOut:      3,
		// For the tunnel alone, which is in front of it; agents prove themselves to
		// NATS there as well.
		Websocket: server.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true, HandshakeTimeout: tunnelPatience},
	}
	return o, nil
}

// natsLog passes on what the NATS server warns of.
type natsLog struct{ log *slog.Logger }

func (l natsLog) Noticef(string, ...any) {}
func (l natsLog) Debugf(string, ...any)  {}
func (l natsLog) Tracef(string, ...any)  {}

func (l natsLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Websocket not configured with TLS") {
		return // it listens on loopback, for the tunnel alone
	}
	l.log.Log(context.Background(), slog.LevelWarn, "nats server", "says", fmt.Sprintf(format, v...))
}

func (l natsLog) Errorf(format string, v ...any) {
	l.log.Log(context.Background(), slog.LevelWarn, "nats server", "says", fmt.Sprintf(format, v...))
}

func (l natsLog) Fatalf(format string, v ...any) {
	l.log.Log(context.Background(), slog.LevelError, "nats server", "says", fmt.Sprintf(format, v...))
}
