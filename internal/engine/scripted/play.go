package scripted

import (
	"container/heap"
	"math"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// play makes samples up. It is a small simulation: begins and ends of requests
// are events in the order of time, and advance works off those that are due.
type play struct {
	job    *engine.Job
	script load.Scripted
	shard  *record.Shard
	labels []int

	at       time.Duration // everything up to here has happened
	events   events
	made     int64 // samples begun
	requests int64 // begins that the limit still allows; -1: no limit
	rounds   int64 // iterations that the limit still allows; -1: no limit
	arrival  int64 // open model: the next one of this task
	offered  map[int]int64

	want     int    // users that the timeline wants
	present  []bool // by user: has an event of its own
	users    atomic.Int64
	inFlight atomic.Int64
}

// event is the begin or the end of one request.
type event struct {
	at    time.Duration
	begin time.Duration // of the request that ends; beginning: it begins
	user  int           // -1: of the open model
	step  int           // closed model: which request of the iteration
	label int
	fails bool
}

const beginning time.Duration = -1

func newPlay(job *engine.Job) *play {
	o := &job.Order
	p := &play{
		job: job, script: script(o), shard: job.Recorder.Shard(),
		requests: -1, rounds: -1, offered: make(map[int]int64),
	}
	o.Scenario.EachRequest(func(_ string, r *load.Request) {
		name := r.Label
		if name == "" {
			name = r.Method + " " + r.URL
		}
		p.labels = append(p.labels, job.Recorder.Label(name, ""))
	})
	if p.labels == nil {
		p.labels = []int{job.Recorder.Label(Name, "")}
	}
	if o.Requests != 0 {
		p.requests = max(0, o.Requests) // below 0: load.Nothing
	}
	if o.Model == load.Open && o.Requests > 0 {
		p.requests = o.Share.Count(o.Requests)
	}
	if o.Iterations != 0 {
		p.rounds = max(0, o.Iterations)
	}
	if o.Model == load.Open && o.Skip > 0 {
		p.arrival = o.Share.Count(int64(math.Ceil(job.Timeline.Arrivals(time.Duration(o.Skip)))))
		if p.requests >= 0 {
			p.requests = max(p.requests-p.arrival, 0)
		}
	}
	return p
}

// advance makes everything happen that is due until at.
func (p *play) advance(at time.Duration) {
	if end, known := p.job.Timeline.End(); known && p.at < end && at > end {
		p.advance(end - 1) // users go on until the end, wherever the ticks fall
	}
	p.at = at
	if p.ended(at) {
		p.want = 0
	} else if p.job.Order.Model == load.Closed {
		p.want = p.job.Timeline.Users(at, p.job.Order.Share)
	}
	p.arrive(at)
	p.welcome(at)
	for len(p.events) > 0 && p.events[0].at <= at {
		e := heap.Pop(&p.events).(event) //nolint:forcetypeassert // the heap holds nothing else
		if e.begin == beginning {
			p.begin(e)
			continue
		}
		p.end(e, "")
	}
	for second, n := range p.offered {
		p.job.Recorder.Offer(second, n)
	}
	clear(p.offered)
	p.users.Store(int64(p.want))
	p.inFlight.Store(int64(p.flying()))
}

// arrive begins the arrivals of the open model that are due.
func (p *play) arrive(at time.Duration) {
	o := &p.job.Order
	if o.Model != load.Open || p.job.Timeline.Draining(at) {
		return
	}
	for p.requests != 0 {
		due, ok := p.job.Timeline.Due(o.Share.At(p.arrival))
		if !ok || due > at {
			return
		}
		p.arrival++
		p.offered[int(due/time.Second)]++
		p.begin(event{at: due, user: -1, label: int(p.arrival) % len(p.labels)})
	}
}

// welcome lets users begin who are wanted and not there.
func (p *play) welcome(at time.Duration) {
	for len(p.present) < p.want {
		p.present = append(p.present, false)
	}
	for i := range p.want {
		if !p.present[i] && p.requests != 0 && p.rounds != 0 {
			p.present[i] = true
			heap.Push(&p.events, event{at: at, begin: beginning, user: i})
		}
	}
}

// begin starts a request, unless its user is not wanted or a limit is met.
func (p *play) begin(e event) {
	if e.user >= 0 {
		if e.user >= p.want || p.requests == 0 || (e.step == 0 && p.rounds == 0) {
			p.present[e.user] = false
			return
		}
		if e.step == 0 && p.rounds > 0 {
			p.rounds--
		}
		e.label = e.step
	}
	if p.requests > 0 {
		p.requests--
	}
	p.made++
	lag := record.None
	if e.user < 0 {
		lag = 0
	}
	p.shard.Started(e.at, lag)
	e.fails = p.script.ErrorEach > 0 && p.made%int64(p.script.ErrorEach) == 0
	e.begin = e.at
	e.at += p.latency()
	heap.Push(&p.events, e)
}

// latency is the next one: spread evenly, the same in every run.
func (p *play) latency() time.Duration {
	d := time.Duration(p.script.Latency)
	if p.script.Jitter <= 0 {
		return d
	}
	const golden = 0.6180339887498949 // multiples of it are spread as evenly as can be
	_, part := math.Modf(float64(p.made) * golden)
	return d + time.Duration(part*float64(p.script.Jitter))
}

// end records a request and lets its user begin the next one.
func (p *play) end(e event, cause load.Cause) {
	s := record.Sample{
		Label: p.labels[e.label], End: e.at, Latency: e.at - e.begin,
		Service: record.None, FirstByte: record.None, Body: record.None, Lag: record.None,
		Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
		Status: 200, BytesIn: 1000, BytesOut: 100, Cause: cause,
	}
	if e.user < 0 {
		s.Service, s.Lag = s.Latency, 0
	}
	switch {
	case cause != "":
		s.Status, s.BytesIn = 0, 0
	case e.fails:
		s.Status, s.Cause = 500, load.CauseStatus
		fallthrough
	default:
		p.phases(&s, e.at-e.begin)
	}
	p.shard.Record(&s)
	if e.user < 0 || cause != "" {
		return
	}
	next := event{at: e.at + time.Duration(p.job.Order.Scenario.ThinkTime.Min), begin: beginning, user: e.user}
	next.step = (e.step + 1) % len(p.labels)
	heap.Push(&p.events, next)
}

// connectEach is how many requests go over one connection.
const connectEach = 10

// phases splits the time of a request with a response up.
func (p *play) phases(s *record.Sample, took time.Duration) {
	if p.made%connectEach == 1 {
		s.DNS, s.TCP, s.TLS = took/40, took/20, took/10
		s.Connect = s.DNS + s.TCP + s.TLS
	}
	s.Body = took / 5
	s.FirstByte = took - s.Body
}

// ended says whether no request may begin any more.
func (p *play) ended(at time.Duration) bool {
	end, known := p.job.Timeline.End()
	return (known && at >= end) || p.job.Timeline.Draining(at)
}

// over says whether the run is over: nothing begins any more, and what was in
// flight has ended or used up the drain.
func (p *play) over(at time.Duration) bool {
	spent := p.requests == 0 || (p.rounds == 0 && !p.midway())
	if !spent && !p.ended(at) {
		return false
	}
	if p.flying() == 0 {
		return true
	}
	if end, known := p.job.Timeline.End(); known && at >= end+time.Duration(p.job.Order.Drain) {
		p.cut(at)
		return true
	}
	return false
}

// midway says whether a user has still to finish an iteration.
func (p *play) midway() bool {
	for _, e := range p.events {
		if e.begin == beginning && e.step > 0 {
			return true
		}
	}
	return false
}

// flying counts the requests in flight.
func (p *play) flying() int {
	n := 0
	for _, e := range p.events {
		if e.begin != beginning {
			n++
		}
	}
	return n
}

// thaw moves everything that was under way past a time in which the whole task
// stood still.
func (p *play) thaw(d time.Duration) {
	for i := range p.events {
		p.events[i].at += d
	}
}

// cut records what is in flight as stopped.
func (p *play) cut(at time.Duration) {
	for _, e := range p.events {
		if e.begin != beginning {
			e.at = at
			p.end(e, load.CauseStopped)
		}
	}
	p.events = nil
}

// events is a heap by instant.
type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(event)) } //nolint:forcetypeassert // see above

// Pop implements heap.Interface.
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}
