package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"onrush.dev/onrush/internal/load"
)

// runsArtifactsCmd is `onrush runs artifacts`.
type runsArtifactsCmd struct {
	remote
	output
	ID       string `arg:"" name:"run" help:"The run's id."`
	Task     string `placeholder:"NAME" help:"Only this task's."`
	Download string `placeholder:"DIR" help:"Download them into this folder, one folder for each task."`
}

// Run implements the command.
func (c *runsArtifactsCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	all, err := api.Artifacts(env.Context, c.ID)
	if err != nil {
		return err
	}
	chosen := all[:0]
	for _, a := range all {
		if c.Task == "" || a.Task == c.Task {
			chosen = append(chosen, a)
		}
	}
	if c.Download == "" {
		return c.print(env.Out, chosen, func(w io.Writer) error {
			var rows [][]string
			for _, a := range chosen {
				rows = append(rows, []string{a.Task, a.Name, fmt.Sprint(a.Size)})
			}
			return columns(w, "TASK NAME BYTES", rows)
		})
	}
	for _, a := range chosen {
		if !filepath.IsLocal(a.Name) || !filepath.IsLocal(a.Task) {
			return load.Errorf(load.Invalid, "the server names a file %q, which is not below its folder", a.Name)
		}
		path := filepath.Join(c.Download, a.Task, filepath.FromSlash(a.Name))
		err := writeFile(path, func(w io.Writer) error { return api.Artifact(env.Context, c.ID, a.Task, a.Name, w) })
		if err != nil {
			return err
		}
		fmt.Fprintln(env.Out, path)
	}
	return nil
}

func writeFile(path string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(fill(out), out.Close())
}
