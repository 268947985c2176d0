package engine

import (
	"context"

	"onrush.dev/onrush/internal/load"
)

// Script is what engines that run a tool's script can do besides. Both methods
// are called before any task exists, where the run is planned, and once more in
// each task; they send nothing to the target.
type Script interface {
	Engine

	// Inspect reads what the script says of itself. Unavailable: the tool is not
	// on this machine, which need not be the tasks'. Invalid: the script cannot
	// run; the text says where.
	Inspect(ctx context.Context, bundle Bundle) (load.ScriptFacts, error)

	// Override says what the scenario replaces of the script's own load, or
	// refuses (Invalid) what the tool cannot do without changing what the script
	// means.
	Override(s load.Scenario, facts load.ScriptFacts) ([]load.Override, error)
}

// Bundle is a script with all that lies beside it.
type Bundle struct {
	Dir   string // holds the files
	Entry string // the file to run, relative to Dir, with '/'
	// Entries are all files that could have been the entry.
	Entries  []string
	Scenario load.Scenario
	// Secrets are the values of the scenario's secrets, where they are known:
	// a plan is made without.
	Secrets map[string]string
}

// Artifact is a file that is kept with the run.
type Artifact struct {
	Name string // within the task's artifacts, with '/'
	Path string // where it lies now
}

// Leaver is an engine that leaves files. The agent asks once, after Run.
type Leaver interface {
	Artifacts() []Artifact
}

// Teller is an engine that learns in Prepare what its script says, and at the
// end how many requests its tool counted by itself.
type Teller interface {
	Facts() *load.ScriptFacts
	// Counted is the tool's own total of requests; false when it told none.
	Counted() (requests int64, ok bool)
}
