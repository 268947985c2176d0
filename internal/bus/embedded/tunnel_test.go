package embedded_test

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/bustest"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/load"
)

// behind starts a bus that all agents reach through an HTTP server, at a path
// below its root.
func behind(t *testing.T, secure bool) (*embedded.Server, *httptest.Server) {
	t.Helper()
	var reach bus.Reach
	s := start(t, embedded.Options{Dir: t.TempDir(), Reach: func(string) (bus.Reach, error) { return reach, nil }})
	mux := http.NewServeMux()
	mux.Handle("GET /below/bus", s.Tunnel())
	web := httptest.NewUnstartedServer(mux)
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	if secure {
		web.StartTLS()
		reach.Roots = web.Certificate().Raw
	} else {
		web.Start()
	}
	t.Cleanup(web.Close)
	reach.URLs = []string{strings.Replace(web.URL, "http", "ws", 1) + "/below/bus"}
	return s, web
}

// TestConformanceThroughHTTP proves that agents which come through an HTTP
// server have all that the others have, and no more rights.
func TestConformanceThroughHTTP(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%v", secure), func(t *testing.T) {
			t.Parallel()
			bustest.Run(t, func(t *testing.T) *bus.Hub {
				s, _ := behind(t, secure)
				return s.Hub()
			})
		})
	}
}

// TestTunnelTakesAgentsOnly refuses what is no agent's connection.
func TestTunnelTakesAgentsOnly(t *testing.T) {
	t.Parallel()
	_, web := behind(t, false)
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
	}
	for _, test := range []struct {
		name   string
		header map[string]string
		status int
	}{
		{"a browser", map[string]string{"Accept": "text/html"}, http.StatusUpgradeRequired},
		{"another protocol", map[string]string{"Connection": "Upgrade", "Upgrade": "h2c"}, http.StatusUpgradeRequired},
		{"a page", map[string]string{"Origin": web.URL}, http.StatusForbidden},
		{"no key", map[string]string{"Sec-WebSocket-Key": ""}, http.StatusBadRequest},
		{"an agent", nil, http.StatusSwitchingProtocols},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/below/bus", nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.name != "a browser" {
			for name, value := range upgrade {
				req.Header.Set(name, value)
			}
		}
		for name, value := range test.header {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.status {
			t.Errorf("%s got status %d, want %d", test.name, res.StatusCode, test.status)
		}
	}
}

// TestStrangersCannotFillTheTunnel opens more connections than may be without
// credentials, and says nothing on them: the next is refused until one of them
// is gone, and agents that are in stay in.
func TestStrangersCannotFillTheTunnel(t *testing.T) {
	t.Parallel()
	s, web := behind(t, false)
	openRun(t, s.Hub(), "r")
	agent := dial(t, s.Hub(), "r", "eu-1")
	open := func() (net.Conn, int) {
		t.Helper()
		conn, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /below/bus HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn, res.StatusCode
	}
	strangers := []net.Conn{}
	for {
		conn, status := open()
		if status == http.StatusServiceUnavailable {
			break
		}
		if status != http.StatusSwitchingProtocols || len(strangers) > 600 {
			t.Fatalf("stranger %d got status %d", len(strangers), status)
		}
		strangers = append(strangers, conn)
	}
	publish(t, agent, 1, 10)
	flush(t, agent)
	strangers[0].Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, status := open(); status == http.StatusSwitchingProtocols {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody gets in after a stranger has left")
		}
	}
}

// TestWaysToTheBus: an agent takes the direct way where it is open, the other
// one where it is not, and trusts neither more than its ticket says.
func TestWaysToTheBus(t *testing.T) {
	t.Parallel()
	s, web := behind(t, true)
	openRun(t, s.Hub(), "r")
	good := ticket(t, s.Hub(), "r", "eu-1")
	if len(good.CA) > 0 {
		t.Error("a ticket without a direct address holds the bus's authority")
	}
	hole, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	both := good
	both.URLs = append([]string{"tls://" + hole.Addr().String()}, good.URLs...)
	both.CA = web.Certificate().Raw // any certificate will do for who never answers
	flush(t, dialTicket(t, both))

	for name, change := range map[string]func(*bus.Ticket){
		"unknown authority": func(t *bus.Ticket) { t.Roots = nil },
		"another name":      func(t *bus.Ticket) { t.Name = "elsewhere.example" },
	} {
		bad := good
		change(&bad)
		if conn, err := bus.Dial(shortly(t), bad, s.Hub().Log); err == nil {
			conn.Close()
			t.Errorf("%s: the agent trusted the server", name)
		}
	}
	named := good
	named.Name = "example.com" // which the test server's certificate bears too
	flush(t, dialTicket(t, named))
}

// TestTicketIsSmall holds the largest ticket that a user can bring about below
// what platforms take in a task's environment.
func TestTicketIsSmall(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("r", 63)
	s := start(t, embedded.Options{Dir: t.TempDir(), Advertise: []string{"bus.load-testing.example-company.internal:14223"}})
	direct, err := s.Hub().IssueTicket("20261126-153701-abcdef", long+"-1000", long, 3, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, web := behind(t, true)
	chain := append(web.Certificate().Raw, web.Certificate().Raw...)
	reach := bus.Reach{URLs: append(s.URLs(), "wss://load-testing.example-company.internal/onrush/bus"), Roots: chain}
	s = start(t, embedded.Options{Dir: t.TempDir(), Reach: func(string) (bus.Reach, error) { return reach, nil }})
	most, err := s.Hub().IssueTicket("20261126-153701-abcdef", long+"-1000", long, 3, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(direct) > 2<<10 || len(most) > bus.MaxTicket {
		t.Errorf("tickets have %d and %d bytes", len(direct), len(most))
	}
	random := make([]byte, 4<<10)
	_, _ = rand.Read(random)
	reach.Roots = random
	if _, err := s.Hub().IssueTicket("r", "eu-1", "eu", 0, time.Hour); load.ErrorCode(err) != load.TooLarge {
		t.Errorf("a ticket that no platform takes: got %v, want too_large", err)
	}
}
