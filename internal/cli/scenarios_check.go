package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"onrush.dev/onrush/internal/load"
)

// scenariosCheckCmd is `onrush scenarios check`.
type scenariosCheckCmd struct {
	File []string `arg:"" help:"Scenario files (YAML or JSON); - is standard input."`
}

// Run implements the command.
func (c *scenariosCheckCmd) Run(env *Env) error {
	bad := false
	for _, file := range c.File {
		src, err := readSource(env, file)
		if err == nil {
			err = src.filesThere()
		}
		if err != nil {
			exitCode(env.Err, err)
			bad = true
			continue
		}
		fmt.Fprintf(env.Out, "%s: ok\n", src.file)
	}
	if bad {
		return codeError(exitCannot)
	}
	return nil
}

// filesThere says which of the files that the scenario names cannot be read.
func (s *source) filesThere() error {
	var faults []error
	for _, name := range load.FilePaths(s.scenario) {
		if _, err := os.Stat(filepath.Join(s.dir, filepath.FromSlash(name))); err != nil {
			faults = append(faults, fmt.Errorf("%s: the scenario names the file %s: %w", s.file, name, err))
		}
	}
	return errors.Join(faults...)
}
