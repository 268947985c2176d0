package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The state of a task is a folder DIR/RUN/TASK.ATTEMPT with these files. It
// never holds the ticket.
const (
	specFile    = "spec.json"    // what was asked; written before the process starts
	processFile = "process.json" // which process it is; written right after
	exitFile    = "exit.json"    // how it ended
	logFile     = "log"          // its standard output and error
	tmpFolder   = "tmp"          // its TMPDIR, so that nothing is left after a hard end
)

// lockFile in DIR is locked by whoever changes state, so that driver values in
// several processes, or several in one, do not start or reap a task twice.
const lockFile = ".lock"

type spec struct {
	Run     string    `json:"run"`
	Task    string    `json:"task"`
	Region  string    `json:"region"`
	Attempt int       `json:"attempt"`
	Asked   time.Time `json:"asked"`
}

type process struct {
	PID     int       `json:"pid"`
	Birth   string    `json:"birth"` // tells it from a later process with the same number
	Started time.Time `json:"started"`
}

type exit struct {
	Code   *int      `json:"code,omitempty"` // nil with a signal, or when not known
	Signal int       `json:"signal,omitempty"`
	At     time.Time `json:"at"`
}

// taskDir is a task's folder as read at one moment.
type taskDir struct {
	path    string
	spec    spec
	process *process // nil: not started yet, or the server crashed right then
	exit    *exit    // nil: still up, as far as is known
}

func (t *taskDir) file(name string) string { return filepath.Join(t.path, name) }
func (t *taskDir) alive() bool             { return t.process != nil && t.exit == nil }

// nameRule is what names may be made of, since they become folders.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

func (d *Driver) taskPath(run, task string, attempt int) (string, error) {
	for what, name := range map[string]string{"run": run, "task": task} {
		if !nameRule.MatchString(name) {
			return "", &fleet.StartError{
				Kind:   fleet.BadSpec,
				Reason: fmt.Sprintf("%s %q cannot name a folder", what, name),
				Remedy: "use letters, digits, '.', '_' and '-'",
			}
		}
	}
	return filepath.Join(d.Dir, run, fmt.Sprintf("%s.%d", task, attempt)), nil
}

// instances reads the tasks of a run, or of all runs, and notes those that have
// ended since.
func (d *Driver) instances(run string) ([]taskDir, error) {
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	runs := []string{run}
	if run == "" {
		if runs, err = folders(d.Dir); err != nil {
			return nil, err
		}
	} else if !nameRule.MatchString(run) {
		return nil, load.Errorf(load.Invalid, "%q cannot be a run: letters, digits, '.', '_' and '-' are allowed", run)
	}
	var found []taskDir
	for _, run := range runs {
		names, err := folders(filepath.Join(d.Dir, run))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			t, err := readTask(filepath.Join(d.Dir, run, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue // asked for, not yet written down
			}
			if err != nil {
				return nil, err
			}
			if err := t.look(); err != nil {
				return nil, err
			}
			found = append(found, *t)
		}
	}
	return found, nil
}

// look notes the end of a task's process. The caller holds the lock.
func (t *taskDir) look() error {
	if !t.alive() {
		return nil
	}
	ended := lookAt(*t.process)
	if ended == nil {
		return nil
	}
	t.exit = ended
	return writeJSON(t.file(exitFile), ended)
}

func readTask(path string) (*taskDir, error) {
	t := &taskDir{path: path}
	if err := readJSON(t.file(specFile), &t.spec); err != nil {
		return nil, err
	}
	var p process
	switch err := readJSON(t.file(processFile), &p); {
	case err == nil:
		t.process = &p
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var e exit
	switch err := readJSON(t.file(exitFile), &e); {
	case err == nil:
		t.exit = &e
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return t, nil
}

func folders(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read state folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// writeJSON writes a file whole or not at all.
func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}
