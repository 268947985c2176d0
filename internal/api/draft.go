package api

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

// resolve reads a draft: the saved scenario that it names, or its own text.
func (a *api) resolve(ctx context.Context, d wire.Draft) (load.Scenario, map[string]string, error) {
	switch {
	case d.Scenario != "" && (d.Source != "" || len(d.Files) > 0):
		return load.Scenario{}, nil, oneProblem(load.Problem{
			Path: "scenario", Found: d.Scenario, Allowed: "a saved scenario's name, or source with files",
			Message: "name a saved scenario or give its source, not both",
		})
	case d.Scenario != "":
		rec, err := a.Store.Scenario(ctx, d.Scenario)
		return rec.Scenario, rec.Files, err
	case d.Source == "":
		return load.Scenario{}, nil, oneProblem(load.Problem{
			Path: "source", Allowed: "the scenario as YAML or JSON text",
			Message: "nothing to run: give scenario, a saved one's name, or source",
		})
	}
	return a.read(ctx, d.Source, d.Files)
}

// read parses a scenario and looks for its files, as the command line does.
func (a *api) read(ctx context.Context, source string, files map[string]string) (load.Scenario, map[string]string, error) {
	s, err := scenfile.Parse("", []byte(source))
	if err != nil {
		return load.Scenario{}, nil, err
	}
	if s, err = a.keepSecrets(ctx, s); err != nil {
		return load.Scenario{}, nil, err
	}
	problems, err := a.checkFiles(ctx, load.FilePaths(s), files)
	if err != nil {
		return load.Scenario{}, nil, err
	}
	if len(problems) > 0 {
		return load.Scenario{}, nil, withProblems(problems)
	}
	return s, files, nil
}

// keepSecrets fills in what a scenario that was shown, and comes back, does not
// say: its secrets are those of the saved one of its name.
func (a *api) keepSecrets(ctx context.Context, s load.Scenario) (load.Scenario, error) {
	if !load.HasMask(s) {
		return s, nil
	}
	rec, err := a.Store.Scenario(ctx, s.Name)
	if err != nil && load.ErrorCode(err) != load.NotFound {
		return s, err
	}
	kept, problems := load.KeepSecrets(s, rec.Scenario)
	if len(problems) > 0 {
		return s, withProblems(problems)
	}
	return kept, nil
}

// hideSecrets is a saved scenario as it may be shown. Its source is masked
// already: so it was saved.
func hideSecrets(rec load.ScenarioRecord) load.ScenarioRecord {
	rec.Scenario = load.Masked(rec.Scenario)
	return rec
}

// hideRunSecrets is a run as it may be shown.
func hideRunSecrets(run load.Run) load.Run {
	run.Spec = load.Masked(run.Spec)
	return run
}

// checkFiles compares the files that a scenario names with those given.
func (a *api) checkFiles(ctx context.Context, named []string, given map[string]string) ([]load.Problem, error) {
	var problems []load.Problem
	for _, path := range named {
		if given[path] == "" {
			problems = append(problems, load.Problem{
				Path: "files", Found: path, Allowed: "the SHA-256 of an uploaded file",
				Message: fmt.Sprintf("the scenario names the file %q, which is not given: upload it and name it in files", path),
			})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(named, path) {
			problems = append(problems, load.Problem{
				Path: "files", Found: path, Message: fmt.Sprintf("the file %q is given, but the scenario does not name it", path),
			})
			continue
		}
		_, err := blob.StatContent(ctx, a.Blob, given[path])
		switch load.ErrorCode(err) {
		case load.NotFound, load.Invalid:
			problems = append(problems, load.Problem{
				Path: "files." + path, Found: given[path], Allowed: "the SHA-256 of an uploaded file",
				Message: err.Error(),
			})
		default:
			if err != nil {
				return nil, err
			}
		}
	}
	return problems, nil
}

func oneProblem(p load.Problem) error { return withProblems([]load.Problem{p}) }

func withProblems(problems []load.Problem) error {
	err := load.Errorf(load.Invalid, "%s", problems[0].String())
	err.Problems = problems
	return err
}
