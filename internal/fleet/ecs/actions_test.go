package ecs

import (
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// allowed is one entry of actions.json.
type allowed struct {
	Action   string          `json:"action"`
	Resource json.RawMessage `json:"resource"`
	Why      string          `json:"why"`
	used     bool
}

func (a *allowed) resources(t *testing.T, fill *strings.Replacer) []*regexp.Regexp {
	t.Helper()
	var list []string
	if err := json.Unmarshal(a.Resource, &list); err != nil {
		list = []string{""}
		if err := json.Unmarshal(a.Resource, &list[0]); err != nil {
			t.Fatalf("%s: resource %s: %v", a.Action, a.Resource, err)
		}
	}
	var rules []*regexp.Regexp
	for _, r := range list {
		rules = append(rules, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(fill.Replace(r)), `\*`, ".*")+"$"))
	}
	return rules
}

// A whole life, with everything that the driver can be asked, calls what
// actions.json lists, on what it lists, and nothing else.
func TestActionsAreTrue(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("actions.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Actions []*allowed }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	c := ecstest.New(t, "eu-central-1", 2, 20)
	o := options(t, c)
	o.RoleARN = c.MakeRole(c.Cluster+"-driver", "ecs.amazonaws.com")
	begin := len(c.Calls(0))
	live(t, c, o)
	fill := strings.NewReplacer("${partition}", "aws", "${region}", c.Region, "${account}", "123456789012", "${cluster}", c.Cluster,
		"${execution_role}", c.Execution, "${task_role}", c.Role, "${log_group}", c.LogGroup, "${role_arn}", o.RoleARN)
	calls := append(c.Calls(0)[begin:], c.CallsOf(o.RoleARN)...)
	for _, call := range calls {
		service := map[string]string{"monitoring": "cloudwatch"}[call.Service]
		if service == "" {
			service = call.Service
		}
		name := service + ":" + call.Action
		at := slices.IndexFunc(file.Actions, func(a *allowed) bool { return a.Action == name })
		if at < 0 {
			t.Errorf("%s is called and actions.json does not list it", name)
			continue
		}
		file.Actions[at].used = true
		rules := file.Actions[at].resources(t, fill)
		for _, r := range call.Resources {
			if !slices.ContainsFunc(rules, func(rule *regexp.Regexp) bool { return rule.MatchString(r) }) {
				t.Errorf("%s is called on %s, which actions.json does not list", name, r)
			}
		}
	}
	for _, a := range file.Actions {
		if !a.used {
			t.Errorf("%s is in actions.json and is never called", a.Action)
		}
		if a.Why == "" {
			t.Errorf("%s: actions.json does not say why", a.Action)
		}
	}
}

// live asks a driver for everything.
func live(t *testing.T, c *ecstest.Cloud, o Options) {
	t.Helper()
	d := open(t, o)
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Capacity(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := append(specs("run", "wait", 2), fleet.TaskSpec{Run: "run", Task: "broken", Ticket: "quit"})
	for i := range mostRevisions + 1 { // so that old task definitions are tidied
		name := image + "-" + strings.Repeat("x", i)
		c.Image(name, "sh", "-c", "exit 0")
		list = append(list, fleet.TaskSpec{Run: "run", Task: "other" + strings.Repeat("x", i), Image: name})
	}
	mustStart(t, d, list)
	await(t, d, "run", func(l []fleet.Instance) bool { return in(fleet.Up, 2)(l) && in(fleet.Gone, len(list)-2)(l) })
	r, err := d.Logs(t.Context(), "run", "broken", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	end(t, c, d, "run")
}
