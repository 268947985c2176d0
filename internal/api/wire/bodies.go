package wire

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// Login is the body of POST /login.
type Login struct {
	Name     string `json:"name" doc:"The user's name." maxLength:"200"`
	Password string `json:"password" doc:"The user's password." maxLength:"2000"`
}

// Me says who the caller is.
type Me struct {
	Name string    `json:"name"`
	Role load.Role `json:"role"`
}

// Draft is a scenario that need not be saved: either the name of a saved one,
// or its text with the files that it names.
type Draft struct {
	Scenario string            `json:"scenario,omitempty" doc:"Name of a saved scenario."`
	Source   string            `json:"source,omitempty" doc:"The scenario as YAML or JSON text, instead of a saved one."`
	Files    map[string]string `json:"files,omitempty" doc:"Files that source names: path in the scenario to the SHA-256 of uploaded content."`
}

// ScenarioBody is the body of PUT /scenarios/{name}.
type ScenarioBody struct {
	Source string            `json:"source" doc:"The scenario as YAML or JSON text."`
	Files  map[string]string `json:"files,omitempty" doc:"Files that source names: path in the scenario to the SHA-256 of uploaded content."`
}

// SavedScenario answers PUT /scenarios/{name}.
type SavedScenario struct {
	load.ScenarioRecord
	Changed bool `json:"changed" doc:"False when exactly this was saved already."`
}

// ScenarioItem is a scenario in a list.
type ScenarioItem struct {
	load.ScenarioRecord
	LastRun *RunItem `json:"last_run,omitempty" doc:"Its newest run, if it has one."`
}

// ScenarioList answers GET /scenarios.
type ScenarioList struct {
	Scenarios []ScenarioItem `json:"scenarios" nullable:"false"`
	More      bool           `json:"more" doc:"There are more after the last one."`
}

// Checked answers POST /scenarios/check.
type Checked struct {
	Problems []load.Problem `json:"problems" nullable:"false" doc:"Every fault; none means that the scenario is valid."`
	Scenario *load.Scenario `json:"scenario,omitempty" doc:"The scenario as read, when it has no faults."`
}

// RunStart is the body of POST /runs.
type RunStart struct {
	Draft
	Note    string            `json:"note,omitempty" maxLength:"1000" doc:"Free text kept with the run."`
	Secrets map[string]string `json:"secrets,omitempty" doc:"Values of the scenario's secrets, by name. They are kept sealed until the run ends, and shown nowhere."`
}

// RunItem is a run without its own copy of the scenario and its plan.
type RunItem struct {
	ID       string           `json:"id"`
	Scenario string           `json:"scenario"`
	Note     string           `json:"note,omitempty"`
	Status   load.Status      `json:"status"`
	Outcome  load.Outcome     `json:"outcome,omitempty"`
	Verdict  load.Verdict     `json:"verdict,omitempty"`
	Cause    []string         `json:"cause,omitempty"`
	By       string           `json:"by,omitempty"`
	Created  time.Time        `json:"created"`
	Started  *time.Time       `json:"started,omitempty"`
	Stopped  *time.Time       `json:"stopped,omitempty"`
	Ended    *time.Time       `json:"ended,omitempty"`
	Since    time.Time        `json:"since"`
	Changes  []load.Change    `json:"changes,omitempty"`
	Keep     bool             `json:"keep,omitempty"`
	Check    *load.RunCheck   `json:"check,omitempty" doc:"Set when it only proves a region."`
	Summary  *load.RunSummary `json:"summary,omitempty" doc:"The few figures that lists show, once it has ended."`
}

// ItemOf returns a run as it stands in lists.
func ItemOf(r load.Run) RunItem {
	return RunItem{
		ID: r.ID, Scenario: r.Scenario, Note: r.Note, Status: r.Status, Outcome: r.Outcome,
		Verdict: r.Verdict, Cause: r.Cause, By: r.By, Created: r.Created, Started: r.Started,
		Stopped: r.Stopped, Ended: r.Ended, Since: r.Since, Changes: r.Changes, Keep: r.Keep, Check: r.Check, Summary: r.Summary,
	}
}

// RunList answers GET /runs, newest first.
type RunList struct {
	Runs []RunItem `json:"runs" nullable:"false"`
	More bool      `json:"more" doc:"There are older ones: ask with before set to the last run's id."`
}

// EventList answers GET /runs/{id}/events.
type EventList struct {
	Events []load.Event `json:"events" nullable:"false"`
}

// TaskList answers GET /runs/{id}/tasks.
type TaskList struct {
	Tasks []load.Task `json:"tasks" nullable:"false"`
}

// RegionItem is a region in a list.
type RegionItem struct {
	load.Region
	Check *load.RegionCheck `json:"check,omitempty" doc:"Its newest check, if it was checked since its last change."`
}

// RegionList answers GET /regions.
type RegionList struct {
	Regions []RegionItem `json:"regions" nullable:"false"`
}

// SavedRegion answers PUT /regions/{name}.
type SavedRegion struct {
	load.Region
	Changed bool `json:"changed" doc:"False when exactly this was saved already."`
}

// RegionCapacity answers GET /regions/{name}/capacity.
type RegionCapacity struct {
	load.Capacity
	Free    *int          `json:"free,omitempty" doc:"Tasks that could start now; absent when no limit is known."`
	Finding *load.Finding `json:"finding,omitempty" doc:"Why the region could not be asked; then the other figures mean nothing."`
}

// DriverList answers GET /drivers.
type DriverList struct {
	Drivers []load.DriverKind `json:"drivers" nullable:"false"`
}

// SweepList answers GET and POST /sweeps.
type SweepList struct {
	Sweeps []load.Sweep `json:"sweeps" nullable:"false"`
}

// TokenList answers GET /tokens.
type TokenList struct {
	Tokens []load.Token `json:"tokens" nullable:"false"`
}

// UserList answers GET /users.
type UserList struct {
	Users []load.User `json:"users" nullable:"false"`
}

// Stop is the body of POST /runs/{id}/stop.
type Stop struct {
	Mode string `json:"mode,omitempty" enum:"drain,now" default:"drain" doc:"drain lets the requests in flight end; now cuts them off."`
}

// LoadChange is the body of POST /runs/{id}/load: exactly one of users,
// total_users, rate and tasks.
type LoadChange struct {
	Users      *int     `json:"users,omitempty" minimum:"0" doc:"Users in each task (closed model)."`
	TotalUsers *int     `json:"total_users,omitempty" minimum:"0" doc:"Users of the whole run (closed model)."`
	Rate       *float64 `json:"rate,omitempty" minimum:"0" doc:"Requests a second of the whole run (open model)."`
	Tasks      *int     `json:"tasks,omitempty" minimum:"0" maximum:"10000" doc:"Tasks of the whole run, or of region: for engines without live control (k6, jmeter), whose users come and go with tasks. Each task more runs the script from its start, with the share of a planned one."`
	Region     string   `json:"region,omitempty" doc:"Only this region's tasks; with tasks."`
}

// NewToken is the body of POST /tokens.
type NewToken struct {
	Label string    `json:"label" maxLength:"200" doc:"What the token is for."`
	Role  load.Role `json:"role,omitempty" doc:"At most the caller's own, which is the default."`
	Days  int       `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"When it expires; 0 means never."`
}

// CreatedToken answers POST /tokens.
type CreatedToken struct {
	load.Token
	Secret string `json:"secret" doc:"The token itself. It is shown only here."`
}

// UserBody is the body of PUT /users/{name}.
type UserBody struct {
	Role     load.Role `json:"role"`
	Password string    `json:"password,omitempty" maxLength:"1000" doc:"Needed for a new user; for a known one it changes the password and ends their sessions."`
}

// PasswordChange is the body of PUT /me/password.
type PasswordChange struct {
	Old string `json:"old" maxLength:"2000"`
	New string `json:"new" maxLength:"2000"`
}

// Version answers GET /version.
type Version struct {
	Version string `json:"version"`
}

// Health answers GET /health.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

// The names of the events in GET /runs/{id}/live, with what their data is.
const (
	LiveSnapshot = "snapshot" // load.Snapshot, once a second while the run is conducted by the asked server
	LiveEvent    = "event"    // load.Event; its Seq is the stream's event id
	LiveStatus   = "status"   // RunItem, first of all and whenever the run's status changes
	LiveEnd      = "end"      // RunItem; the stream's last event
)

// The names of the events in GET /runs/{id}/tasks/{task}/log?follow=true.
const (
	LogText = "log" // LogPiece; the event's id is where it ends in the log, in bytes
	LogEnd  = "end" // an empty LogPiece; the stream's last event
)

// LogPiece is a piece of a log: whole lines, but for lines of more than 64 KiB
// and the last one.
type LogPiece struct {
	Text string `json:"text"`
}

// Artifact is a file that a task left.
type Artifact struct {
	Task string `json:"task" doc:"The task's name; one that was replaced has its attempt behind a dot."`
	Name string `json:"name"`
	Size int64  `json:"size" doc:"Bytes."`
}

// ArtifactList answers GET /runs/{id}/artifacts.
type ArtifactList struct {
	Artifacts []Artifact `json:"artifacts" nullable:"false"`
}

// UploadedScript answers POST /scripts.
type UploadedScript struct {
	load.StoredFile
	Name    string   `json:"name" doc:"What to write under script in a scenario."`
	Engine  string   `json:"engine" doc:"The engine that the files are for."`
	Entry   string   `json:"entry" doc:"The file that would be run."`
	Entries []string `json:"entries" nullable:"false" doc:"All files that could be run, the likeliest first."`
}
