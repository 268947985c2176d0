// Package windows makes windows as agents send them, for measurements that
// replay many: so many tasks in so many regions, each with so many labels. The
// latencies are log-normal, each region slower than the one before. Read New
// first.
package windows

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// Shape says how many windows there are and what they hold.
type Shape struct {
	Regions, Tasks int // tasks in each region
	Labels         int // in each window
	Samples        int // of each label in each window
	Variants       int // different seconds, used in turn
	Seconds        int // of the planned run
}

// Set is the windows of a shape, and the scenario that they could come from.
type Set struct {
	Shape
	Scenario load.Scenario
	Plan     load.Plan
	protos   map[string][]*load.Window // by task; one for each variant
}

// New makes a set.
func New(shape Shape) (*Set, error) {
	s := &Set{Shape: shape, protos: map[string][]*load.Window{}}
	scenario := load.Scenario{
		Name: "replayed", Description: "Made-up windows, replayed by a measurement.",
		Load: load.Load{Users: 10, Duration: load.Duration(time.Duration(shape.Seconds) * time.Second)},
	}
	for l := range shape.Labels {
		scenario.Requests = append(scenario.Requests, load.Request{Label: label(l), URL: fmt.Sprintf("http://127.0.0.1:8090/path/%d", l)})
	}
	in := load.PlanInput{Regions: map[string]load.Region{}, Capacity: map[string]load.Capacity{}}
	for r := range shape.Regions {
		name := fmt.Sprintf("region%d", r+1)
		in.Regions[name], in.Capacity[name] = load.Region{Name: name, Driver: "local"}, load.Capacity{}
		scenario.Regions = append(scenario.Regions, load.RegionLoad{Name: name, Tasks: shape.Tasks})
	}
	s.Scenario = load.WithDefaults(scenario)
	in.Scenario = s.Scenario
	plan, err := load.NewPlan(in)
	if err != nil {
		return nil, err
	}
	s.Plan = *plan
	random := rand.New(rand.NewPCG(1, 2))
	for i, region := range plan.Regions {
		for _, task := range region.Tasks {
			for v := range shape.Variants {
				wave := 1 + 0.5*math.Sin(2*math.Pi*float64(v)/float64(shape.Variants))
				s.protos[task.Name] = append(s.protos[task.Name], s.window(random, task.Name, 5000*math.Pow(2, float64(i))*wave))
			}
		}
	}
	return s, nil
}

func label(l int) string { return fmt.Sprintf("GET /path/%d", l) }

func (s *Set) window(random *rand.Rand, task string, median float64) *load.Window {
	w := &load.Window{Task: task, Users: 10, Started: int64(s.Labels * s.Samples), Health: load.Health{CPU: 0.5, RSS: 40 << 20}}
	for l := range s.Labels {
		failures := int64(s.Samples / 100)
		e := load.Entry{
			Label: label(l), Requests: int64(s.Samples), Failures: failures, BytesIn: 1 << 20, BytesOut: 1 << 14,
			Statuses: map[int]int64{200: int64(s.Samples) - failures}, Latency: hist.New(), FirstByte: hist.New(),
		}
		if failures > 0 {
			e.Statuses[503], e.Causes = failures, map[load.Cause]int64{load.CauseStatus: failures}
		}
		for range s.Samples {
			v := median * math.Exp(0.5*random.NormFloat64())
			e.Latency.Record(int64(v))
			e.FirstByte.Record(int64(v * 0.8))
		}
		w.Entries = append(w.Entries, e)
	}
	return w
}

// Tasks are the names of all tasks, region by region.
func (s *Set) Tasks() []string {
	var names []string
	for _, region := range s.Plan.Regions {
		for _, task := range region.Tasks {
			names = append(names, task.Name)
		}
	}
	return names
}

// Window is the encoded window of one task for one second. Not safe for
// concurrent calls on one task.
func (s *Set) Window(task string, second int) []byte {
	w := s.protos[task][second%s.Variants]
	w.Second, w.Seq = second, uint64(second+1)
	w.Until, w.Sent = int64(second+1)*1e6, s.Sent(second+1)
	return load.AppendWindow(nil, w)
}

// Sent is how many samples one task has sent in so many seconds.
func (s *Set) Sent(seconds int) int64 { return int64(seconds) * int64(s.Labels) * int64(s.Samples) }

// Rows are the tasks as control would show them.
func (s *Set) Rows(run string, status load.TaskStatus) []load.Task {
	var rows []load.Task
	for _, region := range s.Plan.Regions {
		for _, task := range region.Tasks {
			row := load.Task{Run: run, Name: task.Name, Region: region.Name, Index: task.Index, Status: status, SkewMS: new(float64)}
			if status == load.TaskDone {
				row.Sent, row.Final = s.Sent(s.Seconds), true
			}
			rows = append(rows, row)
		}
	}
	return rows
}
