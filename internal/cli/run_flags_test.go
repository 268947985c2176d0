package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
)

// parseRun reads the arguments of `onrush run` as the program does.
func parseRun(t *testing.T, args ...string) *runCmd {
	t.Helper()
	a := &app{}
	parser, err := newParserOf(a, &Env{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"run"}, args...)); err != nil {
		t.Fatal(err)
	}
	return &a.Run
}

func TestFlagsMakeAScenario(t *testing.T) {
	t.Parallel()
	got, err := parseRun(t, "http://localhost:8080/x?y=1", "-r", "6000/m", "-d", "1m30s", "--ramp-up", "10s", "-n", "500",
		"--region", "eu:2", "--region", "us", "--criterion", "p95 < 300ms", "--criteria", "failures < 1%, stop",
		"-H", "Accept: text/html, */*", "-m", "POST", "--body", "a=b", "--variable", "v=1,2").source(&Env{})
	if err != nil {
		t.Fatal(err)
	}
	s := got.scenario
	want := load.Load{Rate: 100, Duration: load.Duration(90 * time.Second), RampUp: load.Duration(10 * time.Second), Requests: 500}
	if diff := cmp.Diff(want, s.Load); diff != "" {
		t.Errorf("load:\n%s", diff)
	}
	if diff := cmp.Diff([]load.RegionLoad{{Name: "eu", Tasks: 2}, {Name: "us", Tasks: 1}}, s.Regions); diff != "" {
		t.Errorf("regions:\n%s", diff)
	}
	request := load.Request{Method: "POST", URL: "http://localhost:8080/x?y=1", Body: "a=b", Headers: map[string]string{"Accept": "text/html, */*"}}
	if diff := cmp.Diff([]load.Request{request}, s.Requests); diff != "" {
		t.Errorf("requests:\n%s", diff)
	}
	if len(s.Criteria) != 2 || s.Criteria[1].Text != "failures < 1%, stop" {
		t.Errorf("criteria: got %v", s.Criteria)
	}
	if s.Name != "localhost-8080" || s.Variables["v"] != "1,2" {
		t.Errorf("got name %q and variables %v", s.Name, s.Variables)
	}
}

func TestBareURL(t *testing.T) {
	t.Parallel()
	src, err := parseRun(t, "https://[::1]:8443").source(&Env{})
	if err != nil {
		t.Fatal(err)
	}
	want := load.Load{Users: defaultUsers, Duration: load.Duration(defaultDuration)}
	if diff := cmp.Diff(want, src.scenario.Load); diff != "" {
		t.Errorf("load:\n%s", diff)
	}
	if src.scenario.Name != "1-8443" {
		t.Errorf("name: got %q", src.scenario.Name)
	}
}

func TestFlagsOverAFile(t *testing.T) {
	t.Parallel()
	src, err := parseRun(t, "../../examples/quickstart.yaml", "-c", "5", "-d", "30s", "--region", "mars:3").source(&Env{})
	if err != nil {
		t.Fatal(err)
	}
	l := src.scenario.Load
	if l.Users != 5 || l.Rate != 0 || l.Duration != load.Duration(30*time.Second) {
		t.Errorf("load: got %+v", l)
	}
	if len(src.scenario.Regions) != 1 || src.scenario.Regions[0].Name != "mars" {
		t.Errorf("regions: got %+v", src.scenario.Regions)
	}
	if len(src.scenario.Criteria) != 3 {
		t.Errorf("the file's criteria went: got %v", src.scenario.Criteria)
	}
}

func TestFlagFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"localhost:8080"}, "http://"},
		{[]string{"http://"}, "host"},
		{[]string{"../../examples/stages.yaml", "-d", "5s"}, "stages"},
		{[]string{"../../examples/closed.yaml", "-m", "POST"}, "--method"},
		{[]string{"http://localhost/", "-c", "5", "-r", "5"}, "rate"},
		{[]string{"http://localhost/", "-d", "5s", "--ramp-up", "10s"}, "ramp_up"},
	} {
		_, err := parseRun(t, tc.args...).source(&Env{})
		var said strings.Builder
		exitCode(&said, err)
		if !strings.Contains(said.String(), tc.want) || strings.Contains(said.String(), "line ") {
			t.Errorf("%v: got %q, want a word on %s and no line number", tc.args, said.String(), tc.want)
		}
	}
}

// TestChangeRefusesZero: a level of zero would be read as none given.
func TestChangeRefusesZero(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--users", "--total-users", "--rate"} {
		var said strings.Builder
		env := Env{Context: t.Context(), Out: &said, Err: &said}
		code := Main(env, []string{"runs", "change", "r1", flag, "0"})
		if code != exitCannot || !strings.Contains(said.String(), flag+": found \"0\"") {
			t.Errorf("%s 0: exit code %d and %q, want 1 and the flag named", flag, code, said.String())
		}
	}
}
