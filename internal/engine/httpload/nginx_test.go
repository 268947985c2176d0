package httpload

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginx is a real server with an access log, the judge of how many requests
// were sent.
type nginx struct {
	t       testing.TB
	cmd     *exec.Cmd
	dir     string
	stopped bool
	// URLs of its four ports, without a slash at the end.
	plain, h2c, secure, secureH2 string
	ca                           []byte
}

const nginxConfig = `
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log warn;
worker_processes 1;
%[6]s
events { worker_connections 4096; }
http {
  log_format one '$server_protocol $request_method $request_uri $status $request_length $bytes_sent $connection';
  access_log %[1]s/access.log one;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  client_max_body_size 64m;
  server {
    listen %[2]s backlog=4096;
    listen %[3]s http2 backlog=4096;
    listen %[4]s ssl backlog=4096;
    listen %[5]s ssl http2 backlog=4096;
    ssl_certificate %[1]s/cert.pem;
    ssl_certificate_key %[1]s/key.pem;
    root %[1]s;
    gzip on;
    gzip_types text/plain;
    location = / { return 200 "hello\n"; }
    location = /moved { return 302 /$is_args$args; }
    location = /away { return 204; }
  }
}
`

// startNginx starts nginx on four free ports of loopback. The test opens the
// ports and hands them over, as nginx does when it upgrades itself: nobody can
// take them in between.
func startNginx(t testing.TB) *nginx {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	n := &nginx{t: t, dir: t.TempDir()}
	n.ca = writeCertificate(t, n.dir)
	var addrs []string
	var files []*os.File
	for range 4 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		addrs, files = append(addrs, l.Addr().String()), append(files, f)
		_ = l.Close()
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	config := fmt.Sprintf(nginxConfig, n.dir, addrs[0], addrs[1], addrs[2], addrs[3], user)
	write(t, filepath.Join(n.dir, "nginx.conf"), []byte(config))
	write(t, filepath.Join(n.dir, "large.txt"), bytes.Repeat([]byte("all work and no play\n"), 20_000))
	n.cmd = exec.Command(path, "-p", n.dir, "-c", filepath.Join(n.dir, "nginx.conf"))
	n.cmd.ExtraFiles = files
	n.cmd.Env = append(os.Environ(), "NGINX=3;4;5;6;")
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		t.Fatalf("start nginx (make test installs it): %v", err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	t.Cleanup(n.stop)
	n.plain, n.h2c = "http://"+addrs[0], "http://"+addrs[1]
	n.secure, n.secureH2 = "https://"+addrs[2], "https://"+addrs[3]
	n.ready(addrs)
	return n
}

// ready waits until nginx accepts. The ports are open from the start, so an
// answer is what tells.
func (n *nginx) ready(addrs []string) {
	n.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(n.dir, "nginx.pid")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			n.t.Fatal("nginx does not start")
		}
	}
	c, err := net.Dial("tcp", addrs[0])
	if err != nil {
		n.t.Fatalf("nginx does not accept: %v", err)
	}
	_ = c.Close()
}

// stop ends nginx gracefully, so that its log is whole.
func (n *nginx) stop() {
	if n.stopped {
		return
	}
	n.stopped = true
	_ = n.cmd.Process.Signal(syscall.SIGQUIT)
	_ = n.cmd.Wait()
}

// lines stops nginx and returns its access log.
func (n *nginx) lines() []string {
	n.t.Helper()
	n.stop()
	raw, err := os.ReadFile(filepath.Join(n.dir, "access.log"))
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes a certificate for loopback and returns it in PEM.
func writeCertificate(t testing.TB, dir string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "target.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"target.test", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, filepath.Join(dir, "cert.pem"), cert)
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return cert
}

// certificate loads what writeCertificate has made.
func certificate(t *testing.T, dir string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}
