//go:build linux

package main

import (
	"testing"

	"onrush.dev/onrush/bench/internal/task"
)

func TestRatiosCompareTurnByTurnWithTheBestPeer(t *testing.T) {
	t.Parallel()
	f := found{turns: map[string][]turn{
		ours:   {{each: 1}, {each: 2}, {each: 1}},
		"wrk":  {{each: 3}, {each: 3}, {each: 3}},
		"curl": {{each: 2}, {each: 8}},
	}}
	if got, want := f.ratios([]string{"wrk", "curl"}, each), (spread{1.5, 2, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := f.ratios([]string{"hey"}, each); got != (spread{}) {
		t.Errorf("a peer without turns gave %v", got)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for want, count := range map[string]int{"": len(rows()), "h1-64": 1, "h1-64,close": 2, "h2*": 2, "*": len(rows())} {
		got, err := choose(want)
		if err != nil || len(got) != count {
			t.Errorf("%q: got %d rows, %v; want %d", want, len(got), err, count)
		}
	}
	if _, err := choose("h1"); err == nil {
		t.Error("an unknown name is no error")
	}
}

// TestScenariosAreOurs: what a row orders is what a user could write.
func TestScenariosAreOurs(t *testing.T) {
	t.Parallel()
	s := row{connections: 64, http: "1.1", tls: true, close: true}.closed("https://127.0.0.1:1/", 1e9)
	s.sources, s.think = []string{"127.0.0.2", "127.0.0.3"}, "1h"
	order, err := task.Order(s.String())
	if err != nil {
		t.Fatal(err)
	}
	if *order.Scenario.Connection.KeepAlive || order.Scenario.Load.Users != 64 || len(order.Scenario.Connection.LocalAddresses) != 2 {
		t.Errorf("got %+v", order.Scenario)
	}
}
