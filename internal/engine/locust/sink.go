package locust

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// sink turns what Locust measured into samples of the recorder. One goroutine
// feeds it; begin and the gauges come from others.
type sink struct {
	recorder *record.Recorder
	shard    *record.Shard
	log      func(msg string, args ...any)
	mask     *strings.Replacer // of secrets, which messages may hold
	start    atomic.Int64      // the barrier as wall clock, ns; 0 before it is known
	users    atomic.Int64

	once  sync.Once
	ready chan struct{} // closed once Locust stands at the start
	said  said          // valid once ready is closed

	requests int64
	totals   *totals // nil before the end
	batch    []record.Sample
	values   []record.Value
	errors   map[string]int // message to its metric
	failed   int            // the metric of exceptions in tasks
}

// The metrics of our own making. ExitMetric is judged by a rule of the script's.
const (
	exceptionMetric = "exceptions in tasks"
	exitMetric      = "exit code set by the script"
)

// shortestSecret is masked, as in a tool's output.
const shortestSecret = 4

func newSink(job *engine.Job) *sink {
	var masks []string
	for _, secret := range job.Order.Secrets {
		if len(secret) >= shortestSecret {
			masks = append(masks, secret, "***")
		}
	}
	return &sink{
		mask:     strings.NewReplacer(masks...),
		recorder: job.Recorder, shard: job.Recorder.Shard(), log: job.Log.Info,
		ready: make(chan struct{}), errors: map[string]int{}, failed: -1,
	}
}

func (s *sink) standing(what said) {
	s.once.Do(func() {
		s.said = what
		close(s.ready)
	})
}

// begin tells the barrier, before which nothing counts.
func (s *sink) begin(job *engine.Job) {
	s.start.Store(job.Start.UnixNano())
	job.Recorder.Gauges(func() record.Gauges { return record.Gauges{Users: int(s.users.Load())} })
}

// at is an instant of the run.
func (s *sink) at(seconds float64) (time.Duration, bool) {
	start := s.start.Load()
	if math.IsNaN(seconds) || math.Abs(seconds) > 1e11 {
		seconds = float64(time.Now().UnixNano()) / 1e9
	}
	whole, part := math.Modf(seconds)
	ns := int64(whole)*int64(time.Second) + int64(part*1e9)
	return time.Duration(max(0, ns-start)), start != 0
}

const mostLabel = 200

// name makes a type and name of requests known: "GET /basket". Types that are
// not methods of HTTP stand before the name in the same way.
func (s *sink) name(kind, text string) name {
	label := s.mask.Replace(strings.TrimSpace(kind + " " + text))
	if len(label) > mostLabel {
		label = strings.ToValidUTF8(label[:mostLabel], "") + "…"
	}
	return name{s.recorder.Label(strings.ToValidUTF8(label, "?"), "")}
}

// longest is more than any request takes.
const longest = 24 * time.Hour

func (s *sink) sample(n name, from *sample, failed *failure) {
	end, ok := s.at(from.end)
	if !ok {
		return
	}
	latency := record.None
	if from.latency >= 0 { // NaN is not
		latency = time.Duration(min(from.latency*float64(time.Millisecond), float64(longest)))
	}
	r := record.Sample{
		Label: n.label, End: end, Latency: latency, Service: record.None, Lag: record.None,
		FirstByte: record.None, Body: record.None,
		Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
		Status: int(from.status), BytesIn: max(0, from.length),
	}
	if failed != nil {
		r.Cause = failed.cause
		s.count(s.errorMetric(failed), end)
	}
	s.requests++
	s.shard.Started(max(0, end-max(0, latency)), record.None)
	s.batch = append(s.batch, r)
	if len(s.batch) >= 512 {
		s.flush()
	}
}

// mostErrorMetrics is how many messages are counted apart.
const mostErrorMetrics = 50

// errorMetric is the counter of failures with one message.
func (s *sink) errorMetric(f *failure) int {
	id, ok := s.errors[f.message]
	if !ok && len(s.errors) < mostErrorMetrics {
		message := s.mask.Replace(f.message)
		s.log("the first of its kind failed", "cause", f.cause, "message", message)
		id = s.recorder.Metric("error: "+short(message), load.MetricCounter, "")
		s.errors[f.message] = id
	} else if !ok {
		id = s.recorder.Metric("error: (other)", load.MetricCounter, "")
	}
	return id
}

func short(text string) string {
	if len(text) > mostLabel {
		text = text[:mostLabel] + "…"
	}
	return strings.ToValidUTF8(text, "?")
}

// exception counts an exception that ended a task of the script.
func (s *sink) exception(message string) {
	at, ok := s.at(math.NaN())
	if !ok {
		return
	}
	if s.failed < 0 {
		s.failed = s.recorder.Metric(exceptionMetric, load.MetricCounter, "")
	}
	s.count(s.failed, at)
	s.count(s.errorMetric(&failure{load.CauseOther, "in a task: " + message}), at)
}

func (s *sink) count(metric int, at time.Duration) {
	s.values = append(s.values, record.Value{Metric: metric, At: at, Value: 1})
}

// flush hands on what is collected.
func (s *sink) flush() {
	s.shard.RecordBatch(s.batch)
	s.recorder.Measure(s.values)
	s.batch, s.values = s.batch[:0], s.values[:0]
}

// finish hands over the last of it. An exit code that the script set is its own
// judgement of the run: it becomes a figure, which a threshold judges.
func (s *sink) finish(at time.Duration) {
	if s.totals != nil && s.totals.said {
		id := s.recorder.Metric(exitMetric, load.MetricGauge, "")
		s.values = append(s.values, record.Value{Metric: id, At: at, Value: float64(s.totals.exit)})
	}
	s.flush()
	s.shard.Close()
}
