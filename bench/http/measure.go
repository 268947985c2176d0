//go:build linux

package main

import (
	"fmt"
	"time"

	"onrush.dev/onrush/bench/internal/targets"
)

// requests measures small responses: ours and every peer of the row's goals.
func requests(b *bench, r row) error {
	url := r.url(b)
	sides := []side{{ours, func() (turn, error) { return b.steadyTask(r.closed(url, b.run()), r.slack()) }}}
	f := b.inTurns(append(sides, b.peerSides(r, url, b.nginx.Requests)...))
	return b.judge(r, f, "µs", 1e6)
}

// slack is by how many requests two counts of one load may differ: those that
// were under way when the generator ended.
func (r row) slack() int { return 2*r.connections*max(1, r.streams) + 16 }

// steadyTask is a turn of ours against nginx.
func (b *bench) steadyTask(s scenario, slack int) (turn, error) {
	return b.steadyOurs(s, b.nginx.Requests, slack)
}

func (b *bench) steadyOurs(s scenario, served counter, slack int) (t turn, err error) {
	before, err := served()
	if err != nil {
		return t, err
	}
	run, err := b.startTask(s, 5*time.Second)
	if err != nil {
		return t, err
	}
	return b.steady(run, served, before, slack)
}

// peerSides are the sides of all peers that a row's goals name.
func (b *bench) peerSides(r row, url string, served counter) []side {
	var sides []side
	for _, name := range b.peersOf(r) {
		sides = append(sides, side{name, func() (t turn, err error) {
			before, err := served()
			if err != nil {
				return t, err
			}
			run, err := b.startPeer(name, r, url)
			if err != nil {
				return t, err
			}
			return b.steady(run, served, before, r.slack())
		}})
	}
	return sides
}

// overQUIC measures HTTP/3, which this nginx does not speak: the target is a
// small server of our own.
func overQUIC(b *bench, r row) error {
	server, err := targets.StartH3(b, b.nginxDir, targetCore)
	if err != nil {
		return err
	}
	defer server.Stop()
	url := server.URL + "/"
	sides := []side{{ours, func() (turn, error) { return b.steadyOurs(r.closed(url, b.run()), server.Requests, r.slack()) }}}
	f := b.inTurns(append(sides, b.peerSides(r, url, server.Requests)...))
	return b.judge(r, f, "µs", 1e6)
}

// bodies measures large bodies from nginx.
func bodies(b *bench, r row) error {
	path, err := b.nginx.Large(b.nginxDir, r.size)
	if err != nil {
		return err
	}
	url := b.nginx.Plain + path
	if r.tls {
		url = b.nginx.TLS + path
	}
	return b.download(r, url, b.nginx.PID())
}

// bodiesFromMemory measures large bodies from a server whose TLS costs less than
// nginx's.
func bodiesFromMemory(b *bench, r row) error {
	server, err := targets.StartBodies(b, b.nginxDir, targetCore)
	if err != nil {
		return err
	}
	defer server.Stop()
	return b.download(r, fmt.Sprintf("%s/large/%d", server.URL, r.size), server.PID())
}

func (b *bench) download(r row, url string, target int) error {
	sides := []side{{ours, func() (t turn, err error) {
		run, err := b.startTask(r.closed(url, b.window), time.Millisecond)
		if err != nil {
			return t, err
		}
		run.partial = true // the end cuts off what is under way
		return whole(run, target)
	}}}
	for _, name := range b.peersOf(r) {
		sides = append(sides, side{name, func() (t turn, err error) {
			run, err := b.startPeer(name, r, url)
			if err != nil {
				return t, err
			}
			return whole(run, target)
		}})
	}
	return b.judge(r, b.inTurns(sides), "s a GB", 1)
}

// peersOf are the peers of a row's goals, as far as they are wanted.
func (b *bench) peersOf(r row) []string {
	var names []string
	for _, g := range r.goals {
		of := g.of
		if of == nil {
			of = []string{g.peer}
		}
		for _, name := range of {
			if b.wants(name) {
				names = append(names, name)
			}
		}
	}
	return names
}
