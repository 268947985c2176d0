// Command live measures the age of live figures: how long after its response a
// request is counted in the snapshot that a reader of the live stream gets. The
// target gives every response an instant; the stream says how many were counted
// when. Read main first.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

const (
	seconds = 30
	rate    = 100
	goal    = 2 * time.Second
)

func main() {
	rig.Main("live", func(b *rig.Bench) error {
		s, err := b.Serve(b.Dir, "--region", "eu", "--region", "us")
		if err != nil {
			return err
		}
		for _, tasks := range []int{1, 10} {
			if err := measure(b, s, tasks); err != nil {
				return errors.Join(err, s.Stop())
			}
		}
		return s.Stop()
	})
}

// responses are the instants at which the target had answered, in order.
type responses struct {
	mu sync.Mutex
	at []time.Time
}

func (r *responses) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
	_ = http.NewResponseController(w).Flush() // the response is out now
	r.mu.Lock()
	r.at = append(r.at, time.Now())
	r.mu.Unlock()
}

// seen is a reader of the live stream: how many requests it knew of, when.
type seen struct {
	counts []int64
	at     []time.Time
}

func (s *seen) Snapshot(snap load.Snapshot) {
	s.counts, s.at = append(s.counts, snap.Total.Requests), append(s.at, time.Now())
}

func (*seen) Event(load.Event) {}

func measure(b *rig.Bench, s *rig.Server, tasks int) error {
	truth := &responses{}
	target := httptest.NewServer(truth)
	defer target.Close()
	source := fmt.Sprintf("name: live\nrequests: [{url: %q}]\nload: {rate: %d, duration: %ds}\nregions: [{name: eu, tasks: %d}, {name: us, tasks: %d}]\n",
		target.URL, rate, seconds, tasks, tasks)
	run, err := s.StartRun(b, client.StartRun{Source: source})
	if err != nil {
		return err
	}
	reader := &seen{}
	if err := s.Watch(context.WithoutCancel(b), run.ID, reader); err != nil {
		return err
	}
	var ages rig.Spread
	next := 0
	for i, count := range reader.counts {
		for ; next < int(count) && next < len(truth.at); next++ {
			ages.Add(reader.at[i].Sub(truth.at[next]))
		}
	}
	if len(ages) != rate*seconds {
		return fmt.Errorf("%d of %d requests were seen in the live stream", len(ages), rate*seconds)
	}
	what := fmt.Sprintf("age of live figures, 2 regions of %d tasks: ", tasks)
	b.Say(what+"p50", "%.2f s", ages.At(0.5).Seconds())
	b.Say(what+"p99", "%.2f s", ages.At(0.99).Seconds())
	b.Judge(ages.Max() < goal, what+"oldest when first seen", "< 2 s", "%.2f s", ages.Max().Seconds())
	return nil
}
