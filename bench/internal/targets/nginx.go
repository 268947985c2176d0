//go:build linux

// Package targets is what the measurements load: a real nginx on a core of its
// own, and a small server for large bodies over TLS. Targets count what they were
// asked for, so that no generator's own word has to be believed. Read
// StartNginx first.
package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
)

// Nginx is a running nginx.
type Nginx struct {
	Plain, TLS, H2 string // URLs without a slash at the end
	status         string
	process        *gauge.Process
	client         *http.Client
	asked          int64 // own look-ups of the status
}

// Options are what measurements want different.
type Options struct {
	Path    string // of the program
	Dir     string // for its files; large bodies lie in it
	Core    int    // negative: any
	Workers int
}

// The body of small responses: 1 KiB.
const bodySize = 1024

const config = `
daemon off;
pid nginx.pid;
error_log error.log warn;
worker_processes %[1]d;
worker_rlimit_nofile %[2]d;
%[3]s
events { worker_connections %[4]d; }
http {
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  sendfile on;
  open_file_cache max=100;
  ssl_certificate cert.pem;
  ssl_certificate_key key.pem;
  ssl_session_cache shared:tls:1m;
  http2_max_concurrent_streams 256;
  server {
    listen %[5]s backlog=4096;
    listen %[6]s ssl backlog=4096;
    listen %[7]s ssl http2 backlog=4096;
    root files;
    location / { return 200 "%[8]s"; }
    location /large/ { }
  }
  server {
    listen %[9]s;
    location / { stub_status; }
  }
}
`

// StartNginx starts nginx and returns when it answers.
func StartNginx(ctx context.Context, o Options) (*Nginx, error) {
	if err := errors.Join(os.MkdirAll(filepath.Join(o.Dir, "files", "large"), 0o755), writeCertificate(o.Dir)); err != nil {
		return nil, err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	addrs, files, err := ports(4)
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	body := strings.Repeat("0123456789abcde ", bodySize/16)
	text := fmt.Sprintf(config, max(1, o.Workers), limit.Max, user, limit.Max-64, addrs[0], addrs[1], addrs[2], body, addrs[3])
	if err := os.WriteFile(filepath.Join(o.Dir, "nginx.conf"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command(o.Path, "-p", o.Dir, "-c", "nginx.conf")
	// The ports are opened here and handed over, as nginx does when it upgrades
	// itself: nobody can take them in between.
	cmd.ExtraFiles, cmd.Env = files, append(os.Environ(), "NGINX=3;4;5;6;")
	// Whatever ends us, the master ends in order and takes its workers along.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	n := &Nginx{
		Plain: "http://" + addrs[0], TLS: "https://" + addrs[1], H2: "https://" + addrs[2], status: "http://" + addrs[3],
		client: &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second},
	}
	n.process, err = gauge.Start(o.Core, cmd)
	for _, f := range files {
		f.Close()
	}
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err = n.Requests(); err == nil && len(gauge.Tree(n.process.PID())) > max(1, o.Workers) {
			return n, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, errors.Join(errors.New("nginx does not start"), err, n.Stop())
		}
	}
}

// PID is that of the master.
func (n *Nginx) PID() int { return n.process.PID() }

// CPU is what nginx has used so far, its workers with it.
func (n *Nginx) CPU() time.Duration { return n.process.CPU() }

// Stop ends nginx.
func (n *Nginx) Stop() error {
	n.client.CloseIdleConnections()
	if err := n.process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	_, err := n.process.Wait()
	return err
}

// Requests is how many requests nginx has served to others, by its own count.
func (n *Nginx) Requests() (int64, error) {
	_, requests, err := n.ask()
	return requests, err
}

// Connections is how many connections others have open.
func (n *Nginx) Connections() (int64, error) {
	active, _, err := n.ask()
	return active - 1, err
}

func (n *Nginx) ask() (active, requests int64, err error) {
	response, err := n.client.Get(n.status)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, 0, err
	}
	n.asked++
	var accepted, handled int64
	_, err = fmt.Sscanf(string(text), "Active connections: %d \nserver accepts handled requests\n %d %d %d", &active, &accepted, &handled, &requests)
	if err != nil {
		return 0, 0, fmt.Errorf("read the status of nginx: %w in %q", err, text)
	}
	return active, requests - n.asked, nil
}

// Large makes a body of this many bytes and returns its path in the URL. The
// file is all holes: it takes no disk, and once it was read nginx sends it from
// memory.
func (n *Nginx) Large(dir string, size int64) (string, error) {
	name := fmt.Sprintf("/large/%d", size)
	path := filepath.Join(dir, "files", name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	err = f.Truncate(size)
	if err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, f, make([]byte, 1<<20))
	}
	return name, errors.Join(err, f.Close())
}
