package embedded

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"onrush.dev/onrush/internal/bus"
)

// issuer signs credentials. Every run has a signing key of its own, derived
// from the account's: while the account's claims list that key, what it signed
// is good; taking it off the list ends all tickets of the run at once and
// leaves nothing behind to remember.
type issuer struct {
	resolver  *server.MemAccResolver
	server    *server.Server // set once it runs
	path      string         // where the account's claims are kept
	systemKey string
	operator  nkeys.KeyPair
	account   nkeys.KeyPair
	accountID string
	own       nkeys.KeyPair // the hub's own user

	mu     sync.Mutex
	claims *jwt.AccountClaims
}

var _ bus.Issuer = (*issuer)(nil)

func openIssuer(dir string, id *identity) (*issuer, error) {
	s := &issuer{resolver: &server.MemAccResolver{}, path: filepath.Join(dir, "account.jwt")}
	var err, errs error
	if s.operator, err = nkeys.FromSeed([]byte(id.Operator)); err != nil {
		errs = errors.Join(errs, err)
	}
	if s.account, err = nkeys.FromSeed([]byte(id.Account)); err != nil {
		errs = errors.Join(errs, err)
	}
	if s.own, err = nkeys.CreateUser(); err != nil {
		errs = errors.Join(errs, err)
	}
	if errs != nil {
		return nil, fmt.Errorf("read the bus's keys: %w", errs)
	}
	if s.accountID, err = s.account.PublicKey(); err != nil {
		return nil, fmt.Errorf("read the bus's keys: %w", err)
	}
	if err := s.openSystem(id); err != nil {
		return nil, err
	}
	return s, s.openAccount()
}

// openSystem makes the account that NATS itself works in; nobody else does.
func (s *issuer) openSystem(id *identity) error {
	system, err := nkeys.FromSeed([]byte(id.System))
	if err != nil {
		return fmt.Errorf("read the bus's keys: %w", err)
	}
	if s.systemKey, err = system.PublicKey(); err != nil {
		return fmt.Errorf("read the bus's keys: %w", err)
	}
	claims := jwt.NewAccountClaims(s.systemKey)
	claims.Name = "system"
	encoded, err := claims.Encode(s.operator)
	if err != nil {
		return fmt.Errorf("sign the system account: %w", err)
	}
	return s.resolver.Store(s.systemKey, encoded)
}

// openAccount reads the account's claims, which list the runs whose tickets are
// good, or makes new ones.
func (s *issuer) openAccount() error {
	data, err := os.ReadFile(s.path)
	switch {
	case err == nil:
		if s.claims, err = jwt.DecodeAccountClaims(string(data)); err != nil {
			return fmt.Errorf("read %s: %w", s.path, err)
		}
	case errors.Is(err, fs.ErrNotExist):
		s.claims = jwt.NewAccountClaims(s.accountID)
		s.claims.Name = "onrush"
		s.claims.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	default:
		return fmt.Errorf("read the bus's account: %w", err)
	}
	return s.publish()
}

// publish signs and keeps the claims, and makes the server go by them. The
// caller holds mu, or is alone.
func (s *issuer) publish() error {
	encoded, err := s.claims.Encode(s.operator)
	if err != nil {
		return fmt.Errorf("sign the bus's account: %w", err)
	}
	if err := writeFile(s.path, []byte(encoded)); err != nil {
		return err
	}
	if err := s.resolver.Store(s.accountID, encoded); err != nil {
		return fmt.Errorf("publish the bus's account: %w", err)
	}
	if s.server == nil {
		return nil
	}
	account, err := s.server.LookupAccount(s.accountID)
	if err != nil {
		return fmt.Errorf("publish the bus's account: %w", err)
	}
	fresh, err := jwt.DecodeAccountClaims(encoded)
	if err != nil {
		return fmt.Errorf("publish the bus's account: %w", err)
	}
	s.server.UpdateAccountClaims(account, fresh)
	return nil
}

// Issue implements bus.Issuer.
func (s *issuer) Issue(grant bus.Grant) (string, error) {
	key, public, err := s.runKey(grant.Run)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	if !s.claims.SigningKeys.Contains(public) {
		s.claims.SigningKeys.Add(public)
		err = s.publish()
	}
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	claims := jwt.NewUserClaims(grant.Key)
	claims.Name = grant.Name
	claims.IssuerAccount = s.accountID
	claims.Expires = grant.Expires.Unix()
	claims.Pub.Allow.Add(grant.Publish...)
	claims.Sub.Allow.Add(grant.Subscribe...)
	claims.Resp = &jwt.ResponsePermission{MaxMsgs: 1, Expires: time.Minute}
	encoded, err := claims.Encode(key)
	if err != nil {
		return "", fmt.Errorf("sign credentials: %w", err)
	}
	return encoded, nil
}

// Revoke implements bus.Issuer.
func (s *issuer) Revoke(run string) error {
	_, public, err := s.runKey(run)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.claims.SigningKeys.Contains(public) {
		return nil
	}
	s.claims.SigningKeys.Remove(public)
	return s.publish()
}

// runKey derives a run's signing key from the account's.
func (s *issuer) runKey(run string) (nkeys.KeyPair, string, error) {
	seed, err := s.account.Seed()
	if err != nil {
		return nil, "", fmt.Errorf("derive key of run %s: %w", run, err)
	}
	mac := hmac.New(sha256.New, seed)
	mac.Write([]byte("run " + run))
	key, err := nkeys.FromRawSeed(nkeys.PrefixByteAccount, mac.Sum(nil))
	if err != nil {
		return nil, "", fmt.Errorf("derive key of run %s: %w", run, err)
	}
	public, err := key.PublicKey()
	if err != nil {
		return nil, "", fmt.Errorf("derive key of run %s: %w", run, err)
	}
	return key, public, nil
}

// ownJWT makes the hub's own credentials: it may use every subject.
func (s *issuer) ownJWT() (string, error) {
	public, err := s.own.PublicKey()
	if err != nil {
		return "", fmt.Errorf("read the hub's key: %w", err)
	}
	claims := jwt.NewUserClaims(public)
	claims.Name = "server"
	return claims.Encode(s.account)
}

func (s *issuer) sign(nonce []byte) ([]byte, error) { return s.own.Sign(nonce) }
