package server

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// certificate is the HTTP server's own, from files that are read anew when they
// change: whoever renews it need not end the server.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  [2]time.Time // of the files when they were read
	looked time.Time
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// openCertificate reads the files for the first time; nil when there are none.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case certFile == "" || keyFile == "":
		return nil, load.Errorf(load.Invalid, "tls-cert and tls-key: found one of them, allowed are both or none")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.stamp = c.stamps()
	loaded, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "tls-cert and tls-key: %w", err)
	}
	c.loaded, c.looked = &loaded, time.Now()
	return c, nil
}

// config is for the listener.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}

// current is the certificate of now. Files that cannot be read, half written
// ones for instance, leave the one of before in place.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.loaded
	}
	c.looked = time.Now()
	stamp := c.stamps()
	if stamp == c.stamp {
		return c.loaded
	}
	loaded, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Warn("cannot read the new certificate, the one of before stays", "err", err)
		return c.loaded
	}
	c.log.Info("the certificate was renewed", "until", loaded.Leaf.NotAfter)
	c.loaded, c.stamp = &loaded, stamp
	return c.loaded
}

func (c *certificate) stamps() (stamp [2]time.Time) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	return stamp
}

// name is one that the certificate bears: this machine's tasks dial an address,
// and look for this name.
func (c *certificate) name() (string, error) {
	leaf := c.current().Leaf
	if len(leaf.DNSNames) > 0 {
		return leaf.DNSNames[0], nil
	}
	if len(leaf.IPAddresses) > 0 {
		return leaf.IPAddresses[0].String(), nil
	}
	return "", load.Errorf(load.Invalid, "tls-cert: %s names no host and no address (subjectAltName)", c.certFile)
}

// selfSigned is the certificate when it is its own authority.
func (c *certificate) selfSigned() []byte {
	leaf := c.current().Leaf
	if !bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		return nil
	}
	return leaf.Raw
}
