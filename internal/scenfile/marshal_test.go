package scenfile

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
)

// sameAgain: a scenario written as YAML, as JSON and with its defaults is read
// as the same scenario.
func sameAgain(t *testing.T, s load.Scenario) {
	t.Helper()
	for what, s := range map[string]load.Scenario{"as written": s, "with defaults": load.WithDefaults(s)} {
		yaml, err := Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("", yaml)
		if err != nil {
			t.Fatalf("%s, as YAML: %v\n%v\n%s", what, err, load.Problems(err), yaml)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("%s, as YAML (-want +got):\n%s\n%s", what, diff, yaml)
		}
		text, err := json.MarshalIndent(s, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		again, err = Parse("", text)
		if err != nil {
			t.Fatalf("%s, as JSON: %v\n%v\n%s", what, err, load.Problems(err), text)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("%s, as JSON (-want +got):\n%s", what, diff)
		}
		var decoded load.Scenario
		if err := json.Unmarshal(text, &decoded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, decoded); diff != "" {
			t.Errorf("%s, by encoding/json (-want +got):\n%s", what, diff)
		}
	}
}

func TestWholeScenarioIsReadAndWritten(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"full.yaml", "full_open.json", "anchors.yaml", "crlf.yaml"} {
		text, err := os.ReadFile("testdata/good/" + name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(name, text)
		if err != nil {
			t.Errorf("%v\n%v", err, load.Problems(err))
			continue
		}
		sameAgain(t, s)
	}
}
