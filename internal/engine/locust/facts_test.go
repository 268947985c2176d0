package locust_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/locust"
	"onrush.dev/onrush/internal/load"
)

const described = `
import locust
from locust import HttpUser, FastHttpUser, TaskSet, task, tag, between, constant_pacing, events
@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--shop", env_var="SHOP", default="main")
@events.init.add_listener
def init(environment, **_):
    open("init-ran", "w").write("x")
class Inner(TaskSet):
    @tag("deep")
    @task
    def one(self): pass
class Shopper(HttpUser):
    host = "http://shop.test"
    weight = 3
    wait_time = between(1, 2.5)
    tasks = {Inner: 1}
    @tag("quick")
    @task(3)
    def look(self): self.client.get("/")
class Robot(FastHttpUser):
    fixed_count = 2
    wait_time = constant_pacing(4)
    @task
    def scan(self): pass
`

// facts inspects a script in a folder of its own.
func facts(t *testing.T, s load.Scenario, script string, beside ...file) (load.ScriptFacts, string, error) {
	t.Helper()
	k := task(t, script, load.Order{Scenario: s}, append(beside, file{"README", ""})...)
	err := k.Engine.Prepare(t.Context(), k.Job)
	t.Cleanup(func() { stopped(t, k, err) })
	return *k.Engine.(engine.Teller).Facts(), k.Job.Dir, err
}

// stopped ends a task that was prepared.
func stopped(t *testing.T, k *enginetest.Task, err error) {
	if err == nil {
		e := k.Engine.(*locust.Engine)
		k.Engine = prepared{e}
		k.Job.Start = time.Now().Add(time.Hour)
		done, cancel := contextThatEnds()
		defer cancel()
		if err := e.Run(done, k.Job); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatAScriptSays(t *testing.T) {
	t.Parallel()
	f, _, err := facts(t, load.Scenario{}, described, file{"pyproject.toml", "[tool.locust]\nusers = 12\nspawn-rate = 3\nrun-time = \"90s\"\ntags = [\"quick\"]\n"})
	if err != nil {
		t.Fatal(err)
	}
	if f.Users != 12 || f.Duration != load.Duration(90*time.Second) || !strings.HasPrefix(f.Tool, "Locust 2.") || f.Entry != "test.py" {
		t.Errorf("got %+v", f)
	}
	var lines []string
	for _, p := range f.Parts {
		lines = append(lines, strings.Join([]string{p.Name, p.Kind, p.Text}, " | "))
	}
	for _, want := range []string{
		"start | users at the start | 3/s",
		"Shopper | HttpUser | http://shop.test, waits between(1, 2.5); tasks Inner 25 % (deep), look 75 % (quick)",
		"Robot | FastHttpUser | waits constant_pacing(4); tasks scan 100 %",
		"--shop | argument | env SHOP sets it",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("there is no part %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, "Robot has no host") || !strings.Contains(notes, "with the tags quick") {
		t.Errorf("notes are %q", notes)
	}
}

func TestWhatAShapeSays(t *testing.T) {
	t.Parallel()
	shape := "\nclass Waves(locust.LoadTestShape):\n    def tick(self):\n        now = self.get_run_time()\n        return None if now >= 60 else (int(now) // 20 * 10 + 5, 2)\n"
	f, _, err := facts(t, load.Scenario{}, described+shape)
	if err != nil {
		t.Fatal(err)
	}
	if f.Users != 25 || f.Duration != load.Duration(time.Minute) {
		t.Errorf("got %d users for %s, want 25 for 1m", f.Users, f.Duration)
	}
	if got := strings.Join(f.Parts[0].Stages, ", "); f.Parts[0].Name != "Waves" || got != "5 at 0s, 15 at 20s, 25 at 40s" {
		t.Errorf("the shape is %+v", f.Parts[0])
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	user := "from locust import HttpUser, task\nclass A(HttpUser):\n    host = 'http://127.0.0.1:1'\n    @task\n    def t(self): pass\n"
	shape := user + "from locust import LoadTestShape\nclass Bumps(LoadTestShape):\n    def tick(self): return 1, 1\n"
	tests := map[string]struct {
		script   string
		scenario load.Scenario
		beside   []file
		want     string // in the error
	}{
		"syntax error":        {script: user + "class B(:\n", want: "test.py line 6: SyntaxError"},
		"missing module":      {script: "import nowhere_to_be_found\n" + user, want: "test.py line 1: ModuleNotFoundError"},
		"throws":              {script: user + "raise ValueError('no luck today')\n", want: "test.py line 6: ValueError: no luck today"},
		"throws in a module":  {script: "import other\n" + user, beside: []file{{"other.py", "\n\n1/0\n"}}, want: "other.py line 3: ZeroDivisionError"},
		"no user":             {script: "x = 1\n", want: "No User class found"},
		"master":              {script: user, beside: []file{{"locust.conf", "master = true\n"}}, want: "master"},
		"load by environment": {script: user, scenario: load.Scenario{Env: map[string]string{"LOCUST_USERS": "9"}}, want: "LOCUST_USERS"},
		"rate":                {script: user, scenario: load.Scenario{Load: load.Load{Rate: 5, Duration: load.Duration(time.Second)}}, want: "constant_throughput"},
		"iterations":          {script: user, scenario: load.Scenario{Load: load.Load{Users: 1, Iterations: 5}}, want: "load.iterations"},
		"users of a shape":    {script: shape, scenario: load.Scenario{Load: load.Load{Users: 5}}, want: "Bumps"},
		"requirements":        {script: user, beside: []file{{"requirements.txt", "no-such-package-of-onrush==999\n"}}, want: "requirements.txt cannot be installed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := facts(t, test.scenario, test.script, test.beside...)
			if err == nil || load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an invalid error with %q", err, test.want)
			}
		})
	}
}

func TestOverridesAreShown(t *testing.T) {
	t.Parallel()
	said := load.ScriptFacts{Users: 12, Duration: load.Duration(time.Minute), Parts: []load.ScriptPart{
		{Name: "start", Kind: "users at the start", Users: 12, Text: "3/s"}, {Name: "A", Kind: "HttpUser"},
	}}
	regions := []load.RegionLoad{{Name: "local", Tasks: 2}}
	for name, test := range map[string]struct {
		load load.Load
		want []string
	}{
		"nothing":  {},
		"users":    {load.Load{Users: 25}, []string{"users: script says 12, scenario says 50", "spawn rate: script says 3/s, scenario says all at once"}},
		"duration": {load.Load{Duration: load.Duration(5 * time.Second)}, []string{"duration: script says 1m, scenario says 5s"}},
		"ramp": {
			load.Load{TotalUsers: 50, RampUp: load.Duration(10 * time.Second), HoldFor: load.Duration(20 * time.Second)},
			[]string{"stages: script says 12, scenario says to 50 in 10s, to 50 in 20s"},
		},
	} {
		got, err := locust.New().Override(load.Scenario{Engine: locust.Name, Load: test.load, Regions: regions}, said)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var lines []string
		for _, o := range got {
			lines = append(lines, o.String())
		}
		if !slices.Equal(lines, test.want) {
			t.Errorf("%s: got %q, want %q", name, lines, test.want)
		}
	}
}
