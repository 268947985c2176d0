package scenfile

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

const (
	docFile     = "../../docs/scenario.md"
	schemaFile  = "../../docs/scenario.schema.json"
	tablesBegin = "<!-- tables: written by make generate from internal/load/scenario.go -->\n"
	tablesEnd   = "<!-- end of tables -->\n"
)

func TestSchemaFileIsFresh(t *testing.T) {
	t.Parallel()
	golden(t, schemaFile, string(Schema()))
}

// TestReferenceIsFresh: the tables of the reference are those of the types.
func TestReferenceIsFresh(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	if !begins || !ends {
		t.Fatalf("%s does not hold the marks %q and %q", docFile, tablesBegin, tablesEnd)
	}
	golden(t, docFile, before+tablesBegin+"\n"+Reference()+tablesEnd+after)
}

// TestExamplesInTheReferenceAreRight: what readers copy from the reference
// works. Each block is a scenario, or a part of one.
func TestExamplesInTheReferenceAreRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("only %d examples found", len(blocks))
	}
	base := map[string]string{
		"name:": "name: part\n", "requests:": "requests: [{url: 'http://127.0.0.1/', label: home}]\n", "load:": "load: {users: 1, duration: 1h}\n",
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		for key, part := range base {
			if key == "requests:" && strings.Contains(block, "flows:\n") {
				continue
			}
			if !strings.HasPrefix(block, key) && !strings.Contains(block, "\n"+key) {
				block += part
			}
		}
		if _, err := Parse("", []byte(block)); err != nil {
			t.Errorf("%v\n%v\n%s", err, load.Problems(err), block)
		}
	}
}

// TestSchemaKnowsEveryField: what Parse takes, the schema has, and nothing else.
func TestSchemaKnowsEveryField(t *testing.T) {
	t.Parallel()
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if strings.Join(schema.Required, " ") != "name" {
		t.Errorf("required are %v", schema.Required)
	}
	for _, f := range fieldsOf(reflect.TypeFor[load.Scenario]()) {
		if _, ok := schema.Properties[f.name]; !ok {
			t.Errorf("the schema has no field %s", f.name)
		}
	}
	for _, f := range fieldsOf(reflect.TypeFor[load.Load]()) {
		if _, ok := schema.Properties["load"].Properties[f.name]; !ok {
			t.Errorf("the schema has no field load.%s", f.name)
		}
	}
}
