package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/client"
)

// witness answers after a time drawn from a range, and keeps how long each
// answer took from the arrival of the request to the write of the response.
// That is less than what a client sees, by the way there and back through the
// kernel and by the wait for a CPU: on a busy machine that is the difference.
type witness struct {
	mu   sync.Mutex
	took map[string]raw
}

func (w *witness) answer(low, high time.Duration) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		time.Sleep(low + rand.N(high-low))
		out.WriteHeader(http.StatusNoContent)
		_ = http.NewResponseController(out).Flush()
		w.mu.Lock()
		w.took[r.URL.Path] = append(w.took[r.URL.Path], time.Since(begin))
		w.mu.Unlock()
	}
}

// realRequests is a real run of real agents against the witness, closed model.
func realRequests(b *rig.Bench) (err error) {
	w := &witness{took: map[string]raw{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/fast", w.answer(5*time.Millisecond, 15*time.Millisecond))
	mux.HandleFunc("/slow", w.answer(200*time.Millisecond, 600*time.Millisecond))
	target := httptest.NewServer(mux)
	defer target.Close()
	s, err := b.Serve(b.Dir+"/server", "--region", "eu", "--region", "us")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	for _, path := range []string{"/fast", "/slow"} {
		source := fmt.Sprintf("name: truth\nrequests: [{url: %q, label: it}]\nload: {users: 5, duration: 15s}\nregions: [{name: eu}, {name: us}]\n", target.URL+path)
		run, err := s.StartRun(b, client.StartRun{Source: source})
		if err != nil {
			return err
		}
		if _, err := s.Await(b, run.ID); err != nil {
			return err
		}
		report, err := s.Report(b, run.ID)
		if err != nil {
			return err
		}
		if err := compare(b, "real requests to "+path+", truth by the target's clock,", report.Total.LatencyMS, w.took[path], false); err != nil {
			return err
		}
	}
	return nil
}
