// Command tasks measures how many tasks one machine holds: 200 in one run, on
// the scripted engine and on the http engine against the sample target. It asks
// whether they start together, report every second, end cleanly and account for
// every sample, and what the server and the agents need. Read main first.
package main

import (
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/target"
)

const (
	seconds = 20
	rate    = 400 // requests a second of the whole run: the machine is the tasks' alone
	memory  = 400 << 20
	skew    = 20 * time.Millisecond
	// starts of 50 tasks: one start in many falls together with other work.
	starts = 7
)

func main() {
	rig.Main("tasks", func(b *rig.Bench) error {
		sample, err := target.Start(b, target.Options{})
		if err != nil {
			return err
		}
		defer sample.Close()
		loads := map[string]string{
			"scripted": "engine: scripted\nscripted: {latency: 20ms, jitter: 10ms}\n",
			"http":     fmt.Sprintf("requests: [{url: %q}]\n", sample.URL()+"/fast"),
		}
		for _, engine := range []string{"scripted", "http"} {
			for _, tasks := range []int{50, 200} {
				if err := measure(b, engine, loads[engine], tasks); err != nil {
					return fmt.Errorf("%d tasks, %s engine: %w", tasks, engine, err)
				}
			}
		}
		return startTogether(b, loads["http"])
	})
}

// startTogether looks at the start skew of 50 tasks alone, in short runs.
func startTogether(b *rig.Bench, what string) (err error) {
	s, err := b.Serve(b.Dir+"/skew", "--region", "eu")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	source := "name: skew\n" + what + "load: {rate: 100, duration: 2s}\nregions: [{name: eu, tasks: 50}]\n"
	var skews rig.Spread
	for range starts {
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
		skews.Add(time.Duration(report.StartSkewMS * float64(time.Millisecond)))
	}
	b.Judge(skews.At(0.5) <= skew, "start skew of 50 tasks, median of "+fmt.Sprint(starts), "<= 20 ms", "%.1f ms", rig.MS(skews.At(0.5)))
	b.Say("start skew of 50 tasks, least and most", "%.1f, %.1f ms", rig.MS(skews[0]), rig.MS(skews.Max()))
	return nil
}

// measure runs so many tasks on a server of their own, whose memory is theirs.
func measure(b *rig.Bench, engine, what string, tasks int) (err error) {
	s, err := b.Serve(fmt.Sprintf("%s/%s-%d", b.Dir, engine, tasks), "--region", "eu", "--region", "us")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	source := fmt.Sprintf("name: tasks\n%sload: {rate: %d, duration: %ds}\nregions: [{name: eu, tasks: %d}, {name: us, tasks: %d}]\n",
		what, rate, seconds, tasks/2, tasks/2)
	run, err := s.StartRun(b, client.StartRun{Source: source})
	if err != nil {
		return err
	}
	agents, err := halfway(b, s, run.ID)
	if err != nil {
		return err
	}
	if run, err = s.Await(b, run.ID); err != nil {
		return err
	}
	report, err := s.Report(b, run.ID)
	if err != nil {
		return err
	}
	series, err := s.Series(b, run.ID, load.SeriesQuery{Points: 10 * seconds})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d tasks, %s: ", tasks, engine)
	b.Say(name+"click to all ready and told to start", "%.1f s", run.Started.Sub(run.Created).Seconds())
	judgeRun(b, name, tasks, run, report, series)
	peak, _ := rig.PeakMemory(s.PID)
	b.Judge(peak < memory, name+"server's memory at its peak", "< 400 MiB", "%d MiB", peak>>20)
	b.Say(name+"an agent's memory in mid-run", "%s", agents)
	return nil
}

func judgeRun(b *rig.Bench, name string, tasks int, run load.Run, report *load.Report, series load.Series) {
	found := report.StartSkewMS
	if tasks <= 50 {
		b.Judge(found <= rig.MS(skew), name+"start skew", "<= 20 ms", "%.1f ms", found)
	} else {
		b.Say(name+"start skew", "%.1f ms", found)
	}
	whole := 0
	for _, p := range series.Points {
		if p.Second < seconds && p.Tasks == tasks {
			whole++
		}
	}
	b.Judge(whole == seconds, name+"seconds in which every task reported", fmt.Sprint(seconds), "%d", whole)
	a := report.Accounting
	b.Judge(a.TasksStarted == tasks && a.TasksReported == tasks && a.TasksLost == 0,
		name+"tasks started, reported, lost", fmt.Sprintf("%d %d 0", tasks, tasks), "%d %d %d", a.TasksStarted, a.TasksReported, a.TasksLost)
	const due = rate * seconds
	b.Judge(a.SamplesSent == due && a.SamplesReceived == due && report.Total.Requests == due && a.WindowsMissing == 0,
		name+"samples sent, received, reported", fmt.Sprintf("%d, three times", due), "%d %d %d", a.SamplesSent, a.SamplesReceived, report.Total.Requests)
	b.Say(name+"failures; requests more than 1 ms late", "%d; %.0f %%", report.Total.Failures, 100*float64(report.Total.Late)/due)
	after := run.Ended.Sub(run.Started.Add(seconds * time.Second))
	b.Say(name+"end of the load to the report", "%.1f s", after.Seconds())
}

// halfway waits for the middle of the load and says what memory agents have.
func halfway(b *rig.Bench, s *rig.Server, id string) (string, error) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		run, err := s.Run(b, id)
		if err != nil {
			return "", err
		}
		if run.Status == load.Ended {
			return "", fmt.Errorf("it ended early: %s, %q", run.Outcome, run.Cause)
		}
		if run.Started != nil && time.Since(*run.Started) > seconds*time.Second/2 {
			break
		}
	}
	var sum, most int64
	pids := s.Agents()
	for _, pid := range pids {
		_, now := rig.PeakMemory(pid)
		sum += now
		most = max(most, now)
	}
	if len(pids) == 0 {
		return "", fmt.Errorf("no agents found")
	}
	return fmt.Sprintf("mean %d, most %d MiB (%d agents)", sum/int64(len(pids))>>20, most>>20, len(pids)), nil
}
