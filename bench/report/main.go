// Command report measures how soon the report of a long run opens: one hour, 20
// labels, 4 regions. It makes the windows, merges them by the real collector,
// writes the series as the end of a run does, and then asks a real server for
// what the run's page asks. With --keep DIR the folder stays, for a look at the
// page: onrush serve --data DIR. Read main first, then make.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
)

const (
	goal  = time.Second
	tries = 9
)

// page is what the console's page of an ended run asks for, all at once.
var page = []string{"", "/report", "/tasks", "/events", "/series?points=3600"}

// other are views that a reader switches to.
var other = []string{
	"/series?points=3600&region=region3", "/series?points=3600&label=GET+%2Fpath%2F7",
	"/series?points=3600&label=GET+%2Fpath%2F7&region=region3", "/series?points=3600&task=region2-1", "/series?points=600",
}

func main() {
	keep := flag.String("keep", "", "make the run in this folder and leave it there")
	flag.Parse()
	rig.Main("report", func(b *rig.Bench) error {
		dir := b.Dir
		if *keep != "" {
			dir = *keep
		}
		set, err := windows.New(windows.Shape{Regions: 4, Tasks: 2, Labels: 20, Samples: 200, Variants: 60, Seconds: 3600})
		if err != nil {
			return err
		}
		id, err := makeRun(b, dir, set)
		if err != nil {
			return fmt.Errorf("make the run: %w", err)
		}
		s, err := b.Serve(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(measure(b, s, id), s.Stop()); err != nil {
			return err
		}
		if *keep != "" {
			fmt.Printf("kept: onrush serve --data %s, then /runs/%s\n", dir, id)
		}
		return nil
	})
}

func measure(b *rig.Bench, s *rig.Server, id string) error {
	ask, err := asker(s, id)
	if err != nil {
		return err
	}
	var sums, together rig.Spread
	single := map[string]*rig.Spread{}
	for _, path := range append(page, other...) {
		single[path] = &rig.Spread{}
	}
	for range tries {
		var sum time.Duration
		for _, path := range append(page, other...) {
			begin := time.Now()
			if err := ask(path); err != nil {
				return err
			}
			single[path].Add(time.Since(begin))
		}
		for _, path := range page {
			sum += single[path].Max()
		}
		sums.Add(sum)
		took, err := atOnce(ask)
		if err != nil {
			return err
		}
		together.Add(took)
	}
	b.Judge(sums.Max() < goal, fmt.Sprintf("all answers that the run's page needs, one after the other, worst of %d", tries), "< 1 s", "%.0f ms", rig.MS(sums.Max()))
	b.Judge(together.Max() < goal, "the same at once, as the page asks: median, worst", "< 1 s", "%.0f, %.0f ms", rig.MS(together.At(0.5)), rig.MS(together.Max()))
	for _, path := range append(page, other...) {
		took := single[path]
		name := "  GET /runs/{id}" + path + ": median, worst"
		if strings.Contains(path, "series") {
			b.Judge(took.Max() < goal, name, "< 1 s", "%.0f, %.0f ms", rig.MS(took.At(0.5)), rig.MS(took.Max()))
			continue
		}
		b.Say(name, "%.0f, %.0f ms", rig.MS(took.At(0.5)), rig.MS(took.Max()))
	}
	peak, _ := rig.PeakMemory(s.PID)
	b.Say("server's memory at its peak", "%d MiB", peak>>20)
	return nil
}

// atOnce asks as the page does.
func atOnce(ask func(string) error) (time.Duration, error) {
	begin := time.Now()
	var all sync.WaitGroup
	failed := make([]error, len(page))
	for i, path := range page {
		all.Go(func() { failed[i] = ask(path) })
	}
	all.Wait()
	return time.Since(begin), errors.Join(failed...)
}

// asker reads answers as a browser does: the whole body, and 200 alone is good.
func asker(s *rig.Server, id string) (func(path string) error, error) {
	token, err := os.ReadFile(s.Dir + "/cli-token")
	if err != nil {
		return nil, err
	}
	return func(path string) error {
		req, err := http.NewRequest(http.MethodGet, s.URL+"/api/v1/runs/"+id+path, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		if err == nil && (res.StatusCode != http.StatusOK || n == 0) {
			err = fmt.Errorf("GET %s: %s", path, res.Status)
		}
		return err
	}, nil
}
