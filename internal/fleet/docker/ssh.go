package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// sshDialer reaches an engine through the system's ssh client: it runs docker's
// own bridge from standard input and output to the socket on the other side.
// Keys, agents, jump hosts and known hosts are the client's affair.
type sshDialer struct {
	url     *url.URL
	config  string // file for -F; empty: the user's
	program string
}

func (s sshDialer) args() []string {
	// Nobody is there to answer a question.
	args := []string{"-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"}
	if s.config != "" {
		args = append(args, "-F", s.config)
	}
	if user := s.url.User.Username(); user != "" {
		args = append(args, "-l", user)
	}
	if port := s.url.Port(); port != "" {
		args = append(args, "-p", port)
	}
	args = append(args, "--", s.url.Hostname(), "docker")
	if path := s.url.Path; len(path) > 1 {
		args = append(args, "--host", "'unix://"+strings.ReplaceAll(path, "'", `'\''`)+"'")
	}
	return append(args, "system", "dial-stdio")
}

// dial starts one connection; ssh's own refusal comes with the first read. The
// client's process lives as long as the connection, so not by ctx.
func (s sshDialer) dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cmd := exec.Command(s.program, s.args()...)
	c := &sshConn{cmd: cmd, host: s.url.Host, ended: make(chan struct{})}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), ourOut.Close())
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, &c.said
	cmd.WaitDelay = time.Second // a shared connection that it leaves behind may hold its standard error
	c.in, c.out = ourIn, ourOut
	err = cmd.Start()
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", s.program, err), ourIn.Close(), ourOut.Close())
	}
	go func() {
		defer close(c.ended)
		_ = cmd.Wait() // how it ended is told by what it said
	}()
	return c, nil
}

// sshConn is a connection over an ssh process's standard input and output.
type sshConn struct {
	cmd   *exec.Cmd
	host  string
	in    *os.File
	out   *os.File
	said  tail
	ended chan struct{}
}

// Read implements net.Conn. When the other side ends the connection before it
// answered anything, ssh has mostly said why.
func (c *sshConn) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	select {
	case <-c.ended: // all it said is there
	case <-time.After(time.Second):
	}
	if text := c.said.String(); text != "" {
		return 0, fmt.Errorf("ssh to %s: %s", c.host, text)
	}
	return 0, err
}

// Write implements net.Conn. A broken pipe means that ssh is gone; Read knows why.
func (c *sshConn) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	if err != nil {
		select {
		case <-c.ended:
			if text := c.said.String(); text != "" {
				err = fmt.Errorf("ssh to %s: %s", c.host, text)
			}
		case <-time.After(time.Second):
		}
	}
	return n, err
}

// Close implements net.Conn.
func (c *sshConn) Close() error {
	err := errors.Join(c.out.Close(), c.in.Close())
	_ = c.cmd.Process.Kill() // gone already is fine
	<-c.ended
	return err
}

// CloseWrite ends what is sent, for streams that go on in the other direction.
func (c *sshConn) CloseWrite() error { return c.out.Close() }

// LocalAddr implements net.Conn.
func (c *sshConn) LocalAddr() net.Addr { return sshAddr("local") }

// RemoteAddr implements net.Conn.
func (c *sshConn) RemoteAddr() net.Addr { return sshAddr(c.host) }

// SetDeadline implements net.Conn.
func (c *sshConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *sshConn) SetReadDeadline(t time.Time) error { return c.in.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (c *sshConn) SetWriteDeadline(t time.Time) error { return c.out.SetWriteDeadline(t) }

type sshAddr string

func (sshAddr) Network() string  { return "ssh" }
func (a sshAddr) String() string { return string(a) }

// tail keeps the last of what is written to it, as one line.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 2 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	t.data = t.data[max(0, len(t.data)-most):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(bytes.ToValidUTF8(t.data, nil))), " ")
}
