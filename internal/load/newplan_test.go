package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// scenario is a small right one with the given load.
func scenario(change func(*Scenario)) Scenario {
	s := Scenario{
		Name:     "shop",
		Requests: []Request{{URL: "http://127.0.0.1/"}},
		Load:     Load{Users: 10, Duration: 60e9},
	}
	change(&s)
	return s
}

func input(s Scenario) PlanInput {
	in := PlanInput{Scenario: s, Regions: map[string]Region{}, Capacity: map[string]Capacity{}, Data: map[string]DataFacts{}}
	for _, r := range WithDefaults(s).Regions {
		in.Regions[r.Name] = Region{Name: r.Name, Driver: "local"}
		in.Capacity[r.Name] = Capacity{Limit: 100}
	}
	return in
}

func mustPlan(t *testing.T, in PlanInput) *Plan {
	t.Helper()
	p, err := NewPlan(in)
	if err != nil {
		t.Fatalf("%v\n%v", err, Problems(err))
	}
	return p
}

func tasksOf(p *Plan) []PlanTask {
	var tasks []PlanTask
	for _, r := range p.Regions {
		tasks = append(tasks, r.Tasks...)
	}
	return tasks
}

func TestPlanOfUsersInEachTask(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Users: 10, RampUp: 10e9, HoldFor: 20e9, RampDown: 5e9, Requests: 1000}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 2}, {Name: "us", Users: 30}}
	})))
	if p.Model != Closed || p.Tasks != 3 || p.Users != 50 || p.Requests != 1000 || p.Duration != 35e9 {
		t.Errorf("got %+v", p)
	}
	if got := fmt.Sprint(p.Profile.Points); got != "[{0s 0} {10s 50} {30s 50} {35s 0}]" {
		t.Errorf("profile is %s", got)
	}
	var got []string
	for _, task := range tasksOf(p) {
		got = append(got, fmt.Sprint(task.Name, " ", task.Index, " ", task.Users, " ", task.Requests))
	}
	if fmt.Sprint(got) != "[eu-1 0 10 200 eu-2 1 10 200 us-1 2 30 600]" {
		t.Errorf("tasks are %v", got)
	}
	if p.Regions[0].Users != 20 || p.Regions[1].Users != 30 || p.Regions[0].Driver != "local" {
		t.Errorf("regions are %+v", p.Regions)
	}
	order := p.Order(tasksOf(p)[2])
	if order.Task != "us-1" || order.Region != "us" || order.Index != 2 || order.Count != 3 || order.Requests != 600 || order.Iterations != 0 || order.Model != Closed {
		t.Errorf("order is %+v", order)
	}
}

func TestPlanOfARate(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Rate: 100, RampUp: 10e9, Duration: 30e9, Requests: 5000}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 2, Share: 600_000}, {Name: "us", Tasks: 1, Share: 400_000}}
	})))
	if p.Model != Open || p.Rate != 100 || p.Expected != 2500 || p.Users != 0 {
		t.Errorf("got %+v", p)
	}
	for i, want := range []float64{30, 30, 40} {
		if got := tasksOf(p)[i].Rate; got != want {
			t.Errorf("task %d has the rate %v, want %v", i, got, want)
		}
	}
	if order := p.Order(tasksOf(p)[0]); order.Requests != 5000 {
		t.Errorf("the limit in an open order is %d, want the run's 5000", order.Requests)
	}
}

func TestPlanOfStagesAndRegionRates(t *testing.T) {
	t.Parallel()
	five, zero := 5, 0
	p := mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Stages: []Stage{{Duration: 10e9, Users: &five}, {Users: &zero}, {Duration: 5e9, Users: &five}}}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 4}}
	})))
	if got := fmt.Sprint(p.Profile.Points); got != "[{0s 0} {10s 20} {10s 0} {15s 20}]" || p.Users != 20 {
		t.Errorf("profile is %s of %d users", got, p.Users)
	}
	p = mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Duration: 10e9}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 2, Rate: 0.5}, {Name: "us", Rate: 3}}
	})))
	if p.Rate != 4 || p.Regions[0].Rate != 1 || p.Regions[1].Rate != 3 || p.Expected != 40 {
		t.Errorf("got %+v", p)
	}
}

// TestPlansAddUp: whatever is planned, what tasks get is what was asked.
func TestPlansAddUp(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		s := randomLoad(r)
		in := input(s)
		in.Data["rows.csv"] = DataFacts{Columns: []string{"id"}, Rows: 1000 + r.IntN(1000)}
		p := mustPlan(t, in)
		users, rate, requests, iterations, rows := 0, 0.0, int64(0), int64(0), 0
		for _, task := range tasksOf(p) {
			users, rate, rows = users+task.Users, rate+task.Rate, rows+task.Rows["rows"]
			requests, iterations = requests+task.Requests, iterations+task.Iterations
		}
		if users != p.Users || math.Abs(rate-p.Rate) > 1e-6 || requests != p.Requests || iterations != p.Iterations || rows != p.Data[0].Rows || len(tasksOf(p)) != p.Tasks {
			t.Fatalf("%+v\ntasks have %d users, %v/s, %d requests, %d iterations, %d rows, want %d, %v, %d, %d, %d",
				s.Load, users, rate, requests, iterations, rows, p.Users, p.Rate, p.Requests, p.Iterations, p.Data[0].Rows)
		}
	}
}

// randomLoad is a right scenario of any kind of load.
func randomLoad(r *rand.Rand) Scenario {
	return scenario(func(s *Scenario) {
		s.Data = []Data{{File: "rows.csv", Sharing: DataSplit}}
		s.Load = Load{Duration: Duration(1+r.IntN(100)) * 1e9, Requests: r.Int64N(5000)}
		kind := r.IntN(5)
		left := Whole
		for i := range 1 + r.IntN(4) {
			region := RegionLoad{Name: fmt.Sprintf("r%d", i), Tasks: 1 + r.IntN(7)}
			switch {
			case kind == 0:
				region.Users = 1 + r.IntN(50)
			case kind == 1:
				region.Rate = Rate(1+r.IntN(1000)) / 8
			case kind > 2:
				region.Share = 1 + Percent(r.Int64N(int64(left)/2))
				left -= region.Share
			}
			s.Regions = append(s.Regions, region)
		}
		if kind > 2 {
			s.Regions[len(s.Regions)-1].Share += left
		}
		switch kind {
		case 2:
			s.Load.Users = 1 + r.IntN(50)
		case 3:
			s.Load.TotalUsers, s.Load.Iterations = 1+r.IntN(500), r.Int64N(300)
		case 4:
			s.Load.Rate = Rate(1+r.IntN(100_000)) / 7
		}
	})
}

// TestEqualRegionsShareAGroup: a plan stays small with many regions.
func TestEqualRegionsShareAGroup(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Rate: 100, Duration: 10e9}
		for i := range 50 {
			s.Regions = append(s.Regions, RegionLoad{Name: fmt.Sprintf("r%d", i), Tasks: 1 + i%2})
		}
	})))
	seen := map[int64]bool{}
	for _, task := range tasksOf(p) {
		if len(task.Share.Groups) != 1 {
			t.Fatalf("tasks of equal weight are in %d groups", len(task.Share.Groups))
		}
		seen[task.Share.At(0)] = true
	}
	if len(seen) != 75 {
		t.Errorf("75 tasks have %d first units", len(seen))
	}
}

func TestPlanWarns(t *testing.T) {
	t.Parallel()
	in := input(scenario(func(s *Scenario) {
		s.Load = Load{TotalUsers: 3, Duration: 10e9, Iterations: 2}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 5}}
		s.Data = []Data{{File: "few.csv", Sharing: DataUnique}}
	}))
	in.Data["few.csv"] = DataFacts{Columns: []string{"id"}, Rows: 2}
	in.Capacity["eu"] = Capacity{Limit: 6, InUse: 4, Quotas: []Quota{{Name: "vCPU", Limit: 8, InUse: 6.5, Unit: "cores", Tasks: 3}}}
	p := mustPlan(t, in)
	for _, words := range []string{"2 tasks have none", "1 tasks get none of it", "room for 2 more tasks", "quota vCPU leaves room for 3 tasks now and the plan has 5: 6.5 of 8 cores", "2 unique rows for 5 tasks"} {
		if !strings.Contains(strings.Join(p.Warnings, "\n"), words) {
			t.Errorf("no warning says %q: %q", words, p.Warnings)
		}
	}
	if order := p.Order(tasksOf(p)[4]); order.Iterations != Nothing || order.Requests != 0 {
		t.Errorf("a task without a part of the limit is ordered %d iterations and %d requests, want %d and no limit", order.Iterations, order.Requests, Nothing)
	}
	rate := mustPlan(t, input(scenario(func(s *Scenario) {
		s.Load = Load{Rate: 1, Duration: 3e9}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 5}}
	})))
	if len(rate.Warnings) != 1 || !strings.Contains(rate.Warnings[0], "2 tasks send none") {
		t.Errorf("3 requests over 5 tasks: warnings %q", rate.Warnings)
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	in := input(scenario(func(s *Scenario) {
		s.Requests = []Request{{URL: "http://127.0.0.1/${id}/${b.town}/${twon}/${name}"}}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 5}}
		s.Data = []Data{{File: "a.csv"}, {File: "b.csv"}}
	}))
	in.Data["a.csv"] = DataFacts{Columns: []string{"\ufeffid", "name"}, Rows: 9}
	in.Data["b.csv"] = DataFacts{Columns: []string{"town", "name"}, Rows: 9}
	wantProblems(t, in, "requests[0].url: ${twon} is neither", "requests[0].url: ${name} is a column of both a and b: write ${a.name}")

	in.Scenario.Data[0].Sharing, in.Scenario.Data[1].Sharing = DataUnique, DataSplit
	in.Data["a.csv"] = DataFacts{Columns: []string{"id"}}
	in.Data["b.csv"] = DataFacts{Columns: []string{"town"}, Rows: 4}
	in.Capacity["eu"] = Capacity{Limit: 4, Note: "vCPU quota"}
	wantProblems(t, in, "regions[0].tasks: region eu can run at most 4 tasks at once (vCPU quota)",
		"data[0].file: the file \"a.csv\" has no rows", "data[1].sharing: the file \"b.csv\" has 4 rows for 5 tasks")

	delete(in.Regions, "eu")
	in.Regions["us"] = Region{}
	wantProblems(t, in, "regions[0].name: there is no region \"eu\"", "a.csv", "b.csv")
	in.Scenario.Load.Users = 0
	wantProblems(t, in, "load: nothing says how much load there is")
}

// TestPlanKeepsToRegionLimits: what an admin allows a run in a region.
func TestPlanKeepsToRegionLimits(t *testing.T) {
	t.Parallel()
	in := input(scenario(func(s *Scenario) {
		s.Load = Load{TotalUsers: 1000, Duration: 60e9}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 4}, {Name: "us", Tasks: 6}}
	}))
	in.Regions["eu"] = Region{Name: "eu", RunLimit: 3}
	wantProblems(t, in, "regions[0].tasks: region eu allows one run at most 3 tasks")
	in.Regions["eu"] = Region{Name: "eu", RunLimit: 4, UsersPerTask: 90}
	in.Regions["us"] = Region{Name: "us", UsersPerTask: 100}
	wantProblems(t, in, "regions[0].tasks: region eu allows at most 90 users in one task (its users_per_task), and the plan has 100: lower the users, give it at least 5 tasks")
	in.Scenario.Load = Load{Users: 101, Duration: 60e9}
	wantProblems(t, in, "the plan has 101: lower the users, or raise", "regions[1].tasks: region us allows at most 100 users")
	in.Scenario.Load = Load{Rate: 1000, Duration: 60e9}
	mustPlan(t, in)
}

// TestPlanOfMoreThanThereIs: a run that can do without some of its tasks may
// ask for more than its region holds.
func TestPlanOfMoreThanThereIs(t *testing.T) {
	t.Parallel()
	in := input(scenario(func(s *Scenario) {
		s.Regions = []RegionLoad{{Name: "eu", Tasks: 5}}
		s.Start.LateTasks = LateWithout
	}))
	in.Capacity["eu"] = Capacity{Limit: 4, InUse: 1, Note: "vCPU quota"}
	want := "region eu can run at most 4 of its 5 tasks (vCPU quota): the run starts without the others"
	if p := mustPlan(t, in); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], want) || p.Start.LateTasks != LateWithout {
		t.Errorf("warnings %q, want one with %q", p.Warnings, want)
	}
	in.Scenario.Start.LateTasks = LateFail
	wantProblems(t, in, "region eu can run at most 4 tasks at once (vCPU quota)")
}

func wantProblems(t *testing.T, in PlanInput, want ...string) {
	t.Helper()
	_, err := NewPlan(in)
	if ErrorCode(err) != Invalid || len(Problems(err)) != len(want) {
		t.Fatalf("got %v %v, want %d problems", err, Problems(err), len(want))
	}
	for i, p := range Problems(err) {
		if !strings.Contains(p.String(), want[i]) || p.Found == "" || p.Allowed == "" {
			t.Errorf("problem %d is %+v, want one that holds %q and says what is found and allowed", i, p, want[i])
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := scenario(func(s *Scenario) {
		s.Variables = map[string]string{"base": "http://shop.example:81", "id": "7"}
		s.Requests = []Request{{URL: "${base}/item/${id}?x=1", Headers: map[string]string{"A": "b"}}, {URL: "https://shop.example", Method: "HEAD"}, {URL: "${any}"}}
		s.Data = []Data{{File: "data/people.csv"}}
		s.Load = Load{Rate: 5, Duration: 1e9}
	})
	before := fmt.Sprintf("%+v", s)
	d := WithDefaults(s)
	if after := fmt.Sprintf("%+v", s); after != before {
		t.Errorf("the argument was changed:\n%s\n%s", before, after)
	}
	if d.Requests[0].Label != "GET /item/7" || d.Requests[1].Label != "HEAD /" || d.Requests[2].Label != "GET ${any}" {
		t.Errorf("labels are %q, %q, %q", d.Requests[0].Label, d.Requests[1].Label, d.Requests[2].Label)
	}
	r := d.Requests[0]
	if r.Method != "GET" || r.Timeout != 30e9 || *r.Redirects != 10 || fmt.Sprint(r.Expect.Status) != "[200-399]" {
		t.Errorf("request is %+v", r)
	}
	if d.Data[0].Name != "people" || d.Data[0].Sharing != DataSame || d.Regions[0].Name != LocalRegion || d.Regions[0].Tasks != 1 {
		t.Errorf("data and regions are %+v %+v", d.Data, d.Regions)
	}
	if d.Load.Arrivals != ArrivalsConstant || d.Load.MaxConnections != 10_000 || !*d.Connection.KeepAlive || !*d.Connection.TLS.Verify {
		t.Errorf("load and connection are %+v %+v", d.Load, d.Connection)
	}
	if again := WithDefaults(d); fmt.Sprintf("%+v", again.Load) != fmt.Sprintf("%+v", d.Load) || again.Requests[0].Label != d.Requests[0].Label {
		t.Error("defaults of defaults differ")
	}
	if got := Validate(d); len(got) != 0 {
		t.Errorf("a right scenario with its defaults has problems: %v", got)
	}
}

func TestFilePaths(t *testing.T) {
	t.Parallel()
	s := scenario(func(s *Scenario) {
		s.Data = []Data{{File: "a.csv"}, {File: "b.csv"}, {Name: "again", File: "a.csv"}}
		s.Requests = []Request{{BodyFile: "body"}, {BodyFile: "body"}, {}}
		s.Connection.TLS = TLS{CA: "ca", Certificate: "cert", Key: "key"}
	})
	if got := fmt.Sprint(FilePaths(s)); got != "[a.csv b.csv body ca cert key]" {
		t.Errorf("got %s", got)
	}
}
