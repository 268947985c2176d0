package control

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"onrush.dev/onrush/internal/load"
)

// Plan works out what a scenario would run now: its regions, their capacity,
// its data files. Nothing is started or stored. files maps the scenario's
// paths to SHA-256 sums in blob.
func (c *Controller) Plan(ctx context.Context, scenario load.Scenario, files map[string]string) (*load.Plan, error) {
	scenario = load.WithDefaults(scenario)
	in := load.PlanInput{
		Scenario: scenario,
		Regions:  map[string]load.Region{},
		Capacity: map[string]load.Capacity{},
		Data:     map[string]load.DataFacts{},
	}
	var problems []load.Problem
	for i, want := range scenario.Regions {
		if err := c.askRegion(ctx, want.Name, &in); err != nil {
			problems = append(problems, load.Problem{Path: fmt.Sprintf("regions[%d].name", i), Found: want.Name, Message: err.Error()})
		}
	}
	for i, data := range scenario.Data {
		facts, err := c.readData(ctx, files[data.File])
		if err != nil {
			problems = append(problems, load.Problem{Path: fmt.Sprintf("data[%d].file", i), Found: data.File, Message: err.Error()})
			continue
		}
		in.Data[data.File] = facts
	}
	for _, path := range load.FilePaths(scenario) {
		if files[path] == "" {
			problems = append(problems, load.Problem{Path: "files", Found: path, Message: fmt.Sprintf("the scenario names the file %q, but it was not uploaded with it", path)})
		}
	}
	if len(problems) > 0 {
		err := load.Errorf(load.Invalid, "the scenario cannot be planned: %s", problems[0])
		err.Problems = problems
		return nil, err
	}
	if load.RunsScript(scenario.Engine) && c.opts.Inspect != nil && len(load.Validate(scenario)) == 0 {
		var err error
		if in.Script, in.Overrides, err = c.opts.Inspect(ctx, scenario, files); err != nil {
			return nil, err
		}
	}
	plan, err := load.NewPlan(in)
	if err != nil {
		return nil, err
	}
	for _, region := range plan.Regions {
		if _, warning := c.opts.Reach(in.Regions[region.Name]); warning != "" {
			plan.Warnings = append(plan.Warnings, warning)
		}
	}
	return plan, nil
}

func (c *Controller) askRegion(ctx context.Context, name string, in *load.PlanInput) error {
	region, driver, err := c.opts.Regions.Region(ctx, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Limits.Platform)
	defer cancel()
	capacity, err := driver.Capacity(ctx)
	if err != nil {
		return fmt.Errorf("ask region %s for its capacity: %w", name, err)
	}
	in.Regions[name], in.Capacity[name] = region, capacity
	return nil
}

// readData counts a CSV file's rows and reads its columns. It streams: the file
// may be larger than memory.
func (c *Controller) readData(ctx context.Context, sum string) (load.DataFacts, error) {
	if sum == "" {
		return load.DataFacts{}, errors.New("the file was not uploaded with the scenario")
	}
	content, err := c.opts.Blob.Open(ctx, load.FileKey(sum))
	if err != nil {
		return load.DataFacts{}, err
	}
	defer content.Close()
	rows := csv.NewReader(content)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return load.DataFacts{}, fmt.Errorf("the first line must name the columns: %w", err)
	}
	facts := load.DataFacts{Columns: append([]string(nil), header...)}
	for {
		if _, err := rows.Read(); errors.Is(err, io.EOF) {
			return facts, nil
		} else if err != nil {
			return load.DataFacts{}, fmt.Errorf("row %d: %w", facts.Rows+1, err)
		}
		facts.Rows++
	}
}
