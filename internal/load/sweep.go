package load

import "time"

// Sweep is one look for orphans in a region: tasks that run for nobody, since
// their run has ended or is not known.
type Sweep struct {
	Region  string    `json:"region"`
	At      time.Time `json:"at"`
	Seen    int       `json:"seen"`              // instances of this server that the platform told of
	Orphans []Orphan  `json:"orphans"`           // what was found and stopped
	Cleared int       `json:"cleared,omitempty"` // remains of tasks that had ended by themselves
	Errors  []string  `json:"errors,omitempty"`  // what could not be done
}

// Orphan is a task that a sweep stopped.
type Orphan struct {
	Run      string    `json:"run"`
	Task     string    `json:"task"`
	Attempt  int       `json:"attempt,omitempty"`
	Instance string    `json:"instance"`
	Started  time.Time `json:"started,omitzero"`
	Why      string    `json:"why"` // why nobody waits for it
}
