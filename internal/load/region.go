package load

import (
	"strconv"
	"strings"
)

// Region is a named place that runs tasks. What of it a driver needs beyond
// these fields stands in Settings, by the driver's own names. Settings hold no
// secrets: drivers take credentials from their platform's usual places.
//
// The tags least, most and enum are what ValidateRegion holds a field to.
type Region struct {
	Name         string            `json:"name" doc:"Unique name: letters, digits, '-', '_', at most 63."`
	Driver       string            `json:"driver" doc:"What starts its tasks: local, docker, kubernetes or ecs."`
	Settings     map[string]string `json:"settings,omitempty" doc:"The driver's own settings."`
	Limit        int               `json:"limit,omitempty" least:"1" most:"1000000" doc:"Most tasks at once, of all runs. Default: what the platform holds."`
	RunLimit     int               `json:"run_limit,omitempty" least:"1" most:"1000000" doc:"Most tasks of one run."`
	UsersPerTask int               `json:"users_per_task,omitempty" least:"1" most:"10000000" doc:"Most users that one task may have here."`
	CPU          float64           `json:"cpu,omitempty" least:"0.05" most:"1024" doc:"Cores of each task."`
	Memory       Bytes             `json:"memory,omitempty" least:"16MiB" most:"16TiB" doc:"Memory of each task, e.g. 2GiB."`
	Image        string            `json:"image,omitempty" doc:"Container image of the tasks."`
	Images       map[string]string `json:"images,omitempty" doc:"Container images by engine, where it is not image."`
	Server       string            `json:"server,omitempty" doc:"URL at which its tasks reach the server, where that is not the server's public one."`
	Labels       map[string]string `json:"labels,omitempty" doc:"Free words for people and reports. location (latitude,longitude) places it on the map, provider_region says by whose prices it is billed."`
}

// The labels that have a meaning.
const (
	LabelLocation       = "location"
	LabelProviderRegion = "provider_region"
)

// DriverLocal is the driver of a region that names none.
const DriverLocal = "local"

// RegionWithDefaults fills in what a region's writer left to us.
func RegionWithDefaults(r Region) Region {
	r.Driver = or(r.Driver, DriverLocal)
	return r
}

// ImageFor is the image of a task that runs an engine.
func (r Region) ImageFor(engine string) string {
	return or(r.Images[engine], r.Image)
}

// Location is where the region's label places it on the map.
func (r Region) Location() (latitude, longitude float64, ok bool) {
	return readLocation(r.Labels[LabelLocation])
}

func readLocation(text string) (latitude, longitude float64, ok bool) {
	north, east, found := strings.Cut(text, ",")
	latitude, err := strconv.ParseFloat(strings.TrimSpace(north), 64)
	longitude, err2 := strconv.ParseFloat(strings.TrimSpace(east), 64)
	ok = found && err == nil && err2 == nil &&
		latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180 // also refuses NaN
	return latitude, longitude, ok
}

// DriverKind is a kind of driver as forms, checks and people know it.
type DriverKind struct {
	Name     string    `json:"name"`
	Summary  string    `json:"summary" doc:"One line for people."`
	Settings []Setting `json:"settings" nullable:"false" doc:"Its own settings, in the order of a form."`
}

// Setting is one of a driver's own settings.
type Setting struct {
	Name     string   `json:"name"`
	Help     string   `json:"help" doc:"One sentence; says what empty means."`
	Default  string   `json:"default,omitempty"`
	Allowed  []string `json:"allowed,omitempty" doc:"The words that it may be; none: free text."`
	Example  string   `json:"example,omitempty"`
	Required bool     `json:"required,omitempty"`
	Secret   bool     `json:"secret,omitempty" doc:"Never shown again."`
}

// Finding is what a look at a region found of one thing that it needs.
type Finding struct {
	Check  string       `json:"check" doc:"What was looked at: credentials, permission, image, quota, addresses, reach, run."`
	State  FindingState `json:"state"`
	Text   string       `json:"text" doc:"What was found."`
	Remedy string       `json:"remedy,omitempty" doc:"What to do about it."`
}

// FindingState says how a finding is to be taken.
type FindingState string

// The states of a finding.
const (
	FindingOK      FindingState = "ok"
	FindingWarning FindingState = "warning" // tasks start, but a user should know
	FindingFailed  FindingState = "failed"  // no task can start
)
