package cli

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// TestExamples plans every example, its data included, so that what people
// copy from works.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d examples: %v", len(files), err)
	}
	models := map[load.Model]bool{}
	for _, file := range files {
		src, err := readSource(&Env{}, file)
		if err != nil {
			t.Errorf("%s: %v %v", file, err, load.Problems(err))
			continue
		}
		if err := src.filesThere(); err != nil {
			t.Error(err)
		}
		plan, err := load.NewPlan(load.PlanInput{Scenario: src.scenario, Regions: regionsOf(src), Data: dataOf(t, src)})
		if err != nil {
			t.Errorf("%s: %v %v", file, err, load.Problems(err))
			continue
		}
		models[plan.Model] = true
		if plan.Tasks < 2 || len(plan.Criteria) == 0 {
			t.Errorf("%s: %d tasks, %d criteria: an example shows both", file, plan.Tasks, len(plan.Criteria))
		}
		if name := filepath.Base(file); name != src.scenario.Name+".yaml" {
			t.Errorf("%s: its name is %s", file, src.scenario.Name)
		}
	}
	if !models[load.Open] || !models[load.Closed] {
		t.Errorf("the examples show the models %v, want both", models)
	}
}

func regionsOf(src *source) map[string]load.Region {
	regions := map[string]load.Region{}
	for _, r := range localRegions(src.scenario.Regions) {
		regions[r.Name] = r
	}
	return regions
}

func dataOf(t *testing.T, src *source) map[string]load.DataFacts {
	t.Helper()
	facts := map[string]load.DataFacts{}
	for _, d := range src.scenario.Data {
		file, err := os.Open(filepath.Join(src.dir, d.File))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		facts[d.File] = load.DataFacts{Columns: rows[0], Rows: len(rows) - 1}
	}
	return facts
}
