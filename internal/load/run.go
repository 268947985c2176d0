package load

import "time"

// Run is one execution of a scenario. It holds its own copy of the scenario,
// the files and the plan, so that nothing done later changes it.
type Run struct {
	ID       string            `json:"id"`
	Scenario string            `json:"scenario"` // name
	Note     string            `json:"note,omitempty"`
	Status   Status            `json:"status"`
	Outcome  Outcome           `json:"outcome,omitempty"` // set when ended
	Verdict  Verdict           `json:"verdict,omitempty"` // set when ended
	Cause    []string          `json:"cause,omitempty"`   // why it did not complete, outermost first
	By       string            `json:"by,omitempty"`      // who started it
	Created  time.Time         `json:"created"`
	Started  *time.Time        `json:"started,omitempty"` // instant of the start barrier
	Stopped  *time.Time        `json:"stopped,omitempty"` // last task done
	Ended    *time.Time        `json:"ended,omitempty"`
	Since    time.Time         `json:"since"` // when Status was entered
	Spec     Scenario          `json:"spec"`
	Files    map[string]string `json:"files,omitempty"` // scenario path to sha256 in blob
	Plan     *Plan             `json:"plan,omitempty"`
	Changes  []Change          `json:"changes,omitempty"`
	Applied  int64             `json:"applied,omitempty"` // Seq of the last Intent that was applied
	Keep     bool              `json:"keep,omitempty"`
	Summary  *RunSummary       `json:"summary,omitempty"` // set when ended, if anything was measured
	Check    *RunCheck         `json:"check,omitempty"`   // set when it only proves a region
}

// RunSummary is the few figures of a run's report that lists show.
type RunSummary struct {
	Requests          int64   `json:"requests"`
	Failures          int64   `json:"failures"`
	RequestsPerSecond float64 `json:"requests_per_second"`
	P95               float64 `json:"p95"` // ms
	Seconds           float64 `json:"seconds"`
}

// Status is where a run stands. See docs/architecture.md for the drawing.
type Status string

// The statuses, in order.
const (
	Queued       Status = "queued"
	Provisioning Status = "provisioning"
	Ready        Status = "ready"
	Running      Status = "running"
	Cancelling   Status = "cancelling"
	Finishing    Status = "finishing"
	Ended        Status = "ended"
)

// Outcome says whether the run did what was planned.
type Outcome string

// The outcomes.
const (
	Completed   Outcome = "completed"     // all tasks ran the whole plan
	Degraded    Outcome = "degraded"      // it ran, but something planned is missing; Cause says what
	CouldNotRun Outcome = "could_not_run" // no load was made as planned
	Cancelled   Outcome = "cancelled"     // a user stopped it
)

// Verdict is what the criteria say.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "passed"
	Failed    Verdict = "failed"
	NotJudged Verdict = "not_judged" // no criteria, or nothing measured to judge
)

// TaskStatus is where a task stands.
type TaskStatus string

// The task statuses.
const (
	TaskPlanned  TaskStatus = "planned"
	TaskStarting TaskStatus = "starting" // the driver was asked
	TaskReady    TaskStatus = "ready"    // its agent has its order and files
	TaskRunning  TaskStatus = "running"
	TaskDone     TaskStatus = "done"   // said its last word
	TaskLost     TaskStatus = "lost"   // gone without it, or taken away by its platform in the middle of the load
	TaskFailed   TaskStatus = "failed" // never came, or its engine said it failed
)

// Task is one load-generating instance of a run.
type Task struct {
	Run      string     `json:"run"`
	Name     string     `json:"name"`
	Region   string     `json:"region"`
	Index    int        `json:"index"`
	Attempt  int        `json:"attempt,omitempty"` // 0 for the first, 1 for its first replacement…
	Status   TaskStatus `json:"status"`
	Instance string     `json:"instance,omitempty"` // the driver's id
	Reason   string     `json:"reason,omitempty"`   // why lost or failed, or not up yet
	Times    TaskTimes  `json:"times,omitzero"`
	// Added says that it is not of the plan: it came by a change of the run.
	Added bool `json:"added,omitempty"`
	// Left is the instant of the run at which a change took it away.
	Left Duration `json:"left,omitempty"`
	// Joined is how far into the run its load began; 0: at the barrier, or not.
	Joined  Duration `json:"joined,omitempty"`
	SkewMS  *float64 `json:"skew_ms,omitempty"` // own start minus the barrier instant, in the server's clock
	ClockMS *float64 `json:"clock_offset_ms,omitempty"`
	Sent    int64    `json:"samples_sent"` // by its own last word, or last known
	Final   bool     `json:"final"`        // Sent is its last word
}

// NeverReady says that the task will not make load, and never could.
func (t *Task) NeverReady() bool {
	return t.Times.Ready.IsZero() && (t.Status == TaskFailed || t.Status == TaskLost)
}

// Event is one thing that happened to a run, with its cause.
type Event struct {
	Run  string    `json:"run"`
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // status, task, change, criterion, note
	Task string    `json:"task,omitempty"`
	Text string    `json:"text"`
}
