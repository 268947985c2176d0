package dial

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"
)

// mostVerified is how many chains of one server name are remembered: a fleet of
// servers may hold as many certificates.
const mostVerified = 64

// verifier checks certificates as crypto/tls does, but the same chain for the
// same name only once while it is valid: a generator opens thousands of
// connections to one server.
type verifier struct {
	config *tls.Config
	clock  clock

	mu    sync.RWMutex
	until map[[sha256.Size]byte]time.Time
}

// remember makes a configuration verify by a verifier, if it is to verify.
func (c *configs) remember(config *tls.Config) {
	if config.InsecureSkipVerify {
		return
	}
	v := &verifier{config: config, clock: c.clock, until: map[[sha256.Size]byte]time.Time{}}
	config.InsecureSkipVerify = true //nolint:gosec // VerifyConnection does it, in every handshake
	config.VerifyConnection = v.verify
}

func (v *verifier) verify(s tls.ConnectionState) error {
	now := v.clock.now()
	key := chainKey(s.PeerCertificates)
	v.mu.RLock()
	until, ok := v.until[key]
	v.mu.RUnlock()
	if ok && now.Before(until) {
		return nil
	}
	if len(s.PeerCertificates) == 0 {
		return &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.NoValidChains, Detail: "the server shows none"}}
	}
	opts := x509.VerifyOptions{
		Roots: v.config.RootCAs, CurrentTime: now, DNSName: v.config.ServerName, Intermediates: x509.NewCertPool(),
	}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := s.PeerCertificates[0].Verify(opts)
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.until) >= mostVerified {
		clear(v.until)
	}
	v.until[key] = validUntil(chains)
	return nil
}

// chainKey is what was shown, all of it and in its order.
func chainKey(shown []*x509.Certificate) [sha256.Size]byte {
	h := sha256.New()
	for _, c := range shown {
		h.Write(c.Raw) // DER says its own length, so chains cannot run into each other
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// validUntil is when the first of the chains that were found ends.
func validUntil(chains [][]*x509.Certificate) time.Time {
	until := chains[0][0].NotAfter
	for _, chain := range chains {
		for _, c := range chain {
			if c.NotAfter.Before(until) {
				until = c.NotAfter
			}
		}
	}
	return until
}
