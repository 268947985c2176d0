package load

import "time"

// Report is the result of a run: the document that the API, the CLI and the
// console show, and that other tools read. Its keys are kept.
type Report struct {
	Run         RunFacts               `json:"run"`
	Accounting  Accounting             `json:"accounting"`
	StartSkewMS float64                `json:"start_skew_ms"` // latest minus earliest task start
	Total       Figures                `json:"total"`
	Regions     map[string]Figures     `json:"regions"`
	Labels      map[string]Figures     `json:"labels"`
	Tasks       map[string]TaskFigures `json:"tasks"`
	Generator   Generator              `json:"generator"`
	// Provisioning is how the tasks came up, by region.
	Provisioning map[string]RegionStart   `json:"provisioning,omitempty"`
	Metrics      map[string]MetricFigures `json:"metrics,omitempty"` // a script's checks and own metrics
	Criteria     []CriterionResult        `json:"criteria"`
	Events       []Event                  `json:"events,omitempty"`
	Notes        []string                 `json:"notes,omitempty"` // what a reader must know before betting on the figures
	Plan         *Plan                    `json:"plan,omitempty"`
}

// RunFacts is a run's head in its report.
type RunFacts struct {
	ID       string     `json:"id"`
	Scenario string     `json:"scenario"`
	Status   Status     `json:"status"`
	Outcome  Outcome    `json:"outcome"`
	Verdict  Verdict    `json:"verdict"`
	Cause    []string   `json:"cause,omitempty"`
	Created  time.Time  `json:"created"`
	Started  *time.Time `json:"started,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Seconds  float64    `json:"seconds"` // measured time under load
}

// Accounting proves that nothing was lost, or says what was.
type Accounting struct {
	TasksPlanned    int   `json:"tasks_planned"`
	TasksStarted    int   `json:"tasks_started"`
	TasksReported   int   `json:"tasks_reported"` // said their last word
	TasksLost       int   `json:"tasks_lost"`
	SamplesSent     int64 `json:"samples_sent"`     // by the tasks' own count; for a lost task, its last known count
	SamplesReceived int64 `json:"samples_received"` // merged into this report
	WindowsMissing  int64 `json:"windows_missing"`
	WindowsRepeated int64 `json:"windows_repeated"` // received again and dropped
	// ToolRequests is the tools' own total of requests (k6, JMeter, Locust), of the
	// ToolTasks tasks that told one; ToolDiffers is the sum of what they differ from
	// the figures by, task by task.
	ToolTasks    int   `json:"tool_tasks,omitempty"`
	ToolRequests int64 `json:"tool_requests,omitempty"`
	ToolDiffers  int64 `json:"tool_differs,omitempty"`
	Clamped      int64 `json:"samples_clamped"` // measured times beyond the histograms' range
}

// Figures is one block of figures: of the run, a region, a label or a task.
// Every percentile comes from merged histograms.
type Figures struct {
	Requests          int64            `json:"requests"`
	Failures          int64            `json:"failures"`
	BytesReceived     int64            `json:"bytes_received"`
	BytesSent         int64            `json:"bytes_sent"`
	Redirects         int64            `json:"redirects,omitempty"`
	RequestsPerSecond float64          `json:"requests_per_second"`
	LatencyMS         Latency          `json:"latency_ms"`
	ServiceMS         *Latency         `json:"service_ms,omitempty"` // open model: from the send
	FirstByteMS       *Latency         `json:"first_byte_ms,omitempty"`
	BodyMS            *Latency         `json:"body_ms,omitempty"`    // first byte to last
	ConnectMS         *Latency         `json:"connect_ms,omitempty"` // of requests that opened a connection, as its parts:
	DNSMS             *Latency         `json:"dns_ms,omitempty"`
	TCPMS             *Latency         `json:"tcp_ms,omitempty"`
	TLSMS             *Latency         `json:"tls_ms,omitempty"`
	LagMS             *Latency         `json:"schedule_lag_ms,omitempty"` // open model; not kept per label
	StatusCodes       map[string]int64 `json:"status_codes"`
	FailureCauses     map[string]int64 `json:"failure_causes"`
	Offered           int64            `json:"offered,omitempty"` // arrivals due (open model); not kept per label
	Started           int64            `json:"started,omitempty"` // not kept per label
	Late              int64            `json:"late,omitempty"`
}

// TaskFigures is a task's block with what became of it.
type TaskFigures struct {
	Figures
	Task   Task        `json:"task"`
	Health *TaskHealth `json:"health,omitempty"` // nil: it sent no window
}

// Generator says how far the figures are the generator's own doing. A
// task-second is one second of one task.
type Generator struct {
	TaskSeconds int64            `json:"task_seconds"` // measured
	Limited     int64            `json:"limited"`      // of these, the generator and not the target was the limit
	LimitedBy   map[string]int64 `json:"limited_by,omitempty"`
}

// TaskHealth is how the generator fared in a task over the run: means and the
// worst second. Figures that its system does not tell are 0.
type TaskHealth struct {
	Seconds    int64            `json:"seconds"`
	CPUMean    float64          `json:"cpu_mean"` // cores
	CPUMax     float64          `json:"cpu_max"`
	WaitMean   float64          `json:"cpu_wait_mean"` // cores waited for
	WaitMax    float64          `json:"cpu_wait_max"`
	GCMax      float64          `json:"gc_max"` // cores
	PauseMaxMS float64          `json:"gc_pause_max_ms"`
	RSSMax     int64            `json:"rss_max"` // bytes
	FilesMax   int64            `json:"open_files_max"`
	ConnsMax   int64            `json:"connections_max"`
	LoopLagMax float64          `json:"loop_lag_max_ms"`
	Dropped    int64            `json:"dropped"`
	NoPort     int64            `json:"no_local_port"`
	NoFile     int64            `json:"no_descriptor"`
	LimitedBy  map[string]int64 `json:"limited_by,omitempty"` // seconds
}

// Latency is a distribution in milliseconds. All zero when Count is 0.
type Latency struct {
	Count  int64   `json:"count"`
	Min    float64 `json:"min"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	P50    float64 `json:"p50"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p99_9"`
	Max    float64 `json:"max"`

	Clamped int64 `json:"clamped,omitempty"` // beyond the histogram's range, and counted as its end
}

// CriterionResult is one criterion with what was found.
type CriterionResult struct {
	Criterion string   `json:"criterion"` // its text
	Verdict   Verdict  `json:"verdict"`
	Found     *float64 `json:"found,omitempty"`      // in the criterion's unit; the worst window for a windowed one
	FoundText string   `json:"found_text,omitempty"` // with unit: "312 ms"
	At        *int     `json:"at,omitempty"`         // second of the first breach
	Why       string   `json:"why,omitempty"`
}

// Snapshot is the live picture of a run, sent once a second while it runs.
type Snapshot struct {
	Run        string                   `json:"run"`
	Status     Status                   `json:"status"`
	Second     int                      `json:"second"` // last finished second; -1 before the first
	At         time.Time                `json:"at"`
	Tasks      map[string]TaskLive      `json:"tasks"`
	Last       SeriesPoint              `json:"last"`    // the last finished second, whole run
	Total      Figures                  `json:"total"`   // so far
	Regions    map[string]Figures       `json:"regions"` // so far
	Labels     map[string]Figures       `json:"labels"`  // so far
	RegionLast map[string]SeriesPoint   `json:"region_last"`
	Generator  Generator                `json:"generator"`         // so far
	Metrics    map[string]MetricFigures `json:"metrics,omitempty"` // so far
	Criteria   []CriterionResult        `json:"criteria"`
	Notes      []string                 `json:"notes,omitempty"`
	// Provisioning is how the tasks come up, by region.
	Provisioning map[string]RegionStart `json:"provisioning,omitempty"`
}

// TaskLive is a task in a snapshot.
type TaskLive struct {
	Region   string     `json:"region"`
	Status   TaskStatus `json:"status"`
	Users    int        `json:"users"`
	Rate     float64    `json:"requests_per_second"` // last second
	Requests int64      `json:"requests"`
	Failures int64      `json:"failures"`
	P95      float64    `json:"p95"` // last second, ms
	CPU      float64    `json:"cpu"` // cores, as the next ones: last second
	CPUWait  float64    `json:"cpu_wait"`
	RSS      int64      `json:"rss"` // bytes
	LoopLag  float64    `json:"loop_lag_ms"`
	Conns    int64      `json:"connections"`
	Limited  string     `json:"limited,omitempty"` // last second
	// LimitedSeconds is in how many seconds so far the generator was the limit.
	LimitedSeconds int64 `json:"limited_seconds"`
	Behind         int   `json:"behind"` // seconds since its last window
}

// SeriesPoint is one second (or one step) of a series.
type SeriesPoint struct {
	Second       int     `json:"second"`
	Requests     int64   `json:"requests"`
	Failures     int64   `json:"failures"`
	BytesIn      int64   `json:"bytes_received"`
	BytesOut     int64   `json:"bytes_sent"`
	Users        int     `json:"users"`
	Offered      float64 `json:"offered"` // requests a second due by the plan; 0 in the closed model
	Started      int64   `json:"started"`
	InFlight     int64   `json:"in_flight"`
	Tasks        int     `json:"tasks"` // that reported this second
	Mean         float64 `json:"mean"`
	P50          float64 `json:"p50"`
	P90          float64 `json:"p90"`
	P95          float64 `json:"p95"`
	P99          float64 `json:"p99"`
	P999         float64 `json:"p99_9"`
	Max          float64 `json:"max"`
	FirstByteP95 float64 `json:"first_byte_p95"`
	LagP99       float64 `json:"lag_p99"`

	// Limited is in how many task-seconds the generator was the limit, LimitedBy
	// the reason in most of them.
	Limited   int64  `json:"limited"`
	LimitedBy string `json:"limited_by,omitempty"`
}

// SeriesQuery asks for a series. Region, Label and Task narrow it; empty means
// all. Task cannot be combined with Label.
type SeriesQuery struct {
	Region, Label, Task string
	From, To            int // seconds, To not included; To 0 means the end
	Points              int // most points wanted; steps are widened to fit. 0: 600
}

// Series is the answer, one SeriesPoint a step. Counts are sums over the step,
// percentiles come from the step's merged histogram, Users and InFlight are
// the step's last.
type Series struct {
	Step   int           `json:"step"` // seconds
	Points []SeriesPoint `json:"points"`
}
