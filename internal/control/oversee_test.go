package control

import (
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// TestLostBecause looks at one task at an instant 100 s after the start, with
// bounds of 15 s of silence and 60 s to get ready.
func TestLostBecause(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ago := func(seconds float64) time.Time { return now.Add(-time.Duration(seconds * float64(time.Second))) }
	tests := []struct {
		name    string
		status  load.TaskStatus
		gone    time.Time
		reason  string
		heard   time.Time
		awaited time.Time
		started time.Time
		want    string
	}{
		{"speaks", load.TaskRunning, time.Time{}, "", ago(1), ago(200), ago(100), ""},
		{"is silent, not for long", load.TaskRunning, time.Time{}, "", ago(14.9), ago(200), ago(100), ""},
		{"is silent", load.TaskRunning, time.Time{}, "", ago(16), ago(200), ago(100), "no word from it for 16s"},
		{"never spoke to this server", load.TaskRunning, time.Time{}, "", time.Time{}, ago(20), ago(100), "no word from it for 20s"},
		{"a server that just came waits anew", load.TaskRunning, time.Time{}, "", time.Time{}, ago(2), ago(100), ""},
		{"was ready long before the start", load.TaskReady, time.Time{}, "", ago(50), ago(60), ago(3), ""},
		{"the start lies ahead", load.TaskReady, time.Time{}, "", ago(50), ago(60), ago(-1), ""},
		{"ended just now: its last word is on its way", load.TaskRunning, ago(1.5), "exit code 1", ago(5), ago(200), ago(100), ""},
		{"ended, and its windows still come", load.TaskRunning, ago(3), "exit code 1", ago(0.5), ago(200), ago(100), ""},
		{"ended", load.TaskRunning, ago(3), "exit code 1", ago(3), ago(200), ago(100), "exit code 1"},
		{"ended, nobody knows why", load.TaskRunning, ago(3), "", ago(3), ago(200), ago(100), "its instance is gone"},
		{"a replacement gets ready", load.TaskStarting, time.Time{}, "", time.Time{}, ago(59), ago(100), ""},
		{"a replacement never gets ready", load.TaskStarting, time.Time{}, "", ago(1), ago(61), ago(100), "not ready within 1m0s: no word from it"},
		{"a replacement ended before it was ready", load.TaskStarting, ago(3), "out of memory", time.Time{}, ago(10), ago(100), "out of memory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			one := &task{Task: load.Task{Name: "eu-1", Status: test.status}, awaited: test.awaited, gone: test.gone}
			if !test.gone.IsZero() {
				one.instance = &fleet.Instance{State: fleet.Gone, Reason: test.reason}
			}
			c := &conductor{
				Options: Options{Limits: Limits{Silence: 15 * time.Second, Provision: time.Minute}},
				run:     load.Run{Started: &test.started},
				heard:   map[attempt]time.Time{},
			}
			if !test.heard.IsZero() {
				c.heard[one.attempt()] = test.heard
			}
			if got := c.lostBecause(one, now); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
