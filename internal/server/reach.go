package server

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// busPath is where the HTTP server leads agents to the bus.
const busPath = "/bus"

// mostRoots bounds the certificates of --public-ca, in bytes: they travel in
// every ticket, and platforms take little of that.
const mostRoots = 1800

// reach knows how tasks anywhere reach this server.
//
// Tasks of this machine dial the bus itself, and the HTTP server where it
// listens. Others have one URL, their region's own or the public one, for links
// to files and for the bus; where the bus is open to them they try it first.
type reach struct {
	local    string   // URL of the HTTP server for this machine's tasks
	name     string   // that its certificate bears
	localBus string   // URL of the bus for this machine's tasks
	public   string   // URL for everybody else; empty: not known
	bus      []string // URLs of the bus for everybody else; none: it listens on loopback
	roots    []byte   // DER of further authorities behind https URLs
}

// of is how a region's tasks reach the server: the URL for links, and the ways
// to the bus.
func (r reach) of(region load.Region) (base string, ways bus.Reach) {
	switch {
	case region.Server != "":
		base = region.Server
	case region.Driver == "local":
		ways.URLs, ways.Name = []string{r.localBus}, r.name
		base = r.local
	case r.public != "":
		ways.URLs = append(ways.URLs, r.bus...)
		base = r.public
	default:
		ways.URLs, ways.Name = append(ways.URLs, r.bus...), r.name
		base = r.local
	}
	base = strings.TrimSuffix(base, "/")
	if region.Driver != "local" || region.Server != "" {
		ways.URLs = append(ways.URLs, "ws"+strings.TrimPrefix(base, "http")+busPath)
	}
	if strings.HasPrefix(base, "https:") {
		ways.Roots = r.roots
	}
	return base, ways
}

// base is control's: the URL for a region's tasks, with a warning when they
// probably cannot reach it.
func (r reach) base(region load.Region) (base, warning string) {
	base, _ = r.of(region)
	if region.Driver == "local" || region.Driver == "" {
		return base, ""
	}
	at, err := url.Parse(base)
	if err != nil || !isLoopback(at.Hostname()) {
		return base, ""
	}
	return base, fmt.Sprintf("tasks in region %s cannot reach %s unless they share this machine's network: set --public-url, or the region's server", region.Name, base)
}

// ways is the bus's: the ways to it for the tasks of a region.
func (s *Server) ways(name string) (bus.Reach, error) {
	region, err := s.store.Region(context.Background(), name)
	switch {
	case load.ErrorCode(err) == load.NotFound:
		region = load.Region{Name: name}
	case err != nil:
		return bus.Reach{}, err
	}
	_, ways := s.reach.of(region)
	return ways, nil
}

// findReach works out how tasks reach the server, once it listens.
func (s *Server) findReach() error {
	r := reach{localBus: s.bus.LocalURL(), public: s.config.PublicURL}
	if r.public != "" {
		if err := checkServerURL("public-url", r.public); err != nil {
			return err
		}
	}
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
		name, err := s.certificate.name()
		if err != nil {
			return err
		}
		r.name = name
	}
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	r.local = scheme + "://" + net.JoinHostPort(host, port)
	if busHost, _, err := net.SplitHostPort(s.config.BusListen); err == nil && (len(s.config.BusURLs) > 0 || !isLoopback(busHost)) {
		r.bus = slices.DeleteFunc(s.bus.URLs(), func(text string) bool {
			u, err := url.Parse(text)
			return err != nil || len(s.config.BusURLs) == 0 && isLoopback(u.Hostname())
		})
	}
	if r.roots, err = s.readRoots(); err != nil {
		return err
	}
	s.reach = r
	switch {
	case r.public != "":
		s.url = r.public
	case r.name != "":
		s.url = scheme + "://" + net.JoinHostPort(r.name, port)
	default:
		s.url = r.local
	}
	return nil
}

// readRoots reads the certificates of --public-ca; without it, a certificate of
// our own that signed itself is its own authority.
func (s *Server) readRoots() ([]byte, error) {
	if s.config.PublicCA == "" {
		if s.certificate == nil {
			return nil, nil
		}
		return s.certificate.selfSigned(), nil
	}
	text, err := os.ReadFile(s.config.PublicCA)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "public-ca: %w", err)
	}
	var roots []byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, load.Errorf(load.Invalid, "public-ca: %s holds a certificate that cannot be read: %w", s.config.PublicCA, err)
		}
		roots = append(roots, block.Bytes...)
	}
	switch {
	case len(roots) == 0:
		return nil, load.Errorf(load.Invalid, "public-ca: %s holds no certificate, allowed are certificates as PEM", s.config.PublicCA)
	case len(roots) > mostRoots:
		return nil, load.Errorf(load.Invalid, "public-ca: %s holds certificates of %d bytes, allowed are %d, since every task is handed them: leave only the root that signed the server's certificate", s.config.PublicCA, len(roots), mostRoots)
	}
	return roots, nil
}

// checkServerURL refuses what cannot be the base of links.
func checkServerURL(field, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return load.Errorf(load.Invalid, "%s: found %q, allowed is a URL such as https://load.example.com", field, text)
	}
	return nil
}

// isLoopback says that a host is this machine, for itself alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
