package docker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// placements remember on which engine a task was put, from before its container
// is made. While an engine is down this is the only way to know that it may
// run a task, which then must not be started on another one, and that it
// cannot run any of a run. A file per run outlives the server.
type placements struct {
	dir string // empty: memory only

	mu   sync.Mutex
	runs map[string]map[taskKey]string // host by task
}

// placement is a line of a run's file; a later one for the same task counts.
type placement struct {
	Task    string `json:"task"`
	Attempt int    `json:"attempt"`
	Engine  string `json:"engine"`
}

func newPlacements(dir string) *placements {
	return &placements{dir: dir, runs: map[string]map[taskKey]string{}}
}

func (p *placements) file(run string) string { return filepath.Join(p.dir, run+".jsonl") }

// of returns where a run's tasks were put, and whether anything is known of the
// run at all. The caller holds the lock.
func (p *placements) of(run string) (map[taskKey]string, bool) {
	if known, ok := p.runs[run]; ok {
		return known, true
	}
	if p.dir == "" || !nameRule.MatchString(run) {
		return nil, false
	}
	f, err := os.Open(p.file(run))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	known := map[taskKey]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var line placement
		if json.Unmarshal(s.Bytes(), &line) == nil { // the last one may be cut off
			known[taskKey{run, line.Task, line.Attempt}] = line.Engine
		}
	}
	p.runs[run] = known
	return known, true
}

// host is where a task was put; empty: nowhere.
func (p *placements) host(key taskKey) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, _ := p.of(key.run)
	return known[key]
}

// mayHold says whether an engine may hold tasks of a run, as far as is known.
func (p *placements) mayHold(run, host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.of(run)
	if !ok {
		return true
	}
	for _, h := range known {
		if h == host {
			return true
		}
	}
	return false
}

// note remembers where a task is put.
func (p *placements) note(key taskKey, host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, _ := p.of(key.run)
	if known == nil {
		known = map[taskKey]string{}
		p.runs[key.run] = known
	}
	if known[key] == host {
		return nil
	}
	if err := p.write(key.run, placement{key.task, key.attempt, host}); err != nil {
		return fmt.Errorf("note where task %s is put: %w", key.task, err)
	}
	known[key] = host
	return nil
}

// write appends lines to a run's file.
func (p *placements) write(run string, lines ...placement) error {
	if p.dir == "" {
		return nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	text := bytes.NewBufferString("\n") // a crash may have left half a line before
	for _, line := range lines {
		if err := json.NewEncoder(text).Encode(line); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(p.file(run), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

// forget drops what is known of tasks that are no more; none named: of a run
// that is over.
func (p *placements) forget(run string, tasks []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.of(run)
	if !ok {
		return nil
	}
	maps.DeleteFunc(known, func(key taskKey, _ string) bool { return len(tasks) == 0 || slices.Contains(tasks, key.task) })
	if len(known) == 0 {
		delete(p.runs, run)
	}
	if p.dir == "" {
		return nil
	}
	if err := os.Remove(p.file(run)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget where tasks of run %s were put: %w", run, err)
	}
	var lines []placement
	for key, host := range known {
		lines = append(lines, placement{key.task, key.attempt, host})
	}
	if len(lines) == 0 {
		return nil
	}
	if err := p.write(run, lines...); err != nil {
		return fmt.Errorf("forget where tasks of run %s were put: %w", run, err)
	}
	return nil
}
