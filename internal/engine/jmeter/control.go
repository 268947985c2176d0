package jmeter

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/engine/tool"
)

// watch reads JMeter's output: that it is ready, the port where it takes its
// end, its own total, its errors, its end.
type watch struct {
	ready   chan struct{} // closed once JMeter takes its end and has read the plan
	process *tool.Process

	mu       sync.Mutex
	port     int
	summary  int64
	started  bool
	ended    bool
	errors   []string
	open     bool // the last line was the last of them
	inErrors map[string]bool
}

func newWatch() *watch {
	return &watch{ready: make(chan struct{}), summary: -1, inErrors: map[string]bool{}}
}

// of says which process it is, once it runs.
func (w *watch) of(p *tool.Process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = p
}

var (
	portSays      = regexp.MustCompile(`^Waiting for possible .* message on port (\d+)`)
	totalSays     = regexp.MustCompile(`Summariser: summary = +(\d+) in `)
	exceptionSays = regexp.MustCompile(`^(?:\w+\.)+\w*(?:Exception|Error)(?:: |$)`)
	errorSays     = regexp.MustCompile(`^\S+ \S+ (?:ERROR|FATAL) (.*)`)
)

// goneWithin is how long JMeter may take to end once its test has: what keeps it
// is somebody's thread.
const goneWithin = 5 * time.Second

const mostErrors = 20

// line sees every line of JMeter's output.
func (w *watch) line(line string, _ bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case strings.HasPrefix(line, "Waiting for possible "):
		if m := portSays.FindStringSubmatch(line); m != nil && !w.started {
			w.started = true
			w.port, _ = strconv.Atoi(m[1])
			close(w.ready)
		}
	case strings.HasPrefix(line, "... end of run"):
		w.ended = true
		if w.process != nil {
			time.AfterFunc(goneWithin, w.process.Kill)
		}
	case strings.Contains(line, "Summariser: summary ="):
		if m := totalSays.FindStringSubmatch(line); m != nil {
			w.summary, _ = strconv.ParseInt(m[1], 10, 64)
		}
	default:
		w.fault(line)
	}
}

// fault keeps an error of the log, with the exception that follows it, once.
func (w *watch) fault(line string) {
	if n := len(w.errors); w.open && exceptionSays.MatchString(line) {
		w.errors[n-1] += ": " + line
	}
	w.open = false
	if m := errorSays.FindStringSubmatch(line); m != nil && len(w.errors) < mostErrors && !w.inErrors[m[1]] {
		w.inErrors[m[1]], w.open = true, true
		w.errors = append(w.errors, m[1])
	}
}

// over says whether JMeter said that its test has ended.
func (w *watch) over() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

func (w *watch) faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.errors...)
}

// total is what JMeter's own summary says at its end.
func (w *watch) total() (int64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended && w.summary < 0 {
		return 0, true // of no sample it says nothing
	}
	return w.summary, w.ended
}

// say sends JMeter a word on its port, which takes them from this machine alone.
func (w *watch) say(word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	conn, err := net.Dial("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(w.port)))
	if err != nil {
		return // it is ended by force
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(word)) // likewise
}
