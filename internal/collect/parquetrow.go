package collect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// fileVersion is the version of the series file's schema: columns are added
// without a new one, and never change their meaning.
const fileVersion = "1"

// Keys of the file's metadata.
const (
	metaVersion = "onrush.series.version"
	metaRun     = "onrush.run"
	metaSeconds = "onrush.seconds" // number of seconds the run reaches over
	metaScopes  = "onrush.scopes"  // JSON list of fileScope: where the rows of a scope lie
)

// fileScope says where the rows of one scope lie.
type fileScope struct {
	scopeName
	First int64 `json:"first"` // row in the file
	Rows  int64 `json:"rows"`
	From  int   `json:"from"` // second of the first row
	Last  int   `json:"last"` // second of the last row
}

// clip returns the scope with no more rows than it takes to see the seconds
// from ≤ second < to: exact when the scope has a row in every second.
func (s fileScope) clip(from, to int) fileScope {
	if int64(s.Last-s.From+1) != s.Rows {
		return s
	}
	if skip := int64(from - s.From); skip > 0 {
		s.First, s.Rows, s.From = s.First+skip, s.Rows-skip, from
	}
	s.Rows = max(0, min(s.Rows, int64(to-s.From)))
	return s
}

// fileRow is a row of the series file: one scope in one second. docs/series.md
// describes every column.
type fileRow struct {
	Scope  string `parquet:"scope,dict"`
	Second int32  `parquet:"second"`
	Region string `parquet:"region,dict"`
	Label  string `parquet:"label,dict"`
	Dims   string `parquet:"dims,dict"`
	Task   string `parquet:"task,dict"`
	fileCounts
	BytesSent int64  `parquet:"bytes_sent"`
	Redirects int64  `parquet:"redirects"`
	Late      int64  `parquet:"late"`
	Clamped   int64  `parquet:"samples_clamped"`
	Statuses  string `parquet:"status_codes,dict"`
	Causes    string `parquet:"failure_causes,dict"`
	fileFigures
	Min        float64 `parquet:"latency_min_ms,optional"`
	StdDev     float64 `parquet:"latency_stddev_ms,optional"`
	ServiceP95 float64 `parquet:"service_p95_ms,optional"`
	ConnectP95 float64 `parquet:"connect_p95_ms,optional"`
	fileHistograms
	Service []byte `parquet:"service_histogram,optional"`
	Connect []byte `parquet:"connect_histogram,optional"`

	BodyP95 float64 `parquet:"body_p95_ms,optional"`
	DNSP95  float64 `parquet:"dns_p95_ms,optional"`
	TCPP95  float64 `parquet:"tcp_p95_ms,optional"`
	TLSP95  float64 `parquet:"tls_p95_ms,optional"`
	Body    []byte  `parquet:"body_histogram,optional"`
	DNS     []byte  `parquet:"dns_histogram,optional"`
	TCP     []byte  `parquet:"tcp_histogram,optional"`
	TLS     []byte  `parquet:"tls_histogram,optional"`
	fileVitals
}

// fileVitals are how the generators fared; null
// where that is 0 or not known, as in all rows of labels.
type fileVitals struct {
	CPU     float64 `parquet:"cpu_cores,optional"`
	Wait    float64 `parquet:"cpu_wait_cores,optional"`
	GC      float64 `parquet:"gc_cores,optional"`
	Pause   float64 `parquet:"gc_pause_ms,optional"`
	RSS     int64   `parquet:"rss_bytes,optional"`
	Files   int64   `parquet:"open_files,optional"`
	Conns   int64   `parquet:"connections,optional"`
	LoopLag float64 `parquet:"loop_lag_ms,optional"`
	Dropped int64   `parquet:"dropped,optional"`
	NoPort  int64   `parquet:"no_local_port,optional"`
	NoFile  int64   `parquet:"no_descriptor,optional"`
}

func newFileVitals(v *vitals) fileVitals {
	return fileVitals{
		CPU: cores(v.cpu), Wait: cores(v.wait), GC: cores(v.gc), Pause: ms(v.pause),
		RSS: v.rss, Files: v.files, Conns: v.conns, LoopLag: ms(v.loopLag),
		Dropped: v.dropped, NoPort: v.noPort, NoFile: v.noFile,
	}
}

// fileCounts are the counters that a series shows.
type fileCounts struct {
	Requests int64 `parquet:"requests"`
	Failures int64 `parquet:"failures"`
	BytesIn  int64 `parquet:"bytes_received"`
	Users    int64 `parquet:"users"`
	Offered  int64 `parquet:"offered"`
	Started  int64 `parquet:"started"`
	InFlight int64 `parquet:"in_flight"`
	Tasks    int64 `parquet:"tasks"`
	// Limited is a tally of task-seconds by reason, as JSON; empty, as in files
	// that are older than the column, is none.
	Limited string `parquet:"limited,optional,dict"`
}

// fileFigures are the figures of one second, ready to be drawn.
type fileFigures struct {
	Mean         float64 `parquet:"latency_mean_ms,optional"`
	P50          float64 `parquet:"latency_p50_ms,optional"`
	P90          float64 `parquet:"latency_p90_ms,optional"`
	P95          float64 `parquet:"latency_p95_ms,optional"`
	P99          float64 `parquet:"latency_p99_ms,optional"`
	P999         float64 `parquet:"latency_p99_9_ms,optional"`
	Max          float64 `parquet:"latency_max_ms,optional"`
	FirstByteP95 float64 `parquet:"first_byte_p95_ms,optional"`
	LagP99       float64 `parquet:"lag_p99_ms,optional"`
}

// fileHistograms are what wider steps are made of.
type fileHistograms struct {
	Latency   []byte `parquet:"latency_histogram,optional"`
	FirstByte []byte `parquet:"first_byte_histogram,optional"`
	Lag       []byte `parquet:"lag_histogram,optional"`
}

// newRow makes the row of a scope's second.
func newRow(s *scope, r *record) (fileRow, error) {
	c, f, hists, err := r.split()
	if err != nil {
		return fileRow{}, err
	}
	return fileRow{
		Scope: string(s.kind), Second: int32(r.second),
		Region: s.region, Label: s.label, Dims: s.dims, Task: s.task,
		fileCounts: fileCounts{
			Requests: c.requests, Failures: c.failures, BytesIn: c.bytesIn, Users: c.users,
			Offered: c.offered, Started: c.started, InFlight: c.inFlight, Tasks: c.tasks,
			Limited: limitsText(&c.vitals),
		},
		BytesSent: c.bytesOut, Redirects: c.redirects, Late: c.late, Clamped: c.clamped,
		Statuses: jsonTally(c.statuses, strconv.Itoa),
		Causes:   jsonTally(c.causes, func(cause load.Cause) string { return string(cause) }),
		fileFigures: fileFigures{
			Mean: f.mean / 1000, P50: ms(f.p50), P90: ms(f.p90), P95: ms(f.p95), P99: ms(f.p99), P999: ms(f.p999),
			Max: ms(f.max), FirstByteP95: ms(f.firstByteP95), LagP99: ms(f.lagP99),
		},
		Min: ms(f.min), StdDev: f.stddev / 1000, ServiceP95: ms(f.serviceP95), ConnectP95: ms(f.connectP95),
		fileHistograms: fileHistograms{Latency: hists[latency], FirstByte: hists[firstByte], Lag: hists[lag]},
		Service:        hists[service], Connect: hists[connect],
		BodyP95: ms(f.bodyP95), DNSP95: ms(f.dnsP95), TCPP95: ms(f.tcpP95), TLSP95: ms(f.tlsP95),
		Body: hists[body], DNS: hists[dns], TCP: hists[tcp], TLS: hists[tls],
		fileVitals: newFileVitals(&c.vitals),
	}, nil
}

// histograms lists where the row keeps its histograms.
func (r *fileRow) histograms() [distributions]*[]byte {
	return [...]*[]byte{&r.Latency, &r.Service, &r.FirstByte, &r.Body, &r.Connect, &r.DNS, &r.TCP, &r.TLS, &r.Lag}
}

func limitsText(v *vitals) string {
	if len(v.limits) == 0 {
		return ""
	}
	return jsonTally(v.limits, func(l load.Limit) string { return string(l) })
}

// limits reads what limitsText wrote.
func (r *fileCounts) limits() (v vitals, err error) {
	if r.Limited == "" {
		return v, nil
	}
	var by map[load.Limit]int64
	if err := json.Unmarshal([]byte(r.Limited), &by); err != nil {
		return v, fmt.Errorf("read series: limits: %w", err)
	}
	for l, n := range by {
		v.limits.add(l, n)
	}
	return v, nil
}

// jsonTally writes a tally as a JSON object with sorted keys.
func jsonTally[K comparable](t tally[K], name func(K) string) string {
	if len(t) == 0 {
		return "{}"
	}
	parts := make([]string, 0, len(t))
	for _, e := range t {
		key, _ := json.Marshal(name(e.key)) // a string always can be
		parts = append(parts, string(key)+":"+strconv.FormatInt(e.n, 10))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}
