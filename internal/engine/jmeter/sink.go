package jmeter

import (
	"bytes"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// sink turns JMeter's rows into samples of the recorder. JMeter writes, of one
// request, the row of the whole and rows of its parts (redirects, embedded
// resources), and of a transaction controller a row beside those of its
// samplers. A request counts once, as the whole; a transaction is a metric.
//
// One goroutine feeds it; the gauges, begin and stopped come from others.
type sink struct {
	recorder *record.Recorder
	shard    *record.Shard
	start    atomic.Int64 // the barrier as wall clock, ms; 0 before it is known
	users    atomic.Int64
	mask     mask        // for texts of failures
	stopped  atomic.Bool // JMeter was told to break off what is in flight

	labels       map[string]int
	threads, old map[string]*whole // by thread's name; old are those before the last turn
	transactions map[string]transaction
	parents      *regexp.Regexp // labels of transactions that stand for their samples
	failures     map[string]int // metrics of failed assertions
	// inParents counts samples that their transaction stands for: JMeter's own
	// summary leaves them out.
	inParents int64
	rows      int64
	batch     []record.Sample
	values    []record.Value
}

// whole is a thread's last request, whose parts may follow, and the transactions
// whose samples follow.
type whole struct {
	label      []byte
	begin, end int64
	open       []opened
}

// opened is a transaction that stands for its samples: JMeter writes its row
// before theirs.
type opened struct {
	begin, end int64
	left       int64 // samples and transactions right below it that are to come
}

// transaction is a controller's metrics.
type transaction struct {
	duration, passed int
	parent           bool
}

// Bounds of what is kept by name.
const (
	mostThreads  = 50_000
	mostLabels   = 20_000
	mostFailures = 100
	mostLabel    = 200
	mostNested   = 50 // transactions within each other
)

func newSink(job *engine.Job, parents []string) *sink {
	s := &sink{
		recorder: job.Recorder, shard: job.Recorder.Shard(), labels: map[string]int{}, threads: map[string]*whole{},
		transactions: map[string]transaction{}, failures: map[string]int{},
	}
	if len(parents) > 0 {
		patterns := make([]string, len(parents))
		for i, name := range parents {
			patterns[i] = expressions.ReplaceAllString(regexp.QuoteMeta(name), ".*")
		}
		s.parents = regexp.MustCompile(`(?s)^(?:` + strings.Join(patterns, "|") + `)$`)
	}
	return s
}

// expressions finds ${…} in a quoted name.
var expressions = regexp.MustCompile(`\\\$\\\{.*?\\\}`)

// begin tells the barrier.
func (s *sink) begin(job *engine.Job) {
	s.start.Store(job.Start.UnixMilli())
	job.Recorder.Gauges(func() record.Gauges { return record.Gauges{Users: int(s.users.Load())} })
}

// transactionSign begins the message of a transaction controller's row.
var transactionSign = []byte("Number of samples in transaction : ")

// row takes one row.
func (s *sink) row(row *[columns][]byte) {
	s.rows++
	begin, elapsed, idle := number(row[colTime]), max(0, number(row[colElapsed])), max(0, number(row[colIdle]))
	end := begin + elapsed + idle
	s.users.Store(number(row[colThreads]))
	at := time.Duration(max(0, end-s.start.Load())) * time.Millisecond
	if count, is := bytes.CutPrefix(row[colMessage], transactionSign); is {
		s.transaction(row, at, begin, end, count)
		return
	}
	w := s.thread(row[colThread])
	if w.part(row[colLabel], begin, end) {
		return
	}
	if w.below(begin, end) {
		s.inParents++
	}
	latency, connect := number(row[colLatency]), number(row[colConnect])
	r := record.Sample{
		Label: s.label(row[colLabel]), End: at, Latency: milliseconds(elapsed), Service: record.None, Lag: record.None,
		FirstByte: record.None, Body: record.None,
		Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
		Status: status(row[colCode]), BytesIn: max(0, number(row[colBytes])), BytesOut: max(0, number(row[colSent])),
	}
	if string(row[colSuccess]) != "true" {
		r.Cause = causeOf(r.Status, row, s.stopped.Load())
		s.failure(row, at)
	}
	if r.Status > 0 && (latency > 0 || elapsed <= 1) {
		r.FirstByte, r.Body = milliseconds(latency), milliseconds(max(0, elapsed-latency))
	}
	if connect > 0 {
		r.Connect = milliseconds(connect)
	}
	s.shard.Started(time.Duration(max(0, begin-s.start.Load()))*time.Millisecond, record.None)
	s.batch = append(s.batch, r)
	if len(s.batch) >= 512 {
		s.flush()
	}
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// thread is what is known of a thread by its name.
func (s *sink) thread(name []byte) *whole {
	w := s.threads[string(name)] // no allocation
	if w == nil {
		if w = s.old[string(name)]; w == nil {
			w = &whole{}
		}
		if len(s.threads) >= mostThreads {
			s.threads, s.old = map[string]*whole{}, s.threads
		}
		s.threads[string(name)] = w
	}
	return w
}

// part says whether a row is a part of its thread's last request: JMeter names
// parts after the whole, with a dash and a number.
func (w *whole) part(label []byte, begin, end int64) bool {
	if n := len(w.label); n > 0 && len(label) > n+1 && label[n] == '-' && bytes.HasPrefix(label, w.label) &&
		begin >= w.begin && end <= w.end+1 && numbered(label[n+1:]) {
		return true
	}
	w.label, w.begin, w.end = append(w.label[:0], label...), begin, end
	return false
}

// below says whether a row is of a sample, or a transaction, of the transaction
// that came last, and takes it from those to come.
func (w *whole) below(begin, end int64) bool {
	for n := len(w.open); n > 0; n-- {
		if t := &w.open[n-1]; t.left > 0 && begin >= t.begin && end <= t.end+1 {
			t.left--
			return true
		}
		w.open = w.open[:n-1]
	}
	return false
}

// numbered says whether a text is "3" or, of a part's part, "3-0".
func numbered(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(text) > 0
}

func (s *sink) label(name []byte) int {
	if id, ok := s.labels[string(name)]; ok { // no allocation
		return id
	}
	if len(s.labels) >= mostLabels {
		clear(s.labels)
	}
	id := s.recorder.Label(short(name), "")
	s.labels[string(name)] = id
	return id
}

func short(name []byte) string {
	if len(name) > mostLabel {
		return strings.ToValidUTF8(string(name[:mostLabel]), "") + "…"
	}
	return strings.ToValidUTF8(string(name), "\uFFFD")
}

// transaction takes a transaction controller's row.
func (s *sink) transaction(row *[columns][]byte, at time.Duration, begin, end int64, count []byte) {
	w := s.thread(row[colThread])
	w.label = w.label[:0] // its samples may be named like parts of it
	w.below(begin, end)
	t, ok := s.transactions[string(row[colLabel])]
	if !ok {
		if len(s.transactions) >= mostLabels {
			clear(s.transactions)
		}
		name := short(row[colLabel])
		t = transaction{
			duration: s.recorder.Metric(name+" (transaction)", load.MetricTrend, "ms"),
			passed:   s.recorder.Metric(name+" (transaction passed)", load.MetricRate, ""),
			parent:   s.parents != nil && s.parents.Match(row[colLabel]),
		}
		s.transactions[string(row[colLabel])] = t
	}
	if digits, _, _ := bytes.Cut(count, []byte(",")); t.parent && len(w.open) < mostNested {
		w.open = append(w.open, opened{begin, end, number(digits)})
	}
	passed := 0.0
	if string(row[colSuccess]) == "true" {
		passed = 1
	}
	s.values = append(s.values, record.Value{Metric: t.duration, At: at, Value: float64(max(0, number(row[colElapsed])))}, record.Value{Metric: t.passed, At: at, Value: passed})
	if len(s.values) >= 512 {
		s.flush()
	}
}

// failure counts a failed assertion under its message, so that the report has
// samples of them.
func (s *sink) failure(row *[columns][]byte, at time.Duration) {
	if len(row[colFailure]) == 0 {
		return
	}
	text := "failed: " + short(row[colLabel]) + ": " + short(s.mask.apply(bytes.ReplaceAll(row[colFailure], []byte("\n"), []byte(" "))))
	id, ok := s.failures[text]
	if !ok {
		if len(s.failures) >= mostFailures {
			text = "failed: (other)"
		}
		id = s.recorder.Metric(text, load.MetricCounter, "")
		s.failures[text] = id
	}
	s.values = append(s.values, record.Value{Metric: id, At: at, Value: 1})
}

// flush hands on what is collected.
func (s *sink) flush() {
	s.shard.RecordBatch(s.batch)
	s.recorder.Measure(s.values)
	s.batch, s.values = s.batch[:0], s.values[:0]
}

// finish hands over the last of it.
func (s *sink) finish() {
	s.flush()
	s.users.Store(0)
	s.shard.Close()
}
