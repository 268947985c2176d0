package load

import "time"

// TaskEvent is what an agent says about its task, besides windows. It travels
// on the same stream as the windows, so that it survives a crash of the server.
type TaskEvent struct {
	Kind    TaskEventKind `json:"kind"`
	Task    string        `json:"task"`
	Attempt int           `json:"attempt"`
	At      time.Time     `json:"at"` // in the server's clock once that is measured, else the agent's
	// Text is for people: what went wrong (failed), or why the load ended (done).
	Text string `json:"text,omitempty"`
	// SkewMS is the own start minus the instant that was ordered, in the
	// server's clock. In started, done and, when it had started, failed.
	SkewMS *float64 `json:"skew_ms,omitempty"`
	// Skip is how far into the run the task began (started): 0 at the barrier.
	Skip Duration `json:"skip,omitempty"`
	// ClockMS is the server's clock minus the agent's, measured just before the
	// start (ready: measured then).
	ClockMS *float64 `json:"clock_ms,omitempty"`
	// Sent and Windows are the agent's last word in done and failed: samples in
	// all windows, and the number (last Seq) of windows.
	Sent    int64  `json:"sent,omitempty"`
	Windows uint64 `json:"windows,omitempty"`
	// Detail holds further facts; see the Detail constants.
	Detail map[string]string `json:"detail,omitempty"`
}

// Last says that no window or event of this task and attempt follows.
func (e TaskEvent) Last() bool { return e.Kind == EventDone || e.Kind == EventFailed }

// TaskEventKind names what an agent says.
type TaskEventKind string

// The kinds, in the order in which they come; done and failed end a task.
const (
	EventHello   TaskEventKind = "hello"   // the agent is up and has asked for its order
	EventReady   TaskEventKind = "ready"   // order and files are there, the engine is prepared
	EventStarted TaskEventKind = "started" // the load began
	EventKeeping TaskEventKind = "keeping" // the load is over, and the task still sends files that are kept
	EventDone    TaskEventKind = "done"    // the engine ended as planned or as told
	EventFailed  TaskEventKind = "failed"  // it did not; Text says why
)

// Keys of TaskEvent.Detail.
const (
	DetailVersion        = "version"         // hello: the agent's program version
	DetailHost           = "host"            // hello: name of the machine
	DetailClockRTT       = "clock_rtt_ms"    // ready, started: round trip behind ClockMS
	DetailScript         = "script"          // ready: what the script says, ScriptFacts as JSON
	DetailToolRequests   = "tool_requests"   // done, failed: the tool's own total of requests
	DetailCutOff         = "cut_off"         // done: not the server but the platform asked the task to end, in the middle of its load
	DetailWindowsRefused = "windows_refused" // done, failed: windows that did not fit in the agent's memory while the server was away
)

// Command is what the server tells an agent. A command that comes twice does
// no harm, so the server repeats what was not acknowledged.
type Command struct {
	Kind CommandKind `json:"kind"`
	// Start is the run's barrier instant in the server's clock (start). It is
	// the same for all tasks, replacements too: they begin at Start plus their
	// order's Skip.
	Start time.Time `json:"start,omitzero"`
	// Skip is how far into the run a task begins that was not ready at the
	// barrier (start). It counts when it is later than its order's.
	Skip Duration `json:"skip,omitempty"`
	// Change is the live change (change), and Number its place in the run's
	// changes, from 0: an agent takes each number once, those in its order too.
	Change *Change `json:"change,omitempty"`
	Number int     `json:"number,omitempty"`
	// Text says why, for the agent's log and its last word (stop).
	Text string `json:"text,omitempty"`
}

// CommandKind names a command.
type CommandKind string

// The commands. Stop ends the task at once, in whatever phase it is; drain lets
// its requests in flight end first. A drain and a stop at one instant for all
// tasks are changes.
const (
	CommandStart  CommandKind = "start"
	CommandChange CommandKind = "change"
	CommandDrain  CommandKind = "drain"
	CommandStop   CommandKind = "stop"
)
