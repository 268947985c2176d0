package httpload

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"net/url"
	"os"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// newDialer reads a scenario's connection options, with the files they name.
func newDialer(c *load.Connection, dir string, b *buffers) (*dialer, error) {
	d := &dialer{
		resolver: newResolver(c),
		version:  c.HTTP,
		timeout:  time.Duration(c.ConnectTimeout),
		buffers:  b,
	}
	for _, text := range c.LocalAddresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "connection.local_addresses: %q is no IP address", text)
		}
		d.local = append(d.local, a.Unmap())
	}
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return nil, load.Errorf(load.Invalid, "connection.proxy: %q is no http URL", c.Proxy)
		}
		d.proxy = u
	}
	var err error
	if d.tls, err = newTLSConfig(&c.TLS, d.version, dir); err != nil {
		return nil, err
	}
	d.h2 = newHTTP2Transport(d.tls)
	return d, nil
}

func newTLSConfig(t *load.TLS, version, dir string) (*tls.Config, error) {
	c := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	if !*t.Verify {
		c.InsecureSkipVerify = true //nolint:gosec // what the user asked for, in so many words
	}
	switch version {
	case "1.1":
		c.NextProtos = []string{"http/1.1"}
	case "2":
		c.NextProtos = []string{"h2"}
	default:
		c.NextProtos = []string{"h2", "http/1.1"}
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
	return c, nil
}
