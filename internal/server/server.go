package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/blob/files"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
	"onrush.dev/onrush/internal/store"
)

// Server is a running server.
type Server struct {
	config Config
	// certificate of console and API; nil: plain HTTP.
	certificate *certificate
	data        *dataDir
	store       *store.Store
	blob        *files.Bucket
	bus         *embedded.Server
	regions     *regionBook
	manage      *regions.Service
	control     *control.Controller
	sweeper     *control.Sweeper
	auth        *auth.Service
	handler     http.Handler
	listener    net.Listener
	http        *http.Server
	reach       reach
	url         string
	token       string
	first       login

	stop    context.CancelFunc
	running sync.WaitGroup
	failed  chan error
}

// login is the first user's name and password, known to the process that made
// it and to nobody after.
type login struct{ name, password string }

// Start brings a server up over config.DataDir. It picks up the runs that an
// earlier server on the same folder left unfinished.
func Start(ctx context.Context, config Config) (*Server, error) {
	s := &Server{config: config.withDefaults(), failed: make(chan error, 2)}
	steps := []func(context.Context) error{
		s.openData, s.openStore, s.openBus, s.openRegions, s.listen, s.openLogin, s.serve,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return nil, errors.Join(err, s.Close(closing))
		}
	}
	return s, nil
}

func (s *Server) openData(context.Context) (err error) {
	s.data, err = openDataDir(s.config.DataDir)
	return err
}

func (s *Server) openStore(ctx context.Context) (err error) {
	dsn := s.config.DSN
	if dsn == "" {
		dsn = "sqlite:" + s.data.join("onrush.db")
	}
	if s.store, err = store.Open(ctx, dsn); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.blob, err = files.Open(s.data.join("blob"))
	return err
}

func (s *Server) openBus(context.Context) (err error) {
	host, port, err := splitAddress(s.config.BusListen)
	if err != nil {
		return load.Errorf(load.Invalid, "bus-listen: found %q, allowed is host:port, e.g. 127.0.0.1:4223: %w", s.config.BusListen, err)
	}
	s.bus, err = embedded.Start(embedded.Options{
		Dir: s.data.join("bus"), Host: host, Port: port, Ephemeral: s.config.Ephemeral, Log: s.config.Log,
		Advertise: s.config.BusURLs, Reach: s.ways,
	})
	if err != nil {
		return fmt.Errorf("start bus: %w", err)
	}
	return nil
}

func (s *Server) openRegions(ctx context.Context) error {
	command, err := agentCommand(s.config.AgentCommand)
	if err != nil {
		return err
	}
	install, err := s.store.Secret(ctx, "install")
	if err != nil {
		return err
	}
	s.regions = newRegionBook(s.store, fleet.Place{
		Server: hex.EncodeToString(install[:6]), Dir: s.data.join("tasks"), AgentCommand: command,
		Version: s.config.Version, Log: s.config.Log,
	})
	known, err := s.store.Regions(ctx)
	if err != nil {
		return err
	}
	wanted := s.config.Regions
	if len(known) == 0 && len(wanted) == 0 {
		wanted = []load.Region{{Name: load.LocalRegion}}
	}
	drivers := all.Drivers()
	if s.config.Scripted {
		drivers = append(drivers, all.Scripted())
	}
	for _, region := range wanted {
		if problems := regions.Validate(region, drivers, s.regions.Try); len(problems) > 0 {
			return fmt.Errorf("region %q: %w", region.Name, regions.Refused(problems))
		}
		if _, _, err := s.store.PutRegion(ctx, load.RegionWithDefaults(region)); err != nil {
			return fmt.Errorf("make region %s: %w", region.Name, err)
		}
	}
	return nil
}

// listen takes the address of console and API. It comes before openLogin: a
// start that fails because the address is taken must not use up the password
// that is shown once.
func (s *Server) listen(context.Context) (err error) {
	if s.certificate, err = openCertificate(s.config.TLSCert, s.config.TLSKey, s.config.Log); err != nil {
		return err
	}
	s.listener, err = net.Listen("tcp", s.config.Listen)
	if err != nil {
		return load.Errorf(load.Unavailable, "cannot listen on %s for console and API: %w", s.config.Listen, err)
	}
	return s.findReach()
}

// serve opens the console and the API, and starts the runs' control behind
// them.
func (s *Server) serve(ctx context.Context) error {
	if err := s.startControl(ctx); err != nil {
		return err
	}
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	serve := func() error { return s.http.Serve(s.listener) }
	if s.certificate != nil {
		s.http.TLSConfig = s.certificate.config()
		serve = func() error { return s.http.ServeTLS(s.listener, "", "") }
	}
	s.running.Go(func() {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve console and API: %w", err)
		}
	})
	return nil
}
