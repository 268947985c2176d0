package tool

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

// Work is a task's script as a folder that its tool runs in, and a folder of
// our own beside it.
type Work struct {
	engine.Bundle
	// Own holds what the tool writes for us and the raw files that are kept:
	// Keep makes one.
	Own string

	before map[string]mark
	kept   []engine.Artifact
}

// mark tells a file that the script wrote from one that it came with.
type mark struct {
	size int64
	at   time.Time
}

// LayOut unpacks a task's script and puts the scenario's data files beside it,
// each with the rows that are the task's.
func LayOut(job *engine.Job) (*Work, error) {
	s := &job.Order.Scenario
	w := &Work{Own: filepath.Join(job.Dir, ".onrush")}
	dir := filepath.Join(job.Dir, ".script")
	layout, err := script.LayOut(engine.FilePath(job.Dir, s.Script), dir, s.Script, s.Engine, s.Entry)
	if err != nil {
		return nil, err
	}
	w.Bundle = engine.Bundle{
		Dir: dir, Entry: layout.Entry, Entries: layout.Entries, Scenario: *s, Secrets: job.Order.Secrets,
	}
	if err := os.MkdirAll(w.Own, 0o700); err != nil {
		return nil, err
	}
	for _, d := range s.Data {
		if err := w.data(job, d); err != nil {
			return nil, fmt.Errorf("data %s: %w", d.File, err)
		}
	}
	w.before, err = marks(dir)
	return w, err
}

// data writes a data file into the script's folder. Of a file that is split or
// unique, the task gets its own rows alone.
func (w *Work) data(job *engine.Job, d load.Data) (err error) {
	to := engine.FilePath(w.Dir, d.File)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	in, err := os.Open(engine.FilePath(job.Dir, d.File))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if d.Sharing == "" || d.Sharing == load.DataSame {
		_, err = io.Copy(out, in)
		return err
	}
	return shareRows(out, in, job.Order.Share)
}

// shareRows copies the line of columns and a task's own rows.
func shareRows(to io.Writer, from io.Reader, share load.Share) error {
	in, out := csv.NewReader(from), csv.NewWriter(to)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	mine := int64(0)
	for row := int64(-1); ; row++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return out.Error()
		}
		if err != nil {
			return err
		}
		switch {
		case row < 0:
		case share.At(mine) == row:
			mine++
		default:
			continue
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
}

// Keep makes a file that is kept with the run under this name.
func (w *Work) Keep(name string) (*os.File, error) {
	return os.Create(w.KeepPath(name))
}

// KeepPath is Keep for a file that the tool itself makes.
func (w *Work) KeepPath(name string) string {
	a := engine.Artifact{Name: name, Path: filepath.Join(w.Own, filepath.Base(name))}
	if !slices.Contains(w.kept, a) {
		w.kept = append(w.kept, a)
	}
	return a.Path
}

// Artifacts are the files that are kept of the task: the tool's own, and those
// that the script wrote into its folder.
func (w *Work) Artifacts() []engine.Artifact {
	if w == nil {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(w.kept), func(a engine.Artifact) bool {
		info, err := os.Stat(a.Path)
		return err != nil || info.Size() == 0
	})
	now, err := marks(w.Dir)
	if err != nil {
		return all
	}
	var names []string
	for name, m := range now {
		if w.before[name] != m {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		all = append(all, engine.Artifact{Name: "files/" + name, Path: filepath.Join(w.Dir, filepath.FromSlash(name))})
	}
	return all
}

func marks(dir string) (map[string]mark, error) {
	found := map[string]mark{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		found[filepath.ToSlash(rel)] = mark{info.Size(), info.ModTime()}
		return err
	})
	return found, err
}
