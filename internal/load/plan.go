package load

// Plan is what will run, worked out from a scenario before the start: nothing
// is decided later. See NewPlan.
type Plan struct {
	Scenario   string       `json:"scenario"`
	Engine     string       `json:"engine"`
	Model      Model        `json:"model"`
	Tasks      int          `json:"tasks"`                // of the whole run
	Users      int          `json:"users,omitempty"`      // most users at once, whole run (closed model)
	Rate       float64      `json:"rate,omitempty"`       // most arrivals/s, whole run (open model)
	Arrival    string       `json:"arrival,omitempty"`    // what one sends: request, iteration (open model)
	Duration   Duration     `json:"duration,omitempty"`   // of the profile; 0 when only a limit ends the run
	Requests   int64        `json:"requests,omitempty"`   // limit of the whole run
	Iterations int64        `json:"iterations,omitempty"` // limit of the whole run
	Expected   int64        `json:"expected,omitempty"`   // arrivals the profile holds (open model)
	Profile    Profile      `json:"profile"`              // level of the whole run over time
	Regions    []PlanRegion `json:"regions"`
	Data       []PlanData   `json:"data,omitempty"`
	Criteria   []string     `json:"criteria,omitempty"`
	Start      StartPolicy  `json:"start,omitzero"`
	LostTasks  LostPolicy   `json:"lost_tasks"`
	Share      Sharing      `json:"share,omitempty"`     // of a script over the tasks
	Script     *ScriptFacts `json:"script,omitempty"`    // what the script says; nil: no script, or not known yet
	Overrides  []Override   `json:"overrides,omitempty"` // what the scenario says instead

	chosen   bool     // the scenario names the entry
	Warnings []string `json:"warnings,omitempty"`
}

// Model is closed (a number of users, each waiting for its response) or open
// (requests at a rate, whether or not responses come).
type Model string

// The load models.
const (
	Closed Model = "closed"
	Open   Model = "open"
)

// PlanRegion is one region's part of a plan.
type PlanRegion struct {
	Name     string     `json:"name"`
	Driver   string     `json:"driver"`
	Capacity Capacity   `json:"capacity"`
	Tasks    []PlanTask `json:"tasks"`
	Users    int        `json:"users,omitempty"` // most at once in this region
	Rate     float64    `json:"rate,omitempty"`  // highest requests/s in this region
}

// PlanTask is one task's part. Over all tasks each figure adds up to the
// plan's, exactly.
type PlanTask struct {
	Name       string         `json:"name"`  // region, dash, 1-based number: "eu-2"; unique in the run
	Index      int            `json:"index"` // 0-based in the whole run
	Share      Share          `json:"share"`
	Users      int            `json:"users,omitempty"`
	Rate       float64        `json:"rate,omitempty"`
	Requests   int64          `json:"requests,omitempty"`
	Iterations int64          `json:"iterations,omitempty"`
	Rows       map[string]int `json:"rows,omitempty"` // data name to number of rows this task may use
	// Added says that a change of the running run brought it. It runs the script
	// from its start, with the share of one of the tasks that were planned.
	Added bool `json:"added,omitempty"`
	// Leaves is the instant of the run at which a change took it away.
	Leaves *Duration `json:"leaves,omitempty"`
}

// PlanData is a data file as found at planning.
type PlanData struct {
	Name    string      `json:"name"`
	File    string      `json:"file"`
	Sharing DataSharing `json:"sharing"`
	Columns []string    `json:"columns"`
	Rows    int         `json:"rows"`
}

// Capacity is how many tasks a region can start. Limit 0 means no limit known.
type Capacity struct {
	Limit int    `json:"limit,omitempty"` // the tightest of all limits, in tasks
	InUse int    `json:"in_use"`
	Note  string `json:"note,omitempty"` // where the limit comes from
	// Quotas are the provider's own limits, where it tells them.
	Quotas []Quota `json:"quotas,omitempty"`
}

// Free is how many tasks could start now; known says whether a limit is known.
func (c Capacity) Free() (free int, known bool) {
	return max(0, c.Limit-c.InUse), c.Limit > 0
}

// Quota is a provider's limit, in its own unit.
type Quota struct {
	Name  string  `json:"name"` // as the provider calls it: "Fargate On-Demand vCPU (L-3032A538)"
	Limit float64 `json:"limit"`
	InUse float64 `json:"in_use"`
	Unit  string  `json:"unit"`  // vCPU, pods, bytes, addresses
	Tasks int     `json:"tasks"` // how many more tasks it leaves room for
}

// Profile is the drawn load: straight lines between points. Level is users or
// requests/s of the whole run. Points are sorted by At; two points of one At
// are a jump. After the last point the run ends, unless Endless.
type Profile struct {
	Points  []Point `json:"points"`
	Endless bool    `json:"endless,omitempty"` // the last level holds until a limit ends the run
}

// Point is a corner of a profile.
type Point struct {
	At    Duration `json:"at"`
	Level float64  `json:"level"`
}

// Share is a task's place in the run's stripe: the endless sequence of units
// (users, arrivals, rows) dealt out to tasks by weight, each unit to exactly
// one task. See stripe.go.
type Share struct {
	Groups []ShareGroup `json:"groups"`
	Group  int          `json:"group"` // which group this task is in
	Index  int          `json:"index"` // 0-based within the group
}

// ShareGroup is a number of tasks of equal weight.
type ShareGroup struct {
	Tasks  int    `json:"tasks"`
	Weight uint64 `json:"weight"` // of each of them
}

// Order is all that an agent needs to know to be its task. It travels from the
// run's owner to the agent once, after the agent's first hello.
type Order struct {
	Run      string   `json:"run"`
	Task     string   `json:"task"`
	Region   string   `json:"region"`
	Index    int      `json:"index"`
	Count    int      `json:"count"`
	Model    Model    `json:"model"`
	Scenario Scenario `json:"scenario"`
	Profile  Profile  `json:"profile"`
	Changes  []Change `json:"changes,omitempty"` // made before this task came (a replacement)
	Share    Share    `json:"share"`
	// Limits. Closed model: this task's own part. Open model: the whole run's,
	// since arrivals are numbered over the whole run; Requests where an arrival is
	// a request, Iterations where it is an iteration, never both. 0 is no limit;
	// below 0 (Nothing), the limit has no part for this task.
	Requests   int64 `json:"requests,omitempty"`
	Iterations int64 `json:"iterations,omitempty"`
	// Skip is how far into the run a replacement starts; 0 for a first task.
	Skip Duration `json:"skip,omitempty"`
	// Script is what the run's script says, when that was read at planning.
	Script *ScriptFacts `json:"script,omitempty"`
	Files  []OrderFile  `json:"files,omitempty"`
	// SampleTarget makes the agent start the sample target beside its engine, and
	// put its URL in place of the variable TargetVariable: a run that proves a
	// region needs no network but the way to the server.
	SampleTarget bool `json:"sample_target,omitempty"`
	// Secrets are the values of the scenario's secrets. They travel in the order
	// alone, and stand in no log.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Keep is where files that the engine leaves are sent to: a link that is a
	// secret. Empty keeps none.
	Keep  string   `json:"keep,omitempty"`
	Drain Duration `json:"drain"` // bound for requests in flight at the end
}

// TargetVariable is the variable that stands for the sample target's URL.
const TargetVariable = "target"

// OrderFile is one file an agent fetches before it is ready.
type OrderFile struct {
	Name   string `json:"name"` // as the scenario names it
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	URL    string `json:"url"`
}

// Change is a live change of a running load, at one instant of the run for all
// tasks. Pause and resume stop and restart the profile's own clock.
type Change struct {
	At    Duration   `json:"at"` // since the run's start, wall clock of the run
	Kind  ChangeKind `json:"kind"`
	Level float64    `json:"level,omitempty"` // users or requests/s of the whole run, for ChangeLevel
	// Tasks is how many tasks regions have from then on, for ChangeTasks.
	Tasks map[string]int `json:"tasks,omitempty"`
}

// ChangeKind names a live change.
type ChangeKind string

// The live changes. Drain stops new requests and waits for those in flight.
// Tasks is no change of the load that a task makes: agents pass it over.
const (
	ChangeLevel  ChangeKind = "level"
	ChangePause  ChangeKind = "pause"
	ChangeResume ChangeKind = "resume"
	ChangeDrain  ChangeKind = "drain"
	ChangeStop   ChangeKind = "stop"
	ChangeTasks  ChangeKind = "tasks"
)
