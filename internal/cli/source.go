package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

// source is a scenario on its way to a server: its text, and where the files
// that it names lie.
type source struct {
	file     string // as the user named it; "" when flags made it
	text     []byte
	scenario load.Scenario
	beside   []string // what was found to belong beside a script
	dir      string   // paths in the scenario are relative to this
}

// readSource reads a scenario file; "-" is standard input.
func readSource(env *Env, file string) (*source, error) {
	s := &source{file: file, dir: filepath.Dir(file)}
	var err error
	if file == "-" {
		s.file, s.dir = "standard input", "."
		s.text, err = io.ReadAll(io.LimitReader(env.In, 16<<20))
	} else {
		s.text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, load.Errorf(load.Invalid, "cannot read the scenario: %w", err)
	}
	if s.scenario, err = scenfile.Parse(s.file, s.text); err != nil {
		return nil, inFile(s.file, err)
	}
	return s, nil
}

// change replaces the scenario, after flags changed it.
func (s *source) change(scenario load.Scenario) error {
	text, err := scenfile.Marshal(scenario)
	if err != nil {
		return err
	}
	s.scenario, s.text = scenario, text
	if _, err := scenfile.Parse(s.file, s.text); err != nil {
		return flagFaults(err)
	}
	return nil
}

// flagFaults takes line numbers off: they count lines that no user wrote.
func flagFaults(err error) error {
	problems := load.Problems(err)
	if problems == nil {
		return err
	}
	bare := make([]load.Problem, len(problems))
	for i, p := range problems {
		bare[i] = p
		bare[i].Line = 0
	}
	return &load.Error{Code: load.Invalid, Message: err.Error(), Problems: bare}
}

// upload sends the files that the scenario names and returns their hashes.
// Files that the server has already are not sent again by the client.
func (s *source) upload(ctx context.Context, api *client.Client) (map[string]string, error) {
	hashes := map[string]string{}
	for _, name := range load.FilePaths(s.scenario) {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.dir, filepath.FromSlash(name))
		}
		file, done, err := s.open(name, path)
		if err != nil {
			return nil, inFile(s.file, load.Errorf(load.Invalid, "cannot read the file %s that the scenario names: %w", name, err))
		}
		stored, err := api.UploadFile(ctx, file)
		file.Close()
		done()
		if err != nil {
			return nil, fmt.Errorf("upload %s: %w", name, err)
		}
		hashes[name] = stored.SHA256
	}
	return hashes, nil
}

// open opens what is uploaded for a file that the scenario names.
func (s *source) open(name, path string) (*os.File, func(), error) {
	if name == s.scenario.Script {
		return s.bundle(path)
	}
	file, err := os.Open(path)
	return file, func() {}, err
}

// isURL tells a URL from a file's name.
func isURL(target string) bool {
	return strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")
}
