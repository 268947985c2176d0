package load

import "time"

// RegionCheck proves a region: what its driver found by looking, then what a
// real run of one task to the built-in target found. A region has at most one,
// the newest; changing the region takes it away.
type RegionCheck struct {
	ID       string     `json:"id"`
	Region   string     `json:"region"`
	State    CheckState `json:"state"`
	Step     string     `json:"step,omitempty" doc:"What it is doing now."`
	By       string     `json:"by,omitempty" doc:"Who started it."`
	Started  time.Time  `json:"started"`
	Updated  time.Time  `json:"updated" doc:"When its server last worked on it."`
	Ended    *time.Time `json:"ended,omitempty"`
	Findings []Finding  `json:"findings" nullable:"false" doc:"What was found so far, in order."`
	Runs     []string   `json:"runs,omitempty" doc:"The runs that it made; lists of runs leave them out."`
}

// CheckState says where a check stands, and how it went.
type CheckState string

// The states of a check. The last three are how it ended: as its worst finding.
const (
	CheckRunning CheckState = "running"
	CheckOK      CheckState = "ok"
	CheckWarning CheckState = "warning"
	CheckFailed  CheckState = "failed"
)

// Worst is the state that a check with these findings ends in.
func Worst(findings []Finding) CheckState {
	worst := CheckOK
	for _, f := range findings {
		switch f.State {
		case FindingFailed:
			return CheckFailed
		case FindingWarning:
			worst = CheckWarning
		case FindingOK:
		}
	}
	return worst
}

// RunCheck marks a run that proves a region.
type RunCheck struct {
	Region string `json:"region"`
	// Image is what its tasks run, where the check tries one image after another;
	// empty: what the region says for the engine.
	Image string `json:"image,omitempty"`
}
