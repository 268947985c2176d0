package load

import "time"

// StartPolicy says how long a run waits for its tasks, and what it does without
// those that cannot start or are late.
type StartPolicy struct {
	Within    Duration   `json:"within,omitempty" doc:"How long tasks may take to get ready, from when their regions are asked for them. Default: 10m." least:"1s" most:"24h"`
	LateTasks LatePolicy `json:"late_tasks,omitempty" doc:"What to do when tasks cannot start, or are not ready in time. fail: the run fails before any load. without: it starts with those that are ready and is degraded; the others are stopped. join: the same, but late ones join when they are ready." enum:"fail,without,join" default:"fail"`
}

// LatePolicy says what a run does without tasks that are not ready in time.
type LatePolicy string

// The policies for late tasks.
const (
	LateFail    LatePolicy = "fail"
	LateWithout LatePolicy = "without"
	LateJoin    LatePolicy = "join"
)

// Lenient says that a run may start without some of its tasks.
func (p StartPolicy) Lenient() bool { return p.LateTasks == LateWithout || p.LateTasks == LateJoin }

func (s *Scenario) checkStart(f *faults) {
	if s.Start.LateTasks == LateJoin && RunsScript(or(s.Engine, EngineHTTP)) {
		f.add("start.late_tasks", string(LateJoin), "fail, without",
			"a script cannot be entered in its middle, so a late task cannot join: it would run the script from its start, and end later than the others; write fail or without")
	}
}

// TaskTimes says when a task came how far, in the server's clock. Zero: it did
// not, or nobody told.
type TaskTimes struct {
	Asked time.Time `json:"asked,omitzero"` // its driver was asked to start it
	Up    time.Time `json:"up,omitzero"`    // its instance runs
	Hello time.Time `json:"hello,omitzero"` // its agent spoke
	Ready time.Time `json:"ready,omitzero"` // it has its order and files, its engine is prepared
	Load  time.Time `json:"load,omitzero"`  // its load began
}

// RegionStart says how the tasks of one region came up.
type RegionStart struct {
	Tasks  int       `json:"tasks"`            // all that were asked for, replacements and added ones too
	Failed int       `json:"failed"`           // of these, never ready, and never will be
	Asked  time.Time `json:"asked,omitzero"`   // when the driver was first asked
	Up     Reached   `json:"up"`               // instances that run
	Hello  Reached   `json:"hello"`            // agents that spoke
	Ready  Reached   `json:"ready"`            // tasks that were ready
	Load   Reached   `json:"load"`             // tasks whose load began
	SkewMS float64   `json:"skew_ms"`          // latest minus earliest start of those that began at the barrier
	Why    []string  `json:"why,omitempty"`    // why tasks are not up, equal reasons as one
	Within Duration  `json:"within,omitempty"` // how long the run waits for them
}

// Reached is how many tasks came so far, and when the first and the last did.
type Reached struct {
	Tasks int       `json:"tasks"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

func (r *Reached) add(at time.Time) {
	if at.IsZero() {
		return
	}
	if r.Tasks == 0 || at.Before(r.First) {
		r.First = at
	}
	if at.After(r.Last) {
		r.Last = at
	}
	r.Tasks++
}

// RegionStarts works out how a run's tasks came up, by region, from all their
// attempts.
func RegionStarts(tasks []Task, within Duration) map[string]RegionStart {
	out := map[string]RegionStart{}
	skews := map[string][2]float64{}
	late := map[string][]Task{}
	for i := range tasks {
		t := &tasks[i]
		p := out[t.Region]
		p.Tasks++
		if at := t.Times.Asked; !at.IsZero() && (p.Asked.IsZero() || at.Before(p.Asked)) {
			p.Asked = at
		}
		p.Up.add(t.Times.Up)
		p.Hello.add(t.Times.Hello)
		p.Ready.add(t.Times.Ready)
		p.Load.add(t.Times.Load)
		if t.NeverReady() {
			p.Failed++
		}
		if t.Times.Ready.IsZero() && t.Reason != "" {
			late[t.Region] = append(late[t.Region], *t)
		}
		if t.SkewMS != nil && t.Joined == 0 {
			s, known := skews[t.Region]
			if !known {
				s = [2]float64{*t.SkewMS, *t.SkewMS}
			}
			skews[t.Region] = [2]float64{min(s[0], *t.SkewMS), max(s[1], *t.SkewMS)}
		}
		out[t.Region] = p
	}
	for name, p := range out {
		p.Within = within
		p.SkewMS = skews[name][1] - skews[name][0]
		for _, g := range GroupReasons(late[name]) {
			p.Why = append(p.Why, g.String())
		}
		out[name] = p
	}
	return out
}
