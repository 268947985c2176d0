package docker

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// tlsFiles are paths on the server; empty ones are not used.
type tlsFiles struct{ ca, cert, key string }

func (f tlsFiles) used() bool { return f != tlsFiles{} }

var errHost = errors.New("not an engine's address")

// parseHost reads an engine's address. It takes what docker itself takes for
// DOCKER_HOST, where this can be had on every system.
func parseHost(host string) (*url.URL, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, errHost
	}
	switch {
	case u.RawQuery != "" || u.Fragment != "":
	case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1,
		u.Scheme == "tcp" && u.Hostname() != "" && u.Port() != "" && u.User == nil,
		u.Scheme == "ssh" && u.Hostname() != "" && !strings.HasPrefix(u.Hostname(), "-"):
		if _, secret := u.User.Password(); !secret {
			return u, nil
		}
	}
	return nil, errHost
}

// redacted is an address as errors may show it: some put a password into it,
// which no engine is reached by.
func redacted(host string) string {
	if u, err := url.Parse(host); err == nil {
		return u.Redacted()
	}
	return host
}

// dial makes the client of one engine. It connects to nothing yet.
func dial(o *Options, host string) (*client.Client, error) {
	u, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		// Each start is a connection's work; an ssh connection is dear.
		MaxIdleConns: 2 * o.Parallel, MaxIdleConnsPerHost: 2 * o.Parallel,
		IdleConnTimeout: time.Minute,
	}
	options := []client.Opt{
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
		client.WithUserAgent("onrush/" + o.Version),
	}
	scheme := "http" // the library guesses by the transport, which is not the default one
	switch u.Scheme {
	case "ssh":
		ssh := sshDialer{url: u, config: o.SSHConfig, program: "ssh"}
		options = append(options,
			client.WithHost("http://"+client.DummyHost),
			client.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) { return ssh.dial(ctx) }))
	case "tcp":
		if o.TLS.used() {
			options = append(options, client.WithTLSClientConfig(o.TLS.ca, o.TLS.cert, o.TLS.key))
			scheme = "https"
		}
		fallthrough
	default:
		options = append(options, client.WithHost(host))
	}
	return client.New(append(options, client.WithScheme(scheme))...)
}
