package load

// Region is a named place that runs tasks. What of it a driver needs beyond
// these fields stands in Settings, by the driver's own names.
type Region struct {
	Name         string            `json:"name" doc:"Unique name: letters, digits, '-', '_', at most 63."`
	Driver       string            `json:"driver" doc:"What starts its tasks: local, docker, kubernetes or ecs."`
	Settings     map[string]string `json:"settings,omitempty" doc:"The driver's own settings."`
	Limit        int               `json:"limit,omitempty" doc:"Most tasks at once, of all runs. Default: what the platform holds."`
	RunLimit     int               `json:"run_limit,omitempty" doc:"Most tasks of one run."`
	UsersPerTask int               `json:"users_per_task,omitempty" doc:"Most users that one task may have here."`
	CPU          float64           `json:"cpu,omitempty" doc:"Cores of each task."`
	Memory       Bytes             `json:"memory,omitempty" doc:"Memory of each task, e.g. 2GiB."`
	Image        string            `json:"image,omitempty" doc:"Container image of the tasks."`
	Images       map[string]string `json:"images,omitempty" doc:"Container images by engine, where it is not image."`
	Server       string            `json:"server,omitempty" doc:"URL at which its tasks reach the server, where that is not the server's public one."`
	Labels       map[string]string `json:"labels,omitempty" doc:"Free words for people and reports. location (latitude,longitude) places it on the map, provider_region says by whose prices it is billed."`
}

// ImageFor is the image of a task that runs an engine.
func (r Region) ImageFor(engine string) string {
	return or(r.Images[engine], r.Image)
}

// Finding is what a look at a region found of one thing that it needs.
type Finding struct {
	Check  string       `json:"check"` // what was looked at: credentials, permission, image, quota, addresses, reach, run
	State  FindingState `json:"state"`
	Text   string       `json:"text"`             // what was found
	Remedy string       `json:"remedy,omitempty"` // what to do about it
}

// FindingState says how a finding is to be taken.
type FindingState string

// The states of a finding.
const (
	FindingOK      FindingState = "ok"
	FindingWarning FindingState = "warning" // tasks start, but a user should know
	FindingFailed  FindingState = "failed"  // no task can start
)
