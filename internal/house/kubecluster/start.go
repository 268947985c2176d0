package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"onrush.dev/onrush/internal/house/ociimage"
)

// start brings all parts up in an empty folder and waits for the node.
func (c *cluster) start(hyper string) error {
	p, err := freePorts()
	if err != nil {
		return err
	}
	if err := c.makeNetwork(p.api); err != nil {
		return err
	}
	if err := c.makeGroups(); err != nil {
		return err
	}
	if err := c.write(p); err != nil {
		return err
	}
	for _, name := range parts {
		if name == "controller-manager" { // it and the rest ask the API server at once
			if err := c.await("the API server", func() bool { answer, err := c.get("/readyz"); return err == nil && answer == "ok" }); err != nil {
				return err
			}
		}
		if name == "kubelet" {
			if err := c.await("containerd", func() bool { return exists(c.file("containerd.sock")) }); err != nil {
				return err
			}
			if err := c.pause(); err != nil {
				return err
			}
		}
		if err := c.spawn(name, c.command(name, hyper, p)...); err != nil {
			return err
		}
	}
	err = c.await("the node", func() bool {
		answer, err := c.get("/api/v1/nodes/localhost")
		return err == nil && strings.Contains(answer, `"type":"Ready","status":"True"`) && !strings.Contains(answer, "node.kubernetes.io/not-ready")
	})
	if err != nil {
		return err
	}
	return c.await("the default service account", func() bool {
		_, err := c.get("/api/v1/namespaces/default/serviceaccounts/default")
		return err == nil
	})
}

// pause imports the image that holds a pod's namespaces: a shell's sleep.
func (c *cluster) pause() error {
	file, err := os.Create(c.file("pause.tar"))
	if err != nil {
		return err
	}
	defer file.Close()
	err = ociimage.Write(file, ociimage.Image{
		Ref: "onrush.test/pause:1", Files: ociimage.Busybox(), Entrypoint: []string{"/bin/busybox", "sleep", "2000000000"},
	})
	if err != nil {
		return err
	}
	words := append(strings.Fields(c.ctr()), "images", "import", file.Name())
	var out []byte
	wait := c.await("containerd's images", func() bool {
		out, err = exec.Command(words[0], words[1:]...).CombinedOutput()
		return err == nil
	})
	if wait != nil {
		return fmt.Errorf("%w: %s", wait, out)
	}
	return nil
}

// await waits until something is so, as long as every part that was started
// lives.
func (c *cluster) await(what string, so func() bool) error {
	for deadline := time.Now().Add(3 * time.Minute); !so(); {
		<-time.After(100 * time.Millisecond)
		alive := c.pids()
		for _, name := range parts {
			if exists(c.file("pid", name)) && alive[name] == 0 {
				return fmt.Errorf("%s ended before %s was ready", name, what)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after three minutes", what)
		}
	}
	return nil
}

// get asks the API server as the administrator.
func (c *cluster) get(path string) (string, error) {
	config, err := os.ReadFile(c.file("kubeconfig"))
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(config), `server: "`)
	server, _, _ := strings.Cut(rest, `"`)
	authority, err := os.ReadFile(c.file("certs", "api.crt"))
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	request, err := http.NewRequest(http.MethodGet, server+path, http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+admin)
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, answer.Status)
	}
	// Small spaces tell its pretty and its short form apart; we compare neither.
	return strings.NewReplacer("\n", "", " ", "").Replace(string(body)), err
}

// freePorts holds all of them before it lets one go.
func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.etcd, &p.peer, &p.api, &p.kubelet} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// certificates makes that of the API server, its own authority, and the key
// that signs the tokens of service accounts.
func (c *cluster) certificates() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "onrush test cluster"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.ParseIP(c.gateway()), net.ParseIP(c.apiService()), net.IPv4(127, 0, 0, 1)},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
	return errors.Join(
		os.WriteFile(c.file("certs", "api.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(c.file("certs", "api.key"), private, 0o600),
		os.WriteFile(c.file("certs", "accounts.key"), private, 0o600),
	)
}

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
