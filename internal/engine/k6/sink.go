package k6

import (
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// sink turns what k6 measured into samples and values of the recorder. One
// goroutine feeds it; begin and the gauges come from others.
type sink struct {
	recorder *record.Recorder
	shard    *record.Shard
	start    atomic.Int64 // the barrier as wall clock, ns; 0 before it is known
	users    atomic.Int64
	dropped  atomic.Int64 // iterations that found no free user, since the last look

	kinds  map[string]metricKind // of the script's own metrics, for outputs that do not tell
	rules  map[string][]rule     // the script's thresholds by their metric's plain name
	http   [httpMetrics]*metric
	batch  []record.Sample
	values []record.Value
}

// trail is one request as k6 tells it. Instants are ns of the wall clock.
type trail struct {
	end                                                             int64
	duration, blocked, connecting, tls, sending, waiting, receiving time.Duration
	failed                                                          byte // 0 no, 1 yes, 2 not said
}

// The metrics of a request, each a place in sink.http.
const (
	httpReqs = iota
	httpDuration
	httpBlocked
	httpConnecting
	httpTLS
	httpSending
	httpWaiting
	httpReceiving
	httpFailed
	httpMetrics
)

func httpNames() [httpMetrics]string {
	return [...]string{
		"http_reqs", "http_req_duration", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking",
		"http_req_sending", "http_req_waiting", "http_req_receiving", "http_req_failed",
	}
}

// metric is one of k6's metrics.
type metric struct {
	name  string
	kind  load.MetricKind
	unit  string
	id    int // in the recorder; -1: it is no metric of the report
	role  role
	rules []rule // thresholds with a selector
	plain int    // the metric that a threshold without a selector judges; -1 without
}

// role says what besides a metric of the report a metric of k6 is to us.
type role int

const (
	roleNone role = iota
	roleUsers
	roleDropped
	roleSent
	roleReceived
	roleCheck
	roleGroup
	roleHTTP // counted as requests; a metric of the report only for thresholds
)

// rule is a threshold's selector: which samples of its metric it judges.
type rule struct {
	metric string // as the threshold writes it
	tags   map[string]string
	id     int // of its metric in the recorder, once its kind is known
}

func newSink(job *engine.Job, thresholds []load.ScriptThreshold) *sink {
	s := &sink{recorder: job.Recorder, shard: job.Recorder.Shard(), rules: map[string][]rule{}}
	seen := map[string]bool{}
	for _, t := range thresholds {
		if seen[t.Metric] {
			continue
		}
		seen[t.Metric] = true
		name, tags := selector(t.Metric)
		s.rules[name] = append(s.rules[name], rule{metric: t.Metric, tags: tags})
	}
	for i, name := range httpNames() {
		kind, unit := load.MetricTrend, "ms"
		switch i {
		case httpReqs:
			kind, unit = load.MetricCounter, ""
		case httpFailed:
			kind, unit = load.MetricRate, ""
		}
		s.http[i] = s.metric(name, kind, unit)
	}
	return s
}

// selector takes "name{a:b,c:d}" apart.
func selector(metric string) (name string, tags map[string]string) {
	name, rest, ok := strings.Cut(metric, "{")
	if !ok {
		return name, nil
	}
	tags = map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(rest), "}"), ",") {
		key, value, _ := strings.Cut(pair, ":")
		tags[strings.Trim(strings.TrimSpace(key), `"'`)] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return strings.TrimSpace(name), tags
}

// begin tells the barrier, before which nothing counts.
func (s *sink) begin(job *engine.Job, usage *tool.Usage) {
	s.start.Store(job.Start.UnixNano())
	job.Recorder.Gauges(func() record.Gauges {
		g := record.Gauges{Users: int(s.users.Load())}
		if usage != nil {
			g.ToolCPU, g.ToolRSS = usage.Look()
		}
		if n := s.dropped.Swap(0); n > 0 {
			g.Dropped = n
			g.Limited = "dropped: k6 left out " + strconv.FormatInt(n, 10) + " iterations, all its users were busy"
		}
		return g
	})
}

// metric makes a metric of k6 known.
func (s *sink) metric(name string, kind load.MetricKind, unit string) *metric {
	m := &metric{name: name, kind: kind, unit: unit, id: -1, plain: -1, role: roleOf(name)}
	for _, r := range s.rules[name] {
		r.id = s.recorder.Metric(r.metric, kind, unit)
		if r.tags == nil {
			m.plain = r.id
		} else {
			m.rules = append(m.rules, r)
		}
	}
	if m.role == roleNone || m.role == roleDropped || m.role == roleUsers {
		m.id = s.recorder.Metric(name, kind, unit)
		m.plain = -1 // it is the same
	}
	return m
}

func roleOf(name string) role {
	switch name {
	case "vus":
		return roleUsers
	case "dropped_iterations":
		return roleDropped
	case "data_sent":
		return roleSent
	case "data_received":
		return roleReceived
	case "checks":
		return roleCheck
	case "group_duration":
		return roleGroup
	}
	if strings.HasPrefix(name, "http_req") {
		return roleHTTP
	}
	return roleNone
}

// at is an instant of the run.
func (s *sink) at(ns int64) (time.Duration, bool) {
	start := s.start.Load()
	return time.Duration(max(0, ns-start)), start != 0
}

// request counts one request.
func (s *sink) request(tags *tagSet, t *trail) {
	end, ok := s.at(t.end)
	if !ok {
		return
	}
	r := record.Sample{
		Label: s.label(tags), End: end, Latency: t.duration, Service: record.None, Lag: record.None,
		FirstByte: record.None, Body: record.None,
		Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
		Status: tags.status, Cause: tags.causeOf(t),
	}
	if t.waiting > 0 || tags.status > 0 { // a script's systemTags may leave status out
		r.FirstByte, r.Body = t.sending+t.waiting, t.receiving
	}
	if t.connecting > 0 {
		r.TCP, r.Connect = t.connecting, t.connecting+t.tls
		if t.tls > 0 {
			r.TLS = t.tls
		}
	}
	s.shard.Started(max(0, end-t.duration), record.None)
	s.batch = append(s.batch, r)
	if len(s.rules) > 0 {
		s.requestRules(tags, end, t)
	}
	if len(s.batch) >= 512 {
		s.flush()
	}
}

// requestRules hands a request's figures to the thresholds on them.
func (s *sink) requestRules(tags *tagSet, end time.Duration, t *trail) {
	for i, m := range s.http {
		if m.plain < 0 && len(m.rules) == 0 {
			continue
		}
		v := 1.0
		switch i {
		case httpReqs:
		case httpFailed:
			if t.failed > 1 {
				continue
			}
			v = float64(t.failed)
		default:
			v = milliseconds([...]time.Duration{
				httpDuration: t.duration, httpBlocked: t.blocked, httpConnecting: t.connecting, httpTLS: t.tls,
				httpSending: t.sending, httpWaiting: t.waiting, httpReceiving: t.receiving,
			}[i])
		}
		s.judge(m, tags, end, v)
	}
}

// value takes a sample of any other metric.
func (s *sink) value(m *metric, tags *tagSet, ns int64, v float64) {
	at, ok := s.at(ns)
	if m.role == roleUsers {
		s.users.Store(int64(v))
	}
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	switch m.role {
	case roleDropped:
		s.dropped.Add(int64(v))
	case roleSent:
		s.recorder.Transfer(at, 0, int64(v))
	case roleReceived:
		s.recorder.Transfer(at, int64(v), 0)
	case roleCheck:
		s.add(tags.check(s, m), at, v)
	case roleGroup:
		s.add(tags.group(s, m), at, v)
	}
	if m.id >= 0 {
		s.add(m.id, at, v)
	}
	s.judge(m, tags, at, v)
	if len(s.values) >= 512 {
		s.flush()
	}
}

// judge hands a value to the thresholds on it.
func (s *sink) judge(m *metric, tags *tagSet, at time.Duration, v float64) {
	if m.plain >= 0 {
		s.add(m.plain, at, v)
	}
	for i := range m.rules {
		if tags.matches(m.rules[i].tags) {
			s.add(m.rules[i].id, at, v)
		}
	}
}

func (s *sink) add(id int, at time.Duration, v float64) {
	s.values = append(s.values, record.Value{Metric: id, At: at, Value: v})
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
	s.shard.Close()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
