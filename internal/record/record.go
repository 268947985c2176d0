// Package record turns what an engine saw into windows, one a second. Every
// sample that was recorded is in exactly one window, whatever the order in
// which samples, seconds and cuts come. It may not know how load is made nor
// how windows travel.
//
// An engine takes one Shard for each of its threads or workers; the agent calls
// Cut once a second and Last at the end:
//
//	engine thread --Record--> Shard (a short list of samples)
//	                            | when it is full, and at every cut
//	                            v
//	                 second n: a cell for each label --Cut(n)--> load.Window
//
// Read sample.go and shard.go first (what an engine calls), then second.go (how
// samples are counted) and cut.go (how a window is made). How the process looks
// at itself stands in watch.go and limit.go.
package record

import (
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// DefaultMaxLabels is how many labels are kept apart unless Options say else.
const DefaultMaxLabels = 2000

// Options are the facts that a task's recorder starts with.
type Options struct {
	Task      string
	Attempt   int
	First     int // the second that the task begins in; not 0 when it replaces a lost one
	MaxLabels int // 0: DefaultMaxLabels
}

// Recorder collects the samples of one task. All methods are safe for
// concurrent use.
type Recorder struct {
	opts   Options
	labels labels

	cutting sync.Mutex // held during a cut; guards what only cuts use
	scratch []Sample
	seq     uint64
	sent    int64
	watch   *watch
	out     *second // behind the window handed out last, for Recycle
	window  *load.Window

	mu      sync.Mutex
	next    int       // the first second that was not cut yet
	pending []*second // ascending, none before next
	spare   []*second // emptied, to be used again
	shards  map[*Shard]struct{}
	gauges  func() Gauges

	metrics   []metricKey // by number
	metricIDs map[metricKey]int
}

// New returns a recorder without samples.
func New(opts Options) *Recorder {
	if opts.MaxLabels <= 0 {
		opts.MaxLabels = DefaultMaxLabels
	}
	return &Recorder{
		opts:   opts,
		next:   opts.First,
		labels: labels{limit: opts.MaxLabels, ids: map[labelKey]int{}},
		shards: map[*Shard]struct{}{},
		watch:  newWatch(),
	}
}

// Begin says in which second the load begins, when that is later than Options
// said. No sample was recorded yet.
func (r *Recorder) Begin(second int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = max(r.next, second)
}

// Label returns the number that stands for a label in samples. Engines ask once
// and keep it. Dims are further dimensions as load.Entry has them, or empty.
// When the task has too many labels, further ones share the label Other.
func (r *Recorder) Label(name, dims string) int {
	return r.labels.id(labelKey{name, dims})
}

// Offer adds n arrivals that were due in a second that has begun (open model).
// What comes after that second's cut goes into the next window.
func (r *Recorder) Offer(second int, n int64) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.second(second).offered += n
}

// Moved adds bytes that requests of a label have moved before their end, which
// their samples then do not count again: a download of a minute is to be seen in
// all of its seconds.
func (r *Recorder) Moved(label int, at time.Duration, in, out int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sec := r.second(secondOf(at))
	id := sec.open(r, label)
	if !sec.cells[id].listed {
		sec.list(id)
	}
	sec.cells[id].in += in
	sec.cells[id].out += out
}

// Shard returns a new shard of r.
func (r *Recorder) Shard() *Shard { return &Shard{r: r} }

// secondOf returns the second that an instant of the run lies in.
func secondOf(at time.Duration) int { return int(at / time.Second) }
