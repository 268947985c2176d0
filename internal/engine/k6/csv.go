package k6

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// csvReader puts k6's rows together: k6 writes the nine samples of a request one
// after the other, http_reqs first.
type csvReader struct {
	to      *sink
	columns []string           // of tags, after name, time and value
	sets    map[string]*tagSet // by the text of a row's tags
	metrics map[string]*metric // by name
	open    *trail             // the request whose rows are coming
	openSet *tagSet            // its tags
}

const mostCSVSets = 50_000

// readCSV reads to the end of k6's CSV output.
func readCSV(in *bufio.Reader, to *sink) error {
	defer to.flush()
	head, err := line(in, nil)
	if err != nil {
		return nil // k6 ended before it had anything to say; its exit tells why
	}
	columns := strings.Split(strings.TrimSpace(string(head)), ",")
	if len(columns) < 5 || columns[0] != "metric_name" {
		return load.Errorf(load.Invalid, "k6's CSV begins with %.80q, want metric_name and its columns", head)
	}
	r := &csvReader{to: to, columns: columns[3:], sets: map[string]*tagSet{}, metrics: map[string]*metric{}}
	var buf []byte
	for {
		if in.Buffered() == 0 {
			to.flush()
		}
		buf, err = line(in, buf[:0])
		if len(buf) > 0 && err == nil {
			if err := r.row(buf); err != nil {
				return err
			}
		}
		if err != nil {
			r.finish()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// line reads one row, whose quotes may hold line ends. It appends to buf.
func line(in *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		buf = append(buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if len(buf) > 4*mostText {
				return buf, fmt.Errorf("a row of more than %d bytes", len(buf))
			}
			continue
		case err != nil:
			return buf, err
		}
		if bytes.Count(buf, []byte{'"'})%2 == 0 {
			return bytes.TrimRight(buf, "\r\n"), nil
		}
	}
}

// row takes one sample.
func (r *csvReader) row(row []byte) error {
	name, rest, ok1 := bytes.Cut(row, []byte{','})
	stamp, rest, ok2 := bytes.Cut(rest, []byte{','})
	number, tags, ok3 := bytes.Cut(rest, []byte{','})
	if !ok1 || !ok2 || !ok3 {
		return fmt.Errorf("a row without its columns: %.80q", row)
	}
	ns, err := strconv.ParseInt(string(stamp), 10, 64)
	if err != nil {
		return fmt.Errorf("a row's time: %w", err)
	}
	v, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return fmt.Errorf("a row's value: %w", err)
	}
	set, err := r.set(tags)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(name, []byte("http_req")) && r.part(string(name), set, ns, v) {
		return nil
	}
	r.finish()
	m := r.metrics[string(name)]
	if m == nil {
		kind := kindOf(string(name))
		if own, ok := r.to.kinds[string(name)]; ok {
			kind = own
		}
		m = r.to.metric(string(name), kind.kind, kind.unit)
		r.metrics[string(name)] = m
	}
	r.to.value(m, set, ns, v)
	return nil
}

// part takes a row of a request; false: it is none.
func (r *csvReader) part(name string, set *tagSet, ns int64, v float64) bool {
	if name == "http_reqs" {
		r.finish()
		r.open, r.openSet = &trail{end: ns, failed: 2}, set
		return true
	}
	t := r.open
	if t == nil {
		return false
	}
	d := time.Duration(v * float64(time.Millisecond))
	switch name {
	case "http_req_duration":
		t.duration = d
	case "http_req_blocked":
		t.blocked = d
	case "http_req_connecting":
		t.connecting = d
	case "http_req_tls_handshaking":
		t.tls = d
	case "http_req_sending":
		t.sending = d
	case "http_req_waiting":
		t.waiting = d
	case "http_req_receiving":
		t.receiving = d
	case "http_req_failed":
		t.failed = byte(min(1, max(0, v)))
	default:
		return false
	}
	return true
}

// finish counts the request whose rows are all there.
func (r *csvReader) finish() {
	if r.open != nil {
		r.to.request(r.openSet, r.open)
		r.open = nil
	}
}

// set works a row's tags out, once for all rows that have the same.
func (r *csvReader) set(tags []byte) (*tagSet, error) {
	if known := r.sets[string(tags)]; known != nil { // no allocation
		return known, nil
	}
	cells, err := csv.NewReader(bytes.NewReader(tags)).Read()
	if err != nil {
		return nil, fmt.Errorf("a row's tags: %w", err)
	}
	pairs := map[string]string{}
	for i, cell := range cells {
		switch {
		case i >= len(r.columns) || cell == "":
		case r.columns[i] == "extra_tags":
			for pair := range strings.SplitSeq(cell, "&") {
				name, value, _ := strings.Cut(pair, "=")
				pairs[name] = value
			}
		case r.columns[i] == "metadata":
		default:
			pairs[r.columns[i]] = cell
		}
	}
	if len(r.sets) >= mostCSVSets {
		clear(r.sets)
	}
	set := r.to.tagSet(pairs)
	r.sets[string(tags)] = set
	return set, nil
}

// kindOf is what CSV does not say of k6's own metrics. All that is not known is
// a trend.
func kindOf(name string) metricKind {
	switch name {
	case "checks", "http_req_failed":
		return metricKind{kind: load.MetricRate}
	case "vus", "vus_max":
		return metricKind{kind: load.MetricGauge}
	case "data_sent", "data_received":
		return metricKind{load.MetricCounter, "B"}
	case "iterations", "dropped_iterations", "http_reqs", "ws_sessions", "ws_msgs_sent", "ws_msgs_received",
		"grpc_streams", "grpc_streams_msgs_sent", "grpc_streams_msgs_received":
		return metricKind{kind: load.MetricCounter}
	}
	if strings.HasSuffix(name, "_duration") || strings.HasPrefix(name, "http_req_") {
		return metricKind{load.MetricTrend, "ms"}
	}
	return metricKind{kind: load.MetricTrend}
}
