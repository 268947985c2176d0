package cloudformation_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestRightsAreHeldToResources: no statement is on everything whose actions IAM
// can hold to single resources. What IAM can is AWS's own list, as cfn-lint has it.
func TestRightsAreHeldToResources(t *testing.T) {
	t.Parallel()
	open(t)
	known := actions(t)
	for _, file := range []string{serverFile, regionFile} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var root yaml.Node
		if err := yaml.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		found := 0
		statements(&root, func(line int, effect string, actions []string, everything, condition bool) {
			found++
			if effect != "Allow" {
				t.Errorf("%s:%d: %s", file, line, effect)
			}
			for _, action := range actions {
				scoped, ok := known[action]
				switch {
				case !ok:
					t.Errorf("%s:%d: AWS knows no action %s", file, line, action)
				case everything && scoped && !(condition && heldByCondition(action)):
					t.Errorf("%s:%d: %s is allowed on everything, and IAM can hold it to resources", file, line, action)
				}
			}
		})
		if found < 5 {
			t.Errorf("%s: found %d statements only", file, found)
		}
	}
}

// heldByCondition are actions whose kind of resource is not what we ask for.
func heldByCondition(action string) bool {
	switch action {
	case "ecs:ListTasks", // by container instance, which Fargate has none of; held by cluster
		"cloudwatch:GetMetricData": // by data set, which the usage metrics are none of; held by region
		return true
	}
	return false
}

// actions are all that AWS has, with whether IAM can hold them to resources.
func actions(t *testing.T) map[string]bool {
	t.Helper()
	const read = `
import json, cfnlint, os
with open(os.path.join(os.path.dirname(cfnlint.__file__), "data/AdditionalSpecs/Policies.json")) as f:
    services = json.load(f)
print(json.dumps({s + ":" + a: bool(d.get("Resources")) for s, about in services.items() for a, d in about["Actions"].items()}))
`
	out, err := exec.CommandContext(t.Context(), os.Getenv("ONRUSH_TEST_AWS_PYTHON"), "-c", read).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// statements visits every statement of rights in a template, but those about who
// may take a role.
func statements(node *yaml.Node, visit func(line int, effect string, actions []string, everything, condition bool)) {
	fields := map[string]*yaml.Node{}
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = node.Content[i+1]
		}
	}
	if effect, action, resource := fields["Effect"], fields["Action"], fields["Resource"]; effect != nil && action != nil && resource != nil {
		list := []string{action.Value}
		if action.Kind == yaml.SequenceNode {
			list = nil
			for _, one := range action.Content {
				list = append(list, one.Value)
			}
		}
		visit(node.Line, effect.Value, list, resource.Value == "*", fields["Condition"] != nil)
	}
	for _, below := range node.Content {
		statements(below, visit)
	}
}
