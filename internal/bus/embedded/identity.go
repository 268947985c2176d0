package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// identity is what makes a server the same one after a restart: agents' tickets
// name its authority and are signed under its account.
type identity struct {
	Operator string `json:"operator"` // seeds
	Account  string `json:"account"`
	System   string `json:"system"`
	CA       string `json:"ca"`     // PEM
	CAKey    string `json:"ca_key"` // PEM
}

// loadIdentity reads the identity kept in dir, or makes and keeps a new one.
func loadIdentity(dir string) (*identity, error) {
	path := filepath.Join(dir, "identity.json")
	data, err := os.ReadFile(path)
	if err == nil {
		var id identity
		if err := json.Unmarshal(data, &id); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		return &id, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the bus's identity: %w", err)
	}
	id, err := newIdentity()
	if err != nil {
		return nil, err
	}
	data, err = json.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("encode the bus's identity: %w", err)
	}
	return id, writeFile(path, data)
}

func newIdentity() (*identity, error) {
	var id identity
	for _, k := range []struct {
		prefix nkeys.PrefixByte
		seed   *string
	}{
		{nkeys.PrefixByteOperator, &id.Operator},
		{nkeys.PrefixByteAccount, &id.Account},
		{nkeys.PrefixByteAccount, &id.System},
	} {
		pair, err := nkeys.CreatePair(k.prefix)
		if err != nil {
			return nil, fmt.Errorf("make the bus's keys: %w", err)
		}
		seed, err := pair.Seed()
		if err != nil {
			return nil, fmt.Errorf("make the bus's keys: %w", err)
		}
		*k.seed = string(seed)
	}
	return &id, id.makeCA()
}

func (id *identity) makeCA() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the bus's authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Onrush bus authority"},
		NotBefore:             time.Now().Add(-24 * time.Hour), // agents' clocks may be behind
		NotAfter:              time.Now().AddDate(20, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make the bus's authority: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make the bus's authority: %w", err)
	}
	id.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	id.CAKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return nil
}

// serverCertificate makes a certificate for this start, good for names.
func (id *identity) serverCertificate(names []string) (tls.Certificate, error) {
	authority, err := tls.X509KeyPair([]byte(id.CA), []byte(id.CAKey))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the bus's authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the bus's certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the bus's certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Onrush bus"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     authority.Leaf.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.Leaf, key.Public(), authority.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the bus's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// authority is the DER of the certificate that agents trust.
func (id *identity) authority() ([]byte, error) {
	block, _ := pem.Decode([]byte(id.CA))
	if block == nil {
		return nil, errors.New("read the bus's authority: it holds no certificate")
	}
	return block.Bytes, nil
}

// operatorClaims are what the NATS server trusts.
func (id *identity) operatorClaims() ([]*jwt.OperatorClaims, error) {
	operator, err := nkeys.FromSeed([]byte(id.Operator))
	if err != nil {
		return nil, fmt.Errorf("read the bus's operator key: %w", err)
	}
	public, err := operator.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read the bus's operator key: %w", err)
	}
	claims := jwt.NewOperatorClaims(public)
	claims.Name = "onrush"
	return []*jwt.OperatorClaims{claims}, nil
}

// writeFile writes a secret file whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
