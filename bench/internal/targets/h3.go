//go:build linux

package targets

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"onrush.dev/onrush/bench/internal/gauge"
)

// H3Role is the argument that makes a measurement's program a server of HTTP/3.
const H3Role = "h3"

// idleTimeout is short: some generators end only when the connections that they
// left have timed out.
const idleTimeout = 5 * time.Second

// H3 is that server, in a process of its own: 1 KiB for every request.
type H3 struct {
	URL     string
	count   string // URL of its own count
	process *gauge.Process
}

// StartH3 starts the server with a folder that holds nginx's certificate.
func StartH3(ctx context.Context, dir string, core int) (*H3, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addrs, files, err := ports(1)
	if err != nil {
		return nil, err
	}
	defer files[0].Close()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	defer udp.Close()
	socket, err := udp.File()
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	cmd := exec.CommandContext(ctx, self, H3Role, dir)
	cmd.ExtraFiles = append(files, socket)
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	s := &H3{URL: "https://" + udp.LocalAddr().String(), count: "http://" + addrs[0]}
	if s.process, err = gauge.Start(core, cmd); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	if err != nil || line != "ready\n" {
		s.process.Kill()
		return nil, errors.Join(fmt.Errorf("the server of HTTP/3 does not start: %q", line), err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return s, nil
}

// Requests is how many requests it has answered.
func (s *H3) Requests() (int64, error) {
	response, err := http.Get(s.count)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

// Stop ends the server.
func (s *H3) Stop() {
	_ = s.process.Signal(syscall.SIGTERM)
	_, _ = s.process.Wait() // it ends by that signal
}

// ServeH3 is the server's process.
func ServeH3(dir string) error {
	listener, err := inherited()
	if err != nil {
		return err
	}
	socket, err := net.FilePacketConn(os.NewFile(4, "udp"))
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return err
	}
	var served atomic.Int64
	go func() {
		counts := http.Server{
			ReadHeaderTimeout: 10 * time.Second,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, served.Load())
			}),
		}
		_ = counts.Serve(listener)
	}()
	body := []byte(strings.Repeat("0123456789abcde ", bodySize/16))
	length := strconv.Itoa(len(body))
	server := http3.Server{
		TLSConfig:  http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}}),
		QUICConfig: &quic.Config{MaxIdleTimeout: idleTimeout, MaxIncomingStreams: 1000},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", length)
			_, _ = w.Write(body)
			served.Add(1)
		}),
	}
	fmt.Fprintln(os.Stderr, "ready")
	return server.Serve(socket)
}
