package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
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

// BenchmarkWindows carries windows of 10 KB from 20 agents over TLS through the
// stream to one consumer; the figure is per window.
func BenchmarkWindows(b *testing.B) {
	const agents = 20
	s, err := embedded.Start(embedded.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	hub := s.Hub()
	if err := hub.OpenRun(b.Context(), "r"); err != nil {
		b.Fatal(err)
	}
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
		defer conn.Close()
		conns = append(conns, conn)
	}
	window := bytes.Repeat([]byte("0123456789"), 1000)
	b.SetBytes(int64(len(window)))
	b.ResetTimer()
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
}
