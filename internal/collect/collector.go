package collect

import (
	"log/slog"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Options are what a collector needs to know.
type Options struct {
	Run  load.Run
	Plan load.Plan
	// Dir is the spool's folder. It is emptied by New: after a crash all windows
	// are replayed from the bus.
	Dir string
	Log *slog.Logger
}

// Collector gathers one run. All methods are safe for concurrent use.
//
//	Window -> open seconds -> cut -> totals, spool, live picture
//	             (memory)      |
//	                           +---- again when a late window opened the second anew
//
// A second is cut when all tasks that are awaited have reported it, or when it
// waited for grace. What comes later opens it anew: the second cut is an
// addition to the first, in the totals and in the spool.
type Collector struct {
	mu      sync.Mutex
	run     load.Run
	plan    load.Plan
	log     *slog.Logger
	scopes  *scopes
	senders map[senderKey]*sender
	order   []*sender // senders in the order in which they became known
	open    map[int]*openSecond
	pool    cells
	spool   *spool
	merging merging
	metrics map[string]*load.Metric // a script's checks and own metrics, of the whole run
	script  *load.ScriptFacts       // what the run's script says; nil without one, or before it is known
	closed  bool
	failed  error // of the spool; the run cannot be reported without it

	clock    time.Time // of the last Tick
	status   load.Status
	front    int // greatest second any task reported; -1 before
	finished int // greatest second that was cut; -1 before
	settled  int // all seconds up to this one are as good as final; -1 before
	covered  int // end of the last whole second any task reported

	loadEnd time.Duration // when the load ends, since the start
	bounded bool          // loadEnd is known

	rules  []rule
	breach *load.CriterionResult
	live   live
}

// New makes a collector with an empty spool in opts.Dir.
func New(opts Options) (*Collector, error) {
	spool, err := openSpool(opts.Dir)
	if err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	c := &Collector{
		run: opts.Run, plan: opts.Plan, log: opts.Log, status: opts.Run.Status,
		scopes:  newScopes(opts.Plan),
		senders: map[senderKey]*sender{}, open: map[int]*openSecond{}, spool: spool,
		front: -1, finished: -1, settled: -1,
		rules: newRules(opts.Run.Spec.Criteria),
		live:  live{readers: map[chan load.Snapshot]bool{}},
	}
	c.script = opts.Plan.Script
	c.loadEnd, c.bounded = load.NewTimeline(opts.Plan.Profile, opts.Run.Changes).End()
	c.publish()
	return c, nil
}

// Close frees the spool. Results can no longer write their series.
func (c *Collector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.live.end()
	return c.spool.close()
}

// TaskGone says that no more windows of this attempt come. final tells that
// sent and windows are the task's own last word; otherwise they are what is
// known of a lost task. Windows that come all the same are merged.
func (c *Collector) TaskGone(task string, attempt int, final bool, sent int64, windows uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.senderOf(senderKey{task, attempt})
	if s == nil || s.final && !final {
		return
	}
	s.gone, s.final = true, final
	s.saidSent, s.saidWindows = sent, windows
	c.progress()
}

// AddTask makes room for a task that the plan did not have.
func (c *Collector) AddTask(region, task string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scopes.addTask(region, task)
}

// Status shows where the run and every attempt of its tasks stand.
func (c *Collector) Status(status load.Status, tasks []load.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
	for _, t := range tasks {
		if s := c.senderOf(senderKey{t.Name, t.Attempt}); s != nil {
			s.task, s.shown = t, true
		}
	}
	c.progress()
	c.publish()
}

// senderOf returns a sender, made when it is new; nil when the plan has no
// such task.
func (c *Collector) senderOf(key senderKey) *sender {
	if s := c.senders[key]; s != nil {
		return s
	}
	scope := c.scopes.tasks[key.task]
	if scope == nil || key.attempt < 0 || key.attempt > maxAttempts {
		return nil
	}
	s := &sender{key: key, scope: scope, first: -1, last: -1, heard: c.clock}
	c.senders[key] = s
	c.order = append(c.order, s)
	return s
}

// maxAttempts bounds what a wild attempt number can make us keep.
const maxAttempts = 1000
