package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// httpGrace is how long answers under way may take when the server closes.
const httpGrace = 500 * time.Millisecond

// URL is where console and API are.
func (s *Server) URL() string { return s.url }

// LocalURL is where commands on this machine find them: they need not go through
// the proxy before the server, whose certificate they may not know.
func (s *Server) LocalURL() string {
	if s.certificate != nil {
		return s.url
	}
	return s.reach.local
}

// FirstLogin returns the login that this start made; ok is false when the data
// folder had users already, or the password was chosen (Config.AdminPassword).
func (s *Server) FirstLogin() (name, password string, ok bool) {
	return s.first.name, s.first.password, s.first.name != ""
}

// Token is an API token with the role admin for the process that started the
// server. It is also kept in the data folder's file cli-token, for commands on
// the same machine by the same user.
func (s *Server) Token() string { return s.token }

// Failed delivers what ends the server without being asked to.
func (s *Server) Failed() <-chan error { return s.failed }

// Close ends the server in order: no new requests, control lets go of its runs
// (their tasks go on, but for an ephemeral server's), then drivers, bus and
// store. It may be called on a server that started only in part.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	if s.http != nil {
		ending, cancel := context.WithTimeout(ctx, httpGrace)
		if s.http.Shutdown(ending) != nil {
			errs = append(errs, s.http.Close()) // live streams do not end by themselves
		}
		cancel()
	} else if s.listener != nil {
		errs = append(errs, s.listener.Close())
	}
	if s.manage != nil {
		s.manage.Close()
	}
	if s.stop != nil {
		s.stop()
	}
	s.running.Wait()
	if s.regions != nil {
		errs = append(errs, s.regions.Close())
	}
	if s.bus != nil {
		errs = append(errs, s.bus.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.data != nil {
		errs = append(errs, s.data.Close())
	}
	return errors.Join(errs...)
}

// splitAddress reads host:port.
func splitAddress(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}

// agentCommand finds the program of local tasks.
func agentCommand(configured []string) ([]string, error) {
	if len(configured) > 0 {
		return configured, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	small := filepath.Join(filepath.Dir(self), "onrush-agent")
	if info, err := os.Stat(small); err == nil && info.Mode().IsRegular() {
		return []string{small}, nil
	}
	return []string{self, "agent"}, nil
}
