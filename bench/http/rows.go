//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"

	"onrush.dev/onrush/bench/internal/peers"
)

// row is one line of the table, or a few that are measured together.
type row struct {
	name, what  string
	measure     func(*bench, row) error
	goals       []goal
	url         func(*bench) string
	connections int
	streams     int // on each connection; our users are connections times streams
	workers     int // of nginx; 0: one
	close       bool
	http        string // version, as a scenario names it
	tls         bool
	size        int64 // of large bodies
}

// goal is a ratio, the peer's CPU time by ours, that a row is to reach; 0: it is
// only said.
type goal struct {
	peer  string
	ratio float64
	// of is more than one peer: the best of them in each turn is the measure.
	of []string
}

func plain(b *bench) string  { return b.nginx.Plain + "/" }
func secure(b *bench) string { return b.nginx.TLS + "/" }
func http2(b *bench) string  { return b.nginx.H2 + "/" }

// all are the goals of small responses.
func all(wrk float64) []goal {
	return []goal{
		{peer: "wrk", ratio: wrk},
		{peer: "vegeta", ratio: 4},
		{peer: "k6", ratio: 10},
		{peer: "jmeter", ratio: 28},
		{peer: "jmeter" + peers.Warmed},
		{peer: "locust", ratio: 20},
	}
}

func rows() []row {
	const large = 2_000_000_000
	either := []goal{{peer: "the better of wrk and curl", of: []string{"wrk", "curl"}, ratio: 1.3}}
	return []row{
		{name: "h1-64", what: "1 KiB, HTTP/1.1 keep-alive, 64 connections", measure: requests, url: plain, connections: 64, http: "1.1", goals: all(1.05)},
		{name: "h1-512", what: "1 KiB, HTTP/1.1 keep-alive, 512 connections", measure: requests, url: plain, connections: 512, http: "1.1", goals: all(1.05)},
		{name: "tls-64", what: "1 KiB, HTTP/1.1 over TLS, 64 connections", measure: requests, url: secure, connections: 64, http: "1.1", tls: true, goals: []goal{{peer: "wrk", ratio: 0.95}}},
		{name: "tls-512", what: "1 KiB, HTTP/1.1 over TLS, 512 connections", measure: requests, url: secure, connections: 512, http: "1.1", tls: true, goals: []goal{{peer: "wrk", ratio: 0.95}}},
		{name: "close", what: "1 KiB, HTTP/1.1, a new connection for each request, 64 at once", measure: requests, url: plain, connections: 64, http: "1.1", close: true, goals: []goal{{peer: "wrk", ratio: 0.9}}},
		{name: "open", what: "open model, 20,000 requests a second", measure: openModel, url: plain, connections: 64, http: "1.1"},
		{name: "h2-64x1", what: "1 KiB, HTTP/2 over TLS, 64 connections of 1 stream", measure: requests, url: http2, connections: 64, http: "2", tls: true, goals: []goal{{peer: "h2load", ratio: 1}}},
		{name: "h2-16x32", what: "1 KiB, HTTP/2 over TLS, 16 connections of 32 streams", measure: requests, url: http2, connections: 16, streams: 32, http: "2", tls: true, goals: []goal{{peer: "h2load", ratio: 1}}},
		{name: "h3-64x1", what: "1 KiB, HTTP/3, 64 connections of 1 stream", measure: overQUIC, connections: 64, http: "3", tls: true, goals: []goal{{peer: "oha", ratio: 1}}},
		{name: "h3-16x32", what: "1 KiB, HTTP/3, 16 connections of 32 streams", measure: overQUIC, connections: 16, streams: 32, http: "3", tls: true, goals: []goal{{peer: "oha", ratio: 1}}},
		{name: "large", what: "bodies of 2 GB, 5 connections", measure: bodies, url: plain, connections: 5, http: "1.1", size: large, goals: []goal{{peer: "wrk", ratio: 4}, {peer: "curl", ratio: 2.5}}},
		{name: "large-tls", what: "bodies of 2 GB over TLS, 5 connections, from nginx", measure: bodies, url: secure, connections: 5, http: "1.1", tls: true, size: large, goals: either},
		{name: "large-tls-go", what: "bodies of 2 GB over TLS, 5 connections, from a server that writes large pieces", measure: bodiesFromMemory, connections: 5, http: "1.1", tls: true, size: large, goals: either},
		{name: "sessions", what: "one task, 5 sessions of a 5 GB object", measure: sessions, connections: 5, http: "1.1", size: 5_000_000_000, workers: 2},
		{name: "idle", what: "50,000 idle keep-alive connections", measure: idle, connections: 50_000, http: "1.1", workers: 4},
		{name: "labels", what: "1,000 labels beside 1: recorder and windows", measure: labels, url: plain, connections: 64, http: "1.1"},
	}
}

// scenario is a row's load as a user of ours writes it.
type scenario struct {
	requests []string // URLs; more than one are sent in order, each with a label
	load     string   // the inside of load: {}
	version  string
	streams  int
	tls      bool
	close    bool
	sources  []string // local addresses
	think    string
}

func (s scenario) String() string {
	var text strings.Builder
	text.WriteString("name: bench\n")
	fmt.Fprintf(&text, "load: {%s}\n", s.load)
	if s.think != "" {
		fmt.Fprintf(&text, "think_time: %s\n", s.think)
	}
	text.WriteString("requests:\n")
	for i, u := range s.requests {
		fmt.Fprintf(&text, "  - {url: %q, label: \"label %d\", timeout: 1h}\n", u, i+1)
	}
	fmt.Fprintf(&text, "connection:\n  http: %q\n", s.version)
	if s.tls {
		text.WriteString("  tls: {verify: false}\n")
	}
	if s.streams > 1 {
		fmt.Fprintf(&text, "  streams: %d\n", s.streams)
	}
	if s.close {
		text.WriteString("  keep_alive: false\n")
	}
	if len(s.sources) > 0 {
		fmt.Fprintf(&text, "  local_addresses: [%s]\n", strings.Join(s.sources, ", "))
	}
	return text.String()
}

// closed is a row's scenario in the closed model.
func (r row) closed(url string, d time.Duration) scenario {
	return scenario{
		requests: []string{url}, load: fmt.Sprintf("users: %d, duration: %s", r.connections*max(1, r.streams), d),
		version: r.http, streams: r.streams, tls: r.tls, close: r.close,
	}
}
