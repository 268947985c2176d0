//go:build linux

package main

import (
	"testing"
	"time"
)

// stalled is a thousand requests a second for two seconds, answered 1 ms after
// they were due, but not in the 200 ms before the end of the first second.
func stalled() []time.Duration {
	const start = 5 * time.Second
	var answers []time.Duration
	for i := range 2000 {
		at := start + time.Duration(i)*time.Millisecond + time.Millisecond
		if into := at - start; into > 800*time.Millisecond && into < time.Second {
			at = start + time.Second
		}
		answers = append(answers, at)
	}
	return answers
}

func TestScheduledCountsFromWhenRequestsWereDue(t *testing.T) {
	t.Parallel()
	got, err := scheduled(stalled(), 5*time.Second, 1000, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	// A tenth of all waited, evenly up to 200 ms: the worst hundredth of all is
	// the worst tenth of these.
	if got[0] != time.Millisecond || got[1] != 180*time.Millisecond || got[2] != 198*time.Millisecond {
		t.Errorf("got %v, want 1 ms, 180 ms, 198 ms", got)
	}
}

func TestNoAnswersHaveNoTruth(t *testing.T) {
	t.Parallel()
	if _, err := scheduled(nil, 0, 1, time.Second); err == nil {
		t.Error("no answers make percentiles")
	}
}

func TestAnybodyWaitsForTheNextAnswer(t *testing.T) {
	t.Parallel()
	got, err := anybody(stalled())
	if err != nil {
		t.Fatal(err)
	}
	if got[0] > time.Millisecond || got[1] < 170*time.Millisecond || got[2] > 200*time.Millisecond {
		t.Errorf("got %v, want under 1 ms, over 170 ms, at most 200 ms", got)
	}
}
