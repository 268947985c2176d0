package embedded_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
)

// BenchmarkStart is the time from nothing to a server that takes connections.
func BenchmarkStart(b *testing.B) {
	for range b.N {
		s, err := embedded.Start(embedded.Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

// BenchmarkWindows carries windows of 10 KB from 100 agents through the stream
// to one consumer, by each way to the bus; the figures are per window, CPU time
// is that of agents and server together.
func BenchmarkWindows(b *testing.B) {
	for _, way := range []string{"tls", "ws", "wss"} {
		b.Run(way, func(b *testing.B) { carryWindows(b, way) })
	}
}

func carryWindows(b *testing.B, way string) {
	const agents = 100
	var reach bus.Reach
	options := embedded.Options{Dir: b.TempDir()}
	if way != "tls" {
		options.Reach = func(string) (bus.Reach, error) { return reach, nil }
	}
	s, err := embedded.Start(options)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	web := httptest.NewUnstartedServer(s.Tunnel())
	if way == "wss" {
		web.StartTLS()
		reach.Roots = web.Certificate().Raw
	} else {
		web.Start()
	}
	defer web.Close()
	reach.URLs = []string{strings.Replace(web.URL, "http", "ws", 1) + "/bus"}
	hub := s.Hub()
	if err := hub.OpenRun(b.Context(), "r"); err != nil {
		b.Fatal(err)
	}
	conns := dialMany(b, hub, agents)
	window := make([]byte, 10_000)
	_, _ = rand.Read(window)
	b.SetBytes(int64(len(window)))
	b.ResetTimer()
	before := cpuTime()
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() {
			for n := i; n < b.N; n += agents {
				if err := conn.PublishWindow(uint64(n+1), window); err != nil {
					b.Error(err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	got := 0
	err = hub.Consume(ctx, "r", nil, func(bus.Message) error {
		if got++; got == b.N {
			cancel()
		}
		return nil
	})
	all.Wait()
	if err != nil || got != b.N {
		b.Fatalf("got %d of %d windows: %v", got, b.N, err)
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

func dialMany(b *testing.B, hub *bus.Hub, agents int) []*bus.AgentConn {
	b.Helper()
	var conns []*bus.AgentConn
	for i := range agents {
		encoded, err := hub.IssueTicket("r", fmt.Sprint(i), "eu", 0, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		ticket, err := bus.ParseTicket(encoded)
		if err != nil {
			b.Fatal(err)
		}
		conn, err := bus.Dial(b.Context(), ticket, hub.Log)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(conn.Close)
		conns = append(conns, conn)
	}
	return conns
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
