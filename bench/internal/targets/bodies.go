//go:build linux

package targets

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
)

// BodiesRole is the argument that makes a measurement's program a server of
// large bodies over TLS.
const BodiesRole = "bodies"

// Bodies is that server, in a process of its own. It writes from memory in large
// pieces, where nginx reads its file in small ones.
type Bodies struct {
	URL     string
	process *gauge.Process
}

// StartBodies starts the server with a folder that holds nginx's certificate.
func StartBodies(ctx context.Context, dir string, core int) (*Bodies, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addrs, files, err := ports(1)
	if err != nil {
		return nil, err
	}
	defer files[0].Close()
	cmd := exec.CommandContext(ctx, self, BodiesRole, dir)
	cmd.ExtraFiles = files
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	b := &Bodies{URL: "https://" + addrs[0]}
	if b.process, err = gauge.Start(core, cmd); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || line != "ready\n" {
		b.process.Kill()
		return nil, errors.Join(fmt.Errorf("the server of bodies does not start: %q", line), err)
	}
	return b, nil
}

// PID is the server's process.
func (b *Bodies) PID() int { return b.process.PID() }

// Stop ends the server.
func (b *Bodies) Stop() error {
	err := b.process.Signal(syscall.SIGTERM)
	_, _ = b.process.Wait() // it ends by that signal
	return err
}

// ServeBodies is the server's process.
func ServeBodies(dir string) error {
	listener, err := inherited()
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			size, err := strconv.ParseInt(path.Base(r.URL.Path), 10, 64)
			if err != nil || !strings.HasPrefix(r.URL.Path, "/large/") {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			for size > 0 {
				n, err := w.Write(block[:min(size, int64(len(block)))])
				if err != nil {
					return
				}
				size -= int64(n)
			}
		}),
	}
	fmt.Fprintln(os.Stderr, "ready")
	return server.ServeTLS(listener, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
}
