package load

import "onrush.dev/onrush/internal/hist"

// Window is one second of one task's figures: the unit that travels from agent
// to server. Second n covers [n, n+1) seconds after the start barrier; a sample
// belongs to the second in which its response ended. See windowcodec.go for the
// bytes.
type Window struct {
	Task    string // "eu-1"; with Attempt it names the sender
	Attempt int
	Seq     uint64 // 1, 2, 3… without gaps, per task and attempt
	Second  int
	Partial bool // the task's last word on a second that was not over
	// Until is the end of the last sample in this window, since the run's start,
	// in µs: the run's measured time ends with its last response. 0: no samples.
	Until    int64
	Users    int        // active at the end of the second
	Offered  int64      // arrivals due in this second (open model); 0 in the closed model
	Started  int64      // requests begun in this second
	Late     int64      // of these, begun more than 1 ms after they were due
	InFlight int64      // at the end of the second
	Sent     int64      // samples in all windows of this sender up to and including this one
	Clamped  int64      // measured times, of all histograms, that were beyond their range
	Lag      *hist.Hist // begin minus due, open model; nil when empty
	Health   Health
	Metrics  []Metric // a script's checks and own metrics that had values in this second
	// Entries are the labels' figures. One without a name carries bytes that
	// belong to no label, and no requests.
	Entries []Entry
}

// Entry is one label's figures in a window.
type Entry struct {
	Label string
	// Dims are further dimensions as sorted "key=value" joined by ','; empty
	// now, room for cache outcome and edge location. Figures of one label are
	// the sum over its Dims.
	Dims      string
	Requests  int64
	Failures  int64
	Causes    map[Cause]int64
	Statuses  map[int]int64 // 0 is never a key: no response has no status
	BytesIn   int64         // on the wire as far as the engine sees it: headers and body
	BytesOut  int64
	Redirects int64
	Latency   *hist.Hist // from the intended start (open model) or the send (closed)
	Service   *hist.Hist // from the send; nil in the closed model, where it equals Latency
	FirstByte *hist.Hist // send to first response byte
	Body      *hist.Hist // first response byte to the last one

	// Only samples that opened a connection: the whole of it, and its parts.
	Connect, DNS, TCP, TLS *hist.Hist
}

// Cause says why a request failed.
type Cause string

// The causes. CauseStatus is a response whose status was not expected.
const (
	CauseDNS       Cause = "dns"
	CauseRefused   Cause = "refused"
	CauseConnect   Cause = "connect" // could not connect, other than refused
	CauseTLS       Cause = "tls"
	CauseReset     Cause = "reset"
	CauseClosed    Cause = "closed" // connection ended before the whole response came
	CauseTimeout   Cause = "timeout"
	CauseMalformed Cause = "malformed" // not HTTP
	CauseTooLarge  Cause = "too_large"
	CauseStatus    Cause = "status"
	CauseBody      Cause = "body"     // the body lacks a text or does not match
	CauseCheck     Cause = "check"    // header, JSON value, size or checksum is not the expected one
	CauseExtract   Cause = "extract"  // nothing there to extract
	CauseRedirect  Cause = "redirect" // too many, or to nowhere
	CauseStopped   Cause = "stopped"  // cut off by a stop-now or the end of the drain
	CauseData      Cause = "data"     // unique rows are used up
	CauseOther     Cause = "other"
)
