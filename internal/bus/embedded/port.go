package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Ports are drawn from below the range that systems use for outgoing
// connections: while the server is down, a load generator on the same machine
// that opens thousands of them could else take its port away.
const (
	firstPort = 20000
	lastPort  = 32000
)

func portFile(dir string) string { return filepath.Join(dir, "port") }

// choosePort returns the port asked for, else the one used before, else a free
// one.
func choosePort(options Options) (int, error) {
	if options.Port != 0 {
		return options.Port, waitFree(options.Host, options.Port)
	}
	data, err := os.ReadFile(portFile(options.Dir))
	if err == nil {
		port, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			return 0, load.Errorf(load.Invalid, "%s holds %q, not a port", portFile(options.Dir), data)
		}
		return port, waitFree(options.Host, port)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the bus's port: %w", err)
	}
	for range 100 {
		port := firstPort + rand.N(lastPort-firstPort)
		if free(options.Host, port) == nil {
			return port, nil
		}
	}
	return 0, load.Errorf(load.Unavailable, "no free port on %s between %d and %d", options.Host, firstPort, lastPort)
}

// waitFree gives a server that is just ending a moment to let go of its port.
func waitFree(host string, port int) error {
	if err := retry(func() error { return free(host, port) }); err != nil {
		return load.Errorf(load.Unavailable, "the bus cannot listen on %s port %d, which its agents know: %w", host, port, err)
	}
	return nil
}

// retry gives what a server before this one still holds a moment to come free.
func retry(try func() error) error {
	const patience, pause = 3 * time.Second, 10 * time.Millisecond
	end := time.After(patience)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-end:
			return err
		}
	}
}

func free(host string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

func savePort(dir string, port int) error {
	return writeFile(portFile(dir), []byte(strconv.Itoa(port)+"\n"))
}

// advertised returns the names under which agents find the server.
func advertised(options Options) []string {
	if len(options.Advertise) > 0 {
		return options.Advertise
	}
	ip := net.ParseIP(options.Host)
	if ip == nil || !ip.IsUnspecified() {
		return []string{options.Host}
	}
	names := []string{"127.0.0.1"} // first: local agents are the usual ones
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return names
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			names = append(names, n.IP.String())
		}
	}
	return names
}

// hosts are names without their ports.
func hosts(names []string) []string {
	bare := make([]string, len(names))
	for i, name := range names {
		bare[i] = name
		if host, _, err := net.SplitHostPort(name); err == nil {
			bare[i] = host
		}
	}
	return bare
}

// busURLs are the addresses that agents dial: names, with port where they have
// none of their own.
func busURLs(names []string, port int) []string {
	urls := make([]string, len(names))
	for i, name := range names {
		if _, _, err := net.SplitHostPort(name); err != nil {
			name = net.JoinHostPort(strings.Trim(name, "[]"), strconv.Itoa(port))
		}
		urls[i] = "tls://" + name
	}
	return urls
}

// loopback is the host at which processes of this machine reach a listener.
func loopback(host string) string {
	switch ip := net.ParseIP(host); {
	case ip == nil || !ip.IsUnspecified():
		return host
	case ip.To4() == nil:
		return "::1"
	default:
		return "127.0.0.1"
	}
}
