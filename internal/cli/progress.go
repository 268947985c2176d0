package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"onrush.dev/onrush/internal/load"
)

// progress shows a run while it lives, on standard error. Its methods may be
// called from several goroutines.
type progress interface {
	Run(load.Run)           // once, before anything else
	Snapshot(load.Snapshot) // once a second while it runs
	Event(load.Event)       // things that happen to the run
	Lost(error)             // the server is gone; it is being called again
	Say(text string)        // a line of our own
	Close()
}

// newProgress redraws a block on a terminal, and writes a line every few
// seconds anywhere else.
func newProgress(env *Env, quiet bool) progress {
	width, tty := terminal(env.Err)
	switch {
	case quiet:
		return &lines{w: io.Discard}
	case tty && os.Getenv("TERM") != "dumb":
		return &block{w: env.Err, width: width}
	}
	return &lines{w: env.Err}
}

// terminal says whether w is one, and its width.
func terminal(w io.Writer) (width int, tty bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return width, true
}

// linesEvery is how many seconds of a run pass between two lines.
const linesEvery = 3

// lines is the progress of scripts and logs: it only ever appends.
type lines struct {
	mu   sync.Mutex
	w    io.Writer
	plan *load.Plan
	next int // second of the next line

	starts   string    // what was last said of how tasks come up
	startsAt time.Time // and when
}

// Run implements progress.
func (l *lines) Run(run load.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan = run.Plan
	fmt.Fprintln(l.w, runLine(run))
}

// Snapshot implements progress.
func (l *lines) Snapshot(s load.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Second < 0 && s.Status == load.Provisioning {
		l.provisioning(s)
		return
	}
	if s.Second < l.next || s.Status == load.Ended {
		return
	}
	l.next = s.Second + linesEvery
	fmt.Fprintf(l.w, "%s  %s\n", clock(s.Second, l.plan), figures(s.Last, l.plan))
}

// provisioning says how many tasks are up, when that has changed, and not more
// often than figures are told.
func (l *lines) provisioning(s load.Snapshot) {
	text := strings.Join(startLines(s.Provisioning), "\n")
	if l.startsAt.IsZero() {
		l.startsAt = s.At // most are up before there is anything to tell
	}
	if text == "" || text == l.starts || s.At.Sub(l.startsAt) < linesEvery*time.Second {
		return
	}
	l.starts, l.startsAt = text, s.At
	fmt.Fprintln(l.w, text)
}

// Event implements progress.
func (l *lines) Event(e load.Event) { l.Say(eventLine(e)) }

// Lost implements progress.
func (l *lines) Lost(err error) { l.Say(lostLine(err)) }

// Say implements progress.
func (l *lines) Say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, text)
}

// Close implements progress.
func (l *lines) Close() {}

// runLine heads a run's progress.
func runLine(run load.Run) string {
	line := fmt.Sprintf("run %s of %s", run.ID, run.Scenario)
	if p := run.Plan; p != nil {
		line += fmt.Sprintf(": %s in %s, %s", plural(p.Tasks, "task"), plural(len(p.Regions), "region"), planLoad(p))
	}
	return line
}

// planLoad says how hard and for how long.
func planLoad(p *load.Plan) string {
	var parts []string
	if load.RunsScript(p.Engine) {
		return scriptLoad(p)
	}
	if p.Model == load.Open {
		parts = append(parts, fmt.Sprintf("up to %s %ss/s", number(p.Rate), cmp.Or(p.Arrival, load.ArrivalRequest)))
	} else {
		parts = append(parts, "up to "+plural(p.Users, "user"))
	}
	if p.Requests > 0 {
		parts = append(parts, plural(int(p.Requests), "request"))
	}
	if p.Iterations > 0 {
		parts = append(parts, plural(int(p.Iterations), "iteration"))
	}
	if p.Duration > 0 {
		parts = append(parts, time.Duration(p.Duration).String())
	}
	return strings.Join(parts, ", ")
}

func eventLine(e load.Event) string {
	if e.Task != "" && !strings.Contains(e.Text, e.Task) {
		return e.Task + ": " + e.Text
	}
	return e.Text
}

// lostLine is for those who watch: the run itself does not need the server.
func lostLine(err error) string {
	if err == nil {
		return "lost the server; the load goes on; calling it again"
	}
	return fmt.Sprintf("lost the server (%v); the load goes on; calling it again", err)
}

// clock is "12s of 20s". A pause and the last requests make a run longer than
// its plan.
func clock(second int, plan *load.Plan) string {
	at := time.Duration(second+1) * time.Second
	if plan != nil && plan.Duration > 0 && at <= time.Duration(plan.Duration) {
		return at.String() + " of " + time.Duration(plan.Duration).Round(time.Second).String()
	}
	return at.String()
}

// figures is one second in words. The closed model has users where the open
// one has an offered rate.
func figures(p load.SeriesPoint, plan *load.Plan) string {
	asked := fmt.Sprintf("users %d", p.Users)
	if plan != nil && plan.Model == load.Open {
		asked = fmt.Sprintf("offered %s/s", number(p.Offered))
	}
	return asked + "  " + responses(p)
}

// responses is what came back in one second.
func responses(p load.SeriesPoint) string {
	text := fmt.Sprintf("achieved %d/s  errors %s", p.Requests, errorShare(p.Failures, p.Requests))
	if p.Requests == 0 {
		return text // and no latency either
	}
	return text + fmt.Sprintf("  p50 %s  p95 %s  p99 %s", ms(p.P50), ms(p.P95), ms(p.P99))
}

func errorShare(failures, requests int64) string {
	if failures == 0 || requests == 0 {
		return fmt.Sprint(failures)
	}
	return fmt.Sprintf("%d (%.2f%%)", failures, 100*float64(failures)/float64(requests))
}

// ms writes milliseconds with three figures that mean something.
func ms(v float64) string {
	switch {
	case v >= 10_000:
		return fmt.Sprintf("%.1fs", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0fms", v)
	case v >= 10:
		return fmt.Sprintf("%.1fms", v)
	}
	return fmt.Sprintf("%.2fms", v)
}

// number writes a rate without a tail of zeros.
func number(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
