package cli

import (
	"fmt"
	"io"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// scenariosApplyCmd is `onrush scenarios apply`.
type scenariosApplyCmd struct {
	remote
	output
	File []string `arg:"" help:"Scenario files (YAML or JSON); - is standard input."`
}

// Help is the long text under --help.
func (scenariosApplyCmd) Help() string {
	return `The scenario's name says which one is made or changed: applying a file twice
does nothing the second time. All files are checked before the first is applied.`
}

// applied is what became of one file.
type applied struct {
	Name    string `json:"name"`
	Result  string `json:"result"` // created, changed, unchanged
	Version int    `json:"version"`
}

// Run implements the command.
func (c *scenariosApplyCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	var sources []*source
	for _, file := range c.File {
		src, err := readSource(env, file)
		if err != nil {
			return err
		}
		if src.scenario.Name == "" {
			return inFile(src.file, load.Errorf(load.Invalid, "the scenario has no name; apply needs one"))
		}
		sources = append(sources, src)
	}
	var results []applied
	for _, src := range sources {
		result, err := src.apply(env, api)
		if err != nil {
			return inFile(src.file, err)
		}
		results = append(results, result)
	}
	return c.print(env.Out, results, func(w io.Writer) error {
		for _, r := range results {
			fmt.Fprintf(w, "%s %s (version %d)\n", r.Name, r.Result, r.Version)
		}
		return nil
	})
}

// apply makes or changes one scenario on the server.
func (s *source) apply(env *Env, api *client.Client) (applied, error) {
	files, err := s.upload(env.Context, api)
	if err != nil {
		return applied{}, err
	}
	put, err := api.PutScenario(env.Context, s.scenario.Name, client.Source{Source: string(s.text), Files: files})
	if err != nil {
		return applied{}, err
	}
	result := "unchanged"
	switch {
	case put.Created:
		result = "created"
	case put.Changed:
		result = "changed"
	}
	return applied{Name: put.Name, Result: result, Version: put.Version}, nil
}
