// Command bench measures what the built programs promise: how soon a run
// starts, how many tasks one machine holds, how well they keep time. It prints
// what it found beside what is promised, and judges nothing: machines differ.
//
// It speaks to the programs as users do. Read main first, then one function
// for each promise.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bench FOLDER-OF-PROGRAMS")
		os.Exit(1)
	}
	onrush := filepath.Join(os.Args[1], "onrush")
	for _, measure := range []func(string) error{firstRequest, firstFigure, manyTasks, startSkew} {
		if err := measure(onrush); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

func found(what, measured, promised string) {
	fmt.Printf("%-52s %-34s promised: %s\n", what, measured, promised)
}

// firstRequest is the time from Enter to the first request at the target.
func firstRequest(onrush string) error {
	var took []time.Duration
	for range 7 {
		var once sync.Once
		var first time.Time
		target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			once.Do(func() { first = time.Now() })
		}))
		begin := time.Now()
		out, err := exec.Command(onrush, "run", target.URL, "-n", "10", "-c", "1", "-q", "--region", "eu", "--region", "us").CombinedOutput()
		target.Close()
		if err != nil {
			return fmt.Errorf("run: %w\n%s", err, out)
		}
		took = append(took, first.Sub(begin))
	}
	slices.Sort(took)
	found("Enter to first request, two regions (median of 7)", fmt.Sprintf("%.0f ms (worst %.0f)", msOf(took[3]), msOf(took[6])), "under 1 s")
	return nil
}

// firstFigure is the time from Enter to the first live figure of the demo.
func firstFigure(onrush string) error {
	cmd := exec.Command(onrush, "demo", "--exit", "--listen", "127.0.0.1:0")
	watch := &watcher{begin: time.Now(), word: "achieved"}
	cmd.Stderr = watch
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("demo: %w\n%s", err, watch.text.String())
	}
	found("demo: Enter to first live figure, warm and built", fmt.Sprintf("%.1f s", watch.seen.Seconds()), "under 10 s")
	return nil
}

// watcher notes when a word was first written.
type watcher struct {
	begin time.Time
	word  string
	seen  time.Duration
	text  bytes.Buffer
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text.Write(p)
	if w.seen == 0 && strings.Contains(w.text.String(), w.word) {
		w.seen = time.Since(w.begin)
	}
	return len(p), nil
}

// manyTasks runs 200 tasks on this machine and watches the server's memory.
func manyTasks(onrush string) error {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	const seconds = 20
	r, peak, took, err := run(onrush, target.URL, "-r", "1000", "-d", fmt.Sprintf("%ds", seconds), "--region", "eu:100", "--region", "us:100")
	if err != nil {
		return err
	}
	found("200 tasks: started, reported, lost", fmt.Sprintf("%d, %d, %d", r.Accounting.TasksStarted, r.Accounting.TasksReported, r.Accounting.TasksLost), "200, 200, 0")
	found("200 tasks: samples sent, received, planned", fmt.Sprintf("%d, %d, %d", r.Accounting.SamplesSent, r.Accounting.SamplesReceived, 1000*seconds), "all the same")
	found("200 tasks: server's memory at its peak", fmt.Sprintf("%d MiB", peak>>20), "under 400 MiB")
	found("200 tasks: time beside the load itself", fmt.Sprintf("%.1f s", took.Seconds()-seconds), "small")
	return nil
}

// startSkew is how far apart 50 tasks of one host start.
func startSkew(onrush string) error {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	var skews []float64
	for range 3 {
		r, _, _, err := run(onrush, target.URL, "-r", "100", "-d", "3s", "--region", "eu:50")
		if err != nil {
			return err
		}
		skews = append(skews, r.StartSkewMS)
	}
	slices.Sort(skews)
	found("start skew of 50 tasks (3 runs)", fmt.Sprintf("%.1f, %.1f, %.1f ms", skews[0], skews[1], skews[2]), "at most 20 ms")
	return nil
}

// run is one `onrush run` with its report, its peak memory and its time.
func run(onrush string, args ...string) (*load.Report, int64, time.Duration, error) {
	cmd := exec.Command(onrush, append([]string{"run", "-q", "-o", "json"}, args...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, 0, err
	}
	stop := make(chan struct{})
	peak := make(chan int64)
	go watchMemory(cmd.Process.Pid, stop, peak)
	err := cmd.Wait()
	took := time.Since(begin)
	close(stop)
	most := <-peak
	if err != nil {
		return nil, 0, 0, fmt.Errorf("run: %w\n%s%s", err, complaints.String(), out.String())
	}
	var report load.Report
	return &report, most, took, json.Unmarshal(out.Bytes(), &report)
}

// watchMemory reads the most memory that a process ever had, until stop.
func watchMemory(pid int, stop <-chan struct{}, peak chan<- int64) {
	var most int64
	for {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
			for line := range strings.Lines(string(text)) {
				if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
					kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
					most = max(most, kb<<10)
				}
			}
		}
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func msOf(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
