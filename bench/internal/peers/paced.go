package peers

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Paced is a load at a rate, as far as a tool can make one.
type Paced struct {
	URL         string
	Rate        float64 // requests a second; 0: as many as so many connections carry
	Connections int
	Duration    time.Duration
	Dir         string // for the files that the tool reads and writes
}

// Latencies are p50, p99 and p99.9 as a tool reports them.
type Latencies [3]time.Duration

// PacedRun is a tool ready to be started at a rate.
type PacedRun struct {
	Cmd *exec.Cmd
	// Report reads from what the tool said or wrote what it reports.
	Report func(said string) (Latencies, error)
}

// PreparePaced gets a tool and prepares a load at a rate.
func PreparePaced(ctx context.Context, name string, p Paced) (*PacedRun, error) {
	path, err := Get(ctx, name)
	if err != nil {
		return nil, err
	}
	calls := map[string]func(context.Context, string, Paced) (*PacedRun, error){
		"wrk": wrkClosed, "hey": heyPaced, "vegeta": vegetaPaced, "fortio": fortioPaced, "oha": ohaPaced, "k6": k6Paced,
	}
	call, known := calls[name]
	if !known {
		return nil, fmt.Errorf("%s is not called at a rate here", name)
	}
	return call(ctx, path, p)
}

const wrkDone = `done = function(summary, latency, requests)
  io.write(string.format("percentiles %d %d %d\n", latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
`

// wrkClosed knows no rate: each connection waits for its response.
func wrkClosed(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	script := filepath.Join(p.Dir, "done.lua")
	if err := os.WriteFile(script, []byte(wrkDone), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, "-t", "1", "-c", fmt.Sprint(p.Connections), "-d", seconds(p.Duration), "-s", script, p.URL)
	report := func(said string) (l Latencies, err error) {
		_, line, _ := strings.Cut(said, "percentiles ")
		var us [3]int64
		_, err = fmt.Sscan(line, &us[0], &us[1], &us[2])
		for i := range us {
			l[i] = time.Duration(us[i]) * time.Microsecond
		}
		return l, err
	}
	return &PacedRun{cmd, report}, nil
}

// heyPaced shares the rate among hey's workers.
func heyPaced(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	cmd := exec.CommandContext(ctx, path, "-z", seconds(p.Duration), "-c", fmt.Sprint(p.Connections),
		"-q", fmt.Sprint(p.Rate/float64(p.Connections)), "-o", "csv", p.URL)
	report := func(said string) (Latencies, error) { return fromCSV(said, 0, float64(time.Second)) }
	return &PacedRun{cmd, report}, nil
}

// vegetaPaced bounds vegeta's workers as everybody's connections are bounded.
func vegetaPaced(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	results := filepath.Join(p.Dir, "paced.bin")
	cmd := exec.CommandContext(ctx, path, "attack", fmt.Sprintf("-rate=%.0f/1s", p.Rate), "-duration="+seconds(p.Duration), "-output="+results,
		"-workers="+fmt.Sprint(p.Connections), "-max-workers="+fmt.Sprint(p.Connections))
	cmd.Stdin = strings.NewReader("GET " + p.URL + "\n")
	report := func(string) (Latencies, error) {
		out, err := exec.CommandContext(ctx, path, "encode", "-to=csv", results).Output()
		if err != nil {
			return Latencies{}, err
		}
		return fromCSV(string(out), 2, 1)
	}
	return &PacedRun{cmd, report}, nil
}

func fortioPaced(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	results := filepath.Join(p.Dir, "fortio.json")
	cmd := exec.CommandContext(ctx, path, "load", "-quiet", "-qps", fmt.Sprint(p.Rate), "-c", fmt.Sprint(p.Connections), "-t", seconds(p.Duration),
		"-p", "50,99,99.9", "-r", "0.0001", "-json", results, p.URL)
	report := func(string) (l Latencies, err error) {
		text, err := os.ReadFile(results)
		if err != nil {
			return l, err
		}
		var found struct {
			DurationHistogram struct {
				Percentiles []struct{ Value float64 }
			}
		}
		if err := json.Unmarshal(text, &found); err != nil {
			return l, err
		}
		if len(found.DurationHistogram.Percentiles) != len(l) {
			return l, errors.New("fortio reports no percentiles")
		}
		for i, v := range found.DurationHistogram.Percentiles {
			l[i] = time.Duration(v.Value * float64(time.Second))
		}
		return l, nil
	}
	return &PacedRun{cmd, report}, nil
}

func ohaPaced(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	cmd := exec.CommandContext(ctx, path, "-z", seconds(p.Duration), "-c", fmt.Sprint(p.Connections), "-q", fmt.Sprintf("%.0f", p.Rate),
		"--latency-correction", "--no-tui", "--output-format", "json", p.URL)
	report := func(said string) (l Latencies, err error) {
		var found struct{ LatencyPercentiles map[string]float64 }
		if err := json.Unmarshal([]byte(said), &found); err != nil {
			return l, err
		}
		for i, name := range []string{"p50", "p99", "p99.9"} {
			l[i] = time.Duration(found.LatencyPercentiles[name] * float64(time.Second))
		}
		return l, nil
	}
	return &PacedRun{cmd, report}, nil
}

const k6PacedScript = `import http from 'k6/http';
export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)'],
  scenarios: { paced: { executor: 'constant-arrival-rate', rate: %.0f, timeUnit: '1s', duration: '%s', preAllocatedVUs: %[3]d, maxVUs: %[3]d } },
};
export default function () { http.get('%[4]s'); }
export function handleSummary(data) {
  const v = data.metrics.http_req_duration.values;
  return { stdout: 'percentiles ' + [v['p(50)'], v['p(99)'], v['p(99.9)']].join(' ') + '\n' };
}
`

func k6Paced(ctx context.Context, path string, p Paced) (*PacedRun, error) {
	script := filepath.Join(p.Dir, "paced.js")
	text := fmt.Appendf(nil, k6PacedScript, p.Rate, seconds(p.Duration), p.Connections, p.URL)
	if err := os.WriteFile(script, text, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, "run", "--quiet", script)
	cmd.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true", "NO_COLOR=1")
	report := func(said string) (l Latencies, err error) {
		_, line, _ := strings.Cut(said, "percentiles ")
		var ms [3]float64
		_, err = fmt.Sscan(line, &ms[0], &ms[1], &ms[2])
		for i := range ms {
			l[i] = time.Duration(ms[i] * float64(time.Millisecond))
		}
		return l, err
	}
	return &PacedRun{cmd, report}, nil
}

// fromCSV works the percentiles out of a column of raw latencies.
func fromCSV(text string, column int, unit float64) (l Latencies, err error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return l, err
	}
	var all []time.Duration
	for _, row := range rows {
		if v, err := strconv.ParseFloat(row[column], 64); err == nil { // not the line of names
			all = append(all, time.Duration(v*unit))
		}
	}
	return Exact(all)
}

// Exact are the percentiles of raw latencies: the smallest one that at least so
// many do not exceed.
func Exact(all []time.Duration) (l Latencies, err error) {
	if len(all) == 0 {
		return l, errors.New("no latencies")
	}
	slices.Sort(all)
	for i, q := range []float64{0.5, 0.99, 0.999} {
		l[i] = all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
	}
	return l, nil
}
