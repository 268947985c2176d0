package main

import (
	"os"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// long is how much CPU the measurements below take.
const long = time.Second

// collectAlone is the collector without the bus: label windows for each second
// of CPU.
func collectAlone(b *rig.Bench, set *windows.Set) (float64, error) {
	dir, err := os.MkdirTemp(b.Dir, "spool-")
	if err != nil {
		return 0, err
	}
	c, err := newCollector(set, dir)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	start := time.Now()
	var spent time.Duration
	n := 0
	for second := 0; second < set.Seconds && spent < long; second++ {
		var encoded [][]byte
		for _, task := range set.Tasks() {
			encoded = append(encoded, set.Window(task, second))
		}
		from := rig.CPU()
		for _, data := range encoded {
			if err := c.Window(data); err != nil {
				return 0, err
			}
		}
		c.Tick(start.Add(time.Duration(second+1) * time.Second))
		spent += rig.CPU() - from
		n += len(encoded) * set.Labels
	}
	return float64(n) / spent.Seconds(), nil
}

// mergeAlone reads windows and merges each label's histograms from the bytes
// into that label's sums, which is what the collector does with each.
func mergeAlone(set *windows.Set) (float64, error) {
	var encoded [][]byte
	for second := range set.Variants {
		for _, task := range set.Tasks() {
			encoded = append(encoded, set.Window(task, second))
		}
	}
	sums := map[string]*[2]*hist.Hist{}
	merge := func(e *load.RawEntry) error {
		sum := sums[string(e.Label)]
		if sum == nil {
			sum = &[2]*hist.Hist{hist.New(), hist.New()}
			sums[string(e.Label)] = sum
		}
		if _, err := sum[0].MergeBinary(e.Latency); err != nil {
			return err
		}
		_, err := sum[1].MergeBinary(e.FirstByte)
		return err
	}
	from, n := rig.CPU(), 0
	for rig.CPU()-from < long {
		for _, data := range encoded {
			if err := load.VisitWindow(data, func(*load.Window) bool { return true }, merge); err != nil {
				return 0, err
			}
			n += set.Labels
		}
	}
	return float64(n) / (rig.CPU() - from).Seconds(), nil
}
