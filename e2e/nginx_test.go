package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The locations of nginx: it answers every request with 200, or hands it on to a
// server as a balancer would, and cuts what is idle.
const (
	nginxAnswers = `return 200 "ok\n";`
	nginxProxies = `
      proxy_pass http://%s;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout 8s;
      client_max_body_size 0;
      proxy_request_buffering off;
      proxy_buffering off;`
)

// nginxConfig writes one line for every request.
const nginxConfig = `
daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log %[1]s/error.log;
events { worker_connections 4096; }
http {
  access_log %[1]s/access.log;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  keepalive_requests 1000000;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen %[2]s;
    listen %[3]s ssl;
    ssl_certificate %[1]s/cert.pem;
    ssl_certificate_key %[1]s/key.pem;
    location / { %[4]s }
  }
}
`

// cmdNginx: nginx [HOST:PORT] starts nginx, as a target or as a proxy before a
// server, and sets HTTP and HTTPS to its URLs; its certificate is nginx/cert.pem.
func cmdNginx(ts *testscript.TestScript, _ bool, args []string) {
	location := nginxAnswers
	if len(args) > 0 {
		location = fmt.Sprintf(nginxProxies, args[0])
	}
	dir := ts.MkAbs("nginx")
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(writeCertificate(dir))
	plain, secure := freeAddress(ts), freeAddress(ts)
	config := fmt.Sprintf(nginxConfig, dir, plain, secure, location)
	if os.Geteuid() == 0 {
		config = "user root;\n" + config // the worker must reach the test's folder
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o644))
	p := launch(ts, "nginx", "nginx", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", filepath.Join(dir, "nginx.conf"))
	ts.Defer(func() { _ = p.cmd.Process.Signal(syscall.SIGTERM); <-p.exited }) // it takes its worker along
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", plain)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			ts.Fatalf("nginx does not come up\n%s", p.err)
		}
	}
	ts.Setenv("HTTP", "http://"+plain)
	ts.Setenv("HTTPS", "https://"+secure)
}

// cmdLogged: logged N wants exactly N lines in nginx's access log, and empties
// it for the next run.
func cmdLogged(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs("nginx/access.log")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := -1
	// nginx writes a line after it has sent the response: give it a moment.
	for end := time.Now().Add(2 * time.Second); got != want && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		content, err := os.ReadFile(path)
		ts.Check(err)
		got = bytes.Count(content, []byte("\n"))
	}
	if got != want {
		ts.Fatalf("nginx logged %d requests, the report says %d", got, want)
	}
	ts.Check(os.Truncate(path, 0))
}

func freeAddress(ts *testscript.TestScript) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	return listener.Addr().String()
}

// writeCertificate makes a self-signed certificate for 127.0.0.1.
func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nginx under test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}
