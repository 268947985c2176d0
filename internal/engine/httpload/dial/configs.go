package dial

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"sync"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// mostConfigs bounds what is kept ready: URLs made from data may hold any number
// of names.
const mostConfigs = 4096

// mostSessions is how many servers' sessions are kept for resumption.
const mostSessions = 4096

// configs are TLS settings, one for each server name, made once: a copy for each
// connection would cost as much as a small request.
type configs struct {
	base  *tls.Config // towards targets; without a server name when it is the URL's
	clock clock

	mu   sync.RWMutex
	made map[configKey]*tls.Config
}

type configKey struct{ host, alpn string }

func newConfigs(connection *load.Connection, dir string, clock clock) (*configs, error) {
	t := &connection.TLS
	c := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	if t.MaxVersion == "1.2" {
		c.MaxVersion = tls.VersionTLS12
	}
	if t.Verify != nil && !*t.Verify {
		c.InsecureSkipVerify = true //nolint:gosec // what the user asked for, in so many words
	}
	switch connection.HTTP {
	case load.HTTP1:
		c.NextProtos = []string{"http/1.1"}
	case load.HTTP2:
		c.NextProtos = []string{"h2"}
	case load.HTTP3:
		c.NextProtos = []string{"h3"}
	default:
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	if t.Resume {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(mostSessions)
	}
	if t.CA != "" {
		pem, err := os.ReadFile(engine.FilePath(dir, t.CA))
		if err != nil {
			return nil, load.Errorf(load.Invalid, "connection.tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, load.Errorf(load.Invalid, "connection.tls.ca: %s holds no certificate in PEM", t.CA)
		}
	}
	if t.Certificate != "" {
		key := t.Key
		if key == "" {
			key = t.Certificate // one file may hold both
		}
		pair, err := tls.LoadX509KeyPair(engine.FilePath(dir, t.Certificate), engine.FilePath(dir, key))
		if err != nil {
			return nil, load.Errorf(load.Invalid, "connection.tls.certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return &configs{base: c, clock: clock, made: map[configKey]*tls.Config{}}, nil
}

// target is how to speak with a target. Without alpn it is what the scenario's
// HTTP version says.
func (c *configs) target(host string, alpn []string) *tls.Config {
	key := configKey{host: host}
	if len(alpn) > 0 {
		key.alpn = strings.Join(alpn, ",")
	}
	c.mu.RLock()
	made := c.made[key]
	c.mu.RUnlock()
	if made != nil {
		return made
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.made[key]; made != nil {
		return made
	}
	if len(c.made) >= mostConfigs {
		clear(c.made)
	}
	made = c.base.Clone()
	if made.ServerName == "" {
		made.ServerName = serverName(host)
	}
	if len(alpn) > 0 {
		made.NextProtos = alpn
	}
	c.remember(made)
	c.made[key] = made
	return made
}

// toProxy is how to speak with a proxy: as with targets where it is about trust,
// but it does not see what is meant for them.
func (c *configs) toProxy(host string) *tls.Config {
	made := c.base.Clone()
	made.ServerName = serverName(host)
	made.Certificates = nil
	made.NextProtos = []string{"http/1.1"}
	c.remember(made)
	return made
}

// serverName is a host as certificates know it.
func serverName(host string) string {
	if strings.IndexByte(host, ':') >= 0 {
		host, _, _ = strings.Cut(host, "%") // a zone is of this machine alone
	}
	return strings.TrimSuffix(host, ".")
}
