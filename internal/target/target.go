// Package target is the sample target behind "onrush target": a small HTTP
// server to try load tests on. It does what its paths say and nothing else: its
// latencies are waited for, its errors are drawn evenly, its bytes are sent. It
// speaks HTTP/1.1 and HTTP/2, over clear text (with prior knowledge) and TLS,
// and listens on loopback unless told otherwise.
//
// It may not know anything of runs or measurements. Read Start first, then
// paths.go.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Options say how the target listens. All may be zero.
type Options struct {
	// Listen is host:port; an empty one is loopback on a free port, and so is
	// an empty host.
	Listen string
	// TLS makes it speak HTTPS. Without files it makes itself a certificate.
	TLS      bool
	CertFile string
	KeyFile  string
	Log      *slog.Logger
}

// Server is a running target.
type Server struct {
	http     *http.Server
	listener net.Listener
	scheme   string
	ca       []byte
	done     chan struct{}
	cancel   context.CancelFunc
}

// Start brings a target up. It ends with ctx or with Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{scheme: "http", done: make(chan struct{})}
	config, err := s.tlsConfig(o)
	if err != nil {
		return nil, err
	}
	if s.listener, err = listen(ctx, o.Listen); err != nil {
		return nil, err
	}
	if config != nil {
		s.scheme = "https"
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.http = &http.Server{
		Handler:           handler(),
		TLSConfig:         config,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that break off are what this is for
		BaseContext:       func(net.Listener) context.Context { return ctx },
		Protocols:         protocols(),
	}
	go s.serve(ctx, o.Log)
	return s, nil
}

func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// listen opens the port, on loopback when no host is named.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "listen: found %q, allowed: host:port", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

func (s *Server) serve(ctx context.Context, logger *slog.Logger) {
	defer close(s.done)
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	defer stop()
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(s.listener); !errors.Is(err, http.ErrServerClosed) && logger != nil {
		logger.Error("target ended", "error", err)
	}
}

// URL is where the target is, without a slash at the end.
func (s *Server) URL() string { return s.scheme + "://" + s.listener.Addr().String() }

// CA is the certificate, in PEM, that clients have to trust when the target made
// its own; else nil.
func (s *Server) CA() []byte { return s.ca }

// Close ends the target and its connections.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	return nil
}
