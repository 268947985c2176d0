//go:build linux

package main

import (
	"sort"
	"time"

	"onrush.dev/onrush/bench/internal/peers"
)

// scheduled is what the requests of a schedule went through: request n is due at
// start + n/rate, and the n-th answer is its.
func scheduled(answers []time.Duration, start time.Duration, rate float64, d time.Duration) (peers.Latencies, error) {
	all := make([]time.Duration, min(int(rate*d.Seconds()), len(answers)))
	for i := range all {
		at := start + time.Duration(float64(i)/rate*float64(time.Second))
		all[i] = max(0, answers[i]-at)
	}
	return peers.Exact(all)
}

// anybody is what somebody went through who came at any instant: the time to the
// target's next answer. It is a low truth, since nobody waits in a queue.
func anybody(answers []time.Duration) (peers.Latencies, error) {
	const step = 100 * time.Microsecond
	var all []time.Duration
	for at := answers[0]; at < answers[len(answers)-1]; at += step {
		next := sort.Search(len(answers), func(i int) bool { return answers[i] >= at })
		all = append(all, answers[next]-at)
	}
	return peers.Exact(all)
}
