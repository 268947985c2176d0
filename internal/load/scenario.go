package load

// Scenario is a saved test: what to request, how hard, from where, and what
// counts as passed. Field docs are the source of the published JSON Schema.
// A zero field means "not said"; WithDefaults fills in what that stands for. The
// tags are read by Validate, package scenfile and the reference: doc, enum,
// default, least and most (bounds of a value), items (most elements of a list).
// What a request is stands in request.go, how it travels in connection.go.
type Scenario struct {
	Name        string            `json:"name" doc:"Unique name: letters, digits, '-', '_', '.', at most 100."`
	Description string            `json:"description,omitempty" doc:"Free text."`
	Tags        []string          `json:"tags,omitempty" doc:"Words to filter by." items:"50"`
	Engine      string            `json:"engine,omitempty" doc:"What makes the load." enum:"http,k6,jmeter,locust,scripted" default:"http"`
	Script      string            `json:"script,omitempty" doc:"The script of a tool (k6, jmeter, locust): a file, a zip, or a folder, relative to the scenario. It runs as it was written."`
	Entry       string            `json:"entry,omitempty" doc:"The file that is run, within a zip or folder. Default: found by its name."`
	Env         map[string]string `json:"env,omitempty" doc:"Environment of the script (k6: __ENV)." items:"1000"`
	Secrets     map[string]Secret `json:"secrets,omitempty" doc:"More environment, whose values are read when the run starts and kept nowhere." items:"100"`
	Properties  map[string]string `json:"properties,omitempty" doc:"JMeter properties, as -J sets them." items:"1000"`
	Share       Sharing           `json:"share,omitempty" doc:"split: all tasks together make the script's load once. per task: each makes the whole of it." enum:"split,per task" default:"split"`
	Variables   map[string]string `json:"variables,omitempty" doc:"Values for ${name} in URLs, headers and bodies." items:"1000"`
	Data        []Data            `json:"data,omitempty" doc:"CSV files whose rows feed requests." items:"100"`
	Requests    []Request         `json:"requests,omitempty" doc:"What a user sends. Without weights: all in order. With weights: one, drawn by weight." items:"1000"`
	Flows       []Flow            `json:"flows,omitempty" doc:"Sequences of requests, instead of requests: a user walks one whole flow, then another. Without weights: in turn. With weights: drawn by weight." items:"100"`
	ThinkTime   Span              `json:"think_time,omitzero" doc:"Pause of a user between requests: 1s, or drawn from 1s-3s. Not with a rate of single requests."`
	Load        Load              `json:"load,omitzero" doc:"How hard, and for how long. With a script: what replaces its own load; without it, the script runs as it was written."`
	Regions     []RegionLoad      `json:"regions,omitempty" doc:"Where the tasks run. Default: one task in region local." items:"200"`
	Criteria    []Criterion       `json:"criteria,omitempty" doc:"Pass rules, e.g. 'p95 < 300ms'." items:"100"`
	Connection  Connection        `json:"connection,omitzero" doc:"How requests reach the target."`
	Start       StartPolicy       `json:"start,omitzero" doc:"How long to wait for the tasks before the load, and what to do without some of them."`
	LostTasks   LostPolicy        `json:"lost_tasks,omitempty" doc:"What to do when a task is lost while running." enum:"continue,replace,stop" default:"continue"`
	Scripted    *Scripted         `json:"scripted,omitempty" doc:"Behaviour of the scripted engine, for tests of Onrush itself."`
}

// LostPolicy says what a run does when a task is lost while it runs.
type LostPolicy string

// The policies for lost tasks.
const (
	LostContinue LostPolicy = "continue"
	LostReplace  LostPolicy = "replace"
	LostStop     LostPolicy = "stop"
)

// Data is one CSV file. Its first line names the columns; ${name.column}
// stands for a value, or ${column} when only one file has that column.
type Data struct {
	Name    string      `json:"name,omitempty" doc:"Name in ${name.column}. Default: the file's name without extension."`
	File    string      `json:"file" doc:"Path of the CSV file, relative to the scenario."`
	Sharing DataSharing `json:"sharing,omitempty" doc:"same: every task reads all rows. split: each task has its own part and repeats it. unique: each row is used at most once in the whole run." enum:"same,split,unique" default:"same"`
	Order   string      `json:"order,omitempty" doc:"How rows follow each other." enum:"sequential,random" default:"sequential"`
}

// DataSharing says which rows of a file a task may use.
type DataSharing string

// The ways of sharing rows over tasks.
const (
	DataSame   DataSharing = "same"
	DataSplit  DataSharing = "split"
	DataUnique DataSharing = "unique"
)

// Load is how hard the target is loaded. Exactly one of Users, TotalUsers and
// Rate is given, or Stages that use exactly one of them.
type Load struct {
	Users          int      `json:"users,omitempty" doc:"Concurrent users in each task (closed model)." least:"1" most:"1000000"`
	TotalUsers     int      `json:"total_users,omitempty" doc:"Concurrent users of the whole run, shared over the tasks (closed model)." least:"1" most:"10000000"`
	Rate           Rate     `json:"rate,omitempty" doc:"Arrivals a second of the whole run, shared over the tasks (open model): 200, 200/s, 6000/m. An arrival is a request or an iteration, see arrival." least:"1/h" most:"100000000/s"`
	Arrivals       string   `json:"arrivals,omitempty" doc:"Spacing of arrivals in the open model." enum:"constant,poisson" default:"constant"`
	Arrival        string   `json:"arrival,omitempty" doc:"What one arrival of the open model sends: one request, or one whole iteration. Default: iteration when there are flows or a request extracts, else request." enum:"request,iteration"`
	RampUp         Duration `json:"ramp_up,omitempty" doc:"Time from zero to the full load, a straight line." most:"30d"`
	HoldFor        Duration `json:"hold_for,omitempty" doc:"Time at full load after the ramp." least:"1ms" most:"30d"`
	RampDown       Duration `json:"ramp_down,omitempty" doc:"Time from the full load to zero at the end." most:"30d"`
	Duration       Duration `json:"duration,omitempty" doc:"The whole run, ramps included; instead of hold_for." least:"1ms" most:"30d"`
	Stages         []Stage  `json:"stages,omitempty" doc:"Straight lines from level to level, starting at 0; instead of users, rate, ramps and duration." items:"1000"`
	Iterations     int64    `json:"iterations,omitempty" doc:"Stop after so many iterations in the whole run. With a rate: arrivals that are iterations." least:"1" most:"1000000000000"`
	Requests       int64    `json:"requests,omitempty" doc:"Stop after so many requests in the whole run. Not where an arrival is an iteration." least:"1" most:"1000000000000"`
	MaxConnections int      `json:"max_connections,omitempty" doc:"Most arrivals under way in one task (open model)." default:"10000" least:"1" most:"1000000"`
}

// Stage is a straight line from the level before to its own, over Duration.
// A Duration of 0 is a jump.
type Stage struct {
	Duration   Duration `json:"duration" doc:"How long the line takes; 0 jumps." most:"30d"`
	Users      *int     `json:"users,omitempty" doc:"Users in each task at its end." least:"0" most:"1000000"`
	TotalUsers *int     `json:"total_users,omitempty" doc:"Users of the whole run at its end." least:"0" most:"10000000"`
	Rate       *Rate    `json:"rate,omitempty" doc:"Arrivals a second of the whole run at its end." least:"0/s" most:"100000000/s"`
}

// RegionLoad is a region's part of the load.
type RegionLoad struct {
	Name  string  `json:"name" doc:"A region known to the server."`
	Tasks int     `json:"tasks,omitempty" doc:"How many tasks run there." default:"1" least:"1" most:"10000"`
	Users int     `json:"users,omitempty" doc:"Users in each task here, instead of load.users." least:"1" most:"1000000"`
	Rate  Rate    `json:"rate,omitempty" doc:"Arrivals a second of each task here, instead of load.rate." least:"1/h" most:"100000000/s"`
	Share Percent `json:"share,omitempty" doc:"Part of load.rate, load.total_users or of the limits that this region takes, e.g. 60%. Either all regions have one, adding up to 100%, or none." least:"0.0001%" most:"100%"`
}

// Scripted is the behaviour of the scripted engine. Times count from the start
// of the run; a zero value means the thing never happens.
type Scripted struct {
	Latency    Duration `json:"latency,omitempty" doc:"Latency of every sample." default:"10ms" least:"1us" most:"1h"`
	Jitter     Duration `json:"jitter,omitempty" doc:"Samples are spread evenly over latency to latency+jitter."`
	ErrorEach  int      `json:"error_each,omitempty" doc:"Every so-many-th sample fails with status 500." least:"1"`
	Tasks      []int    `json:"tasks,omitempty" doc:"Indexes of the tasks that misbehave. Default: all."`
	CrashAt    Duration `json:"crash_at,omitempty" doc:"The task's process ends itself with SIGKILL."`
	ExitAt     Duration `json:"exit_at,omitempty" doc:"The engine returns an error."`
	ExitCode   int      `json:"exit_code,omitempty" doc:"Exit code named in that error." most:"255"`
	HangAt     Duration `json:"hang_at,omitempty" doc:"The engine stops sampling and ignores drain; only stop-now ends it."`
	MuteAt     Duration `json:"mute_at,omitempty" doc:"The whole process stops (SIGSTOP to itself)."`
	FailStart  bool     `json:"fail_start,omitempty" doc:"The engine refuses to get ready."`
	NeverReady bool     `json:"never_ready,omitempty" doc:"The engine never gets ready."`
}
