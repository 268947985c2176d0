// Command start measures how soon load begins: from Enter to the first request
// that the target sees, for a command with a server of its own and for a server
// that is up. It speaks to the built programs as users do. Read main first.
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/client"
)

const (
	tries = 15
	goal  = time.Second
)

func main() {
	rig.Main("start", func(b *rig.Bench) error {
		t := newTarget()
		defer t.Close()
		if err := ownServer(b, t); err != nil {
			return err
		}
		return runningServer(b, t)
	})
}

// target notes when the first request came.
type target struct {
	*httptest.Server
	first atomic.Int64
}

func newTarget() *target {
	t := &target{}
	t.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.first.CompareAndSwap(0, time.Now().UnixNano())
	}))
	return t
}

// since is the time from begin to the first request after it.
func (t *target) since(begin time.Time) time.Duration {
	return time.Unix(0, t.first.Load()).Sub(begin)
}

// ownServer is `onrush run`, which brings a server up in its process.
func ownServer(b *rig.Bench, t *target) error {
	for _, regions := range [][]string{{"local"}, {"eu:2", "us:2"}} {
		args := []string{t.URL, "-c", "1", "-n", "4"}
		for _, r := range regions {
			args = append(args, "--region", r)
		}
		var begins, ends rig.Spread
		for range tries {
			t.first.Store(0)
			begin := time.Now()
			if _, err := b.Run(nil, args...); err != nil {
				return err
			}
			ends.Add(time.Since(begin) - t.since(begin))
			begins.Add(t.since(begin))
		}
		what := "onrush run, " + strings.Join(regions, " ") + ": Enter to first request"
		b.Judge(begins.At(0.5) < goal, what+", median", "< 1 s", "%.0f ms", rig.MS(begins.At(0.5)))
		b.Judge(begins.Max() < goal, fmt.Sprintf("%s, worst of %d", what, tries), "< 1 s", "%.0f ms", rig.MS(begins.Max()))
		b.Say("  first request to the end of the command, median", "%.0f ms", rig.MS(ends.At(0.5)))
	}
	return nil
}

// runningServer is a click on Run: the API's answer, and the first request.
func runningServer(b *rig.Bench, t *target) (err error) {
	begin := time.Now()
	api, err := b.Serve(b.Dir, "--region", "eu", "--region", "us")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.Stop()) }()
	b.Say("onrush serve, empty data folder: Enter to the API's first answer", "%.0f ms", rig.MS(time.Since(begin)))
	source := fmt.Sprintf("name: start\nload: {users: 1, requests: 4}\nrequests: [{url: %q}]\nregions: [{name: eu, tasks: 2}, {name: us, tasks: 2}]\n", t.URL)
	var answers, firsts rig.Spread
	for range tries {
		t.first.Store(0)
		begin := time.Now()
		run, err := api.StartRun(b, client.StartRun{Source: source})
		if err != nil {
			return err
		}
		answers.Add(time.Since(begin))
		if _, err := api.Await(b, run.ID); err != nil {
			return err
		}
		firsts.Add(t.since(begin))
	}
	b.Say("API: Run to its answer, median", "%.0f ms", rig.MS(answers.At(0.5)))
	b.Judge(firsts.At(0.5) < goal, "API: Run to first request (2 regions of 2 tasks), median", "< 1 s", "%.0f ms", rig.MS(firsts.At(0.5)))
	b.Judge(firsts.Max() < goal, fmt.Sprintf("API: Run to first request, worst of %d", tries), "< 1 s", "%.0f ms", rig.MS(firsts.Max()))
	return nil
}
