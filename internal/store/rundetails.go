package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// taskBatch bounds one INSERT: 5 parameters a row, well below the limits of
// both databases.
const taskBatch = 200

// PutTasks adds tasks or replaces what is known of them, all or none. A task is
// known by its run, name and attempt.
func (s *Store) PutTasks(ctx context.Context, tasks []load.Task) error {
	err := s.tx(ctx, func(c conn) error {
		for len(tasks) > 0 {
			n := min(len(tasks), taskBatch)
			if err := putTasks(ctx, c, tasks[:n]); err != nil {
				return err
			}
			tasks = tasks[n:]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put tasks: %w", err)
	}
	return nil
}

// putTasks writes one batch, in an order that is the same for all writers, so
// that two never wait for each other.
func putTasks(ctx context.Context, c conn, tasks []load.Task) error {
	tasks = slices.Clone(tasks)
	slices.SortStableFunc(tasks, func(a, b load.Task) int { return strings.Compare(a.Name, b.Name) })
	// Postgres refuses a statement that writes one row twice; the later wins.
	type key struct {
		run, name string
		attempt   int
	}
	place := make(map[key]int, len(tasks))
	args := make([]any, 0, 5*len(tasks))
	for _, t := range tasks {
		doc, err := encode(t)
		if err != nil {
			return err
		}
		k := key{t.Run, t.Name, t.Attempt}
		if i, ok := place[k]; ok {
			args[i+3], args[i+4] = t.Index, doc
			continue
		}
		place[k] = len(args)
		args = append(args, t.Run, t.Name, t.Attempt, t.Index, doc)
	}
	_, err := c.ExecContext(ctx, `INSERT INTO tasks (run, name, attempt, idx, doc) VALUES `+
		strings.TrimPrefix(strings.Repeat(`, (?, ?, ?, ?, ?)`, len(args)/5), ", ")+
		` ON CONFLICT (run, name, attempt) DO UPDATE SET idx = excluded.idx, doc = excluded.doc`, args...)
	if isMissingParent(err) {
		return notFound("run", tasks[0].Run)
	}
	return err
}

// Tasks lists all tasks of a run, replaced ones too, by index and attempt.
func (s *Store) Tasks(ctx context.Context, run string) ([]load.Task, error) {
	list, err := all(ctx, s.reader(), scanDoc[load.Task], `SELECT doc FROM tasks WHERE run = ? ORDER BY idx, name, attempt`, run)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return list, nil
}

func scanDoc[T any](rows *sql.Rows) (T, error) {
	var v T
	var doc string
	err := rows.Scan(&doc)
	if err == nil {
		err = decode(doc, &v)
	}
	return v, err
}

// AddEvent appends an event to its run and returns it with its Seq. A zero At
// stands for now.
func (s *Store) AddEvent(ctx context.Context, e load.Event) (load.Event, error) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.At = e.At.UTC().Truncate(time.Microsecond) // as it will be read back
	err := s.appendRow(ctx, e.Run, "events", func(c conn, seq int64) error {
		e.Seq = seq
		_, err := c.ExecContext(ctx, `INSERT INTO events (run, seq, at, kind, task, text) VALUES (?, ?, ?, ?, ?, ?)`,
			e.Run, e.Seq, micros(e.At), e.Kind, e.Task, e.Text)
		return err
	})
	if err != nil {
		return load.Event{}, fmt.Errorf("add event: %w", err)
	}
	return e, nil
}

// appendRow hands out the next number of a run's own sequence. It holds the
// run's row meanwhile, so that numbers have no gaps and readers that ask for
// "after n" miss nothing.
func (s *Store) appendRow(ctx context.Context, run, table string, insert func(conn, int64) error) error {
	return s.tx(ctx, func(c conn) error {
		var id string
		err := c.QueryRowContext(ctx, `SELECT id FROM runs WHERE id = ?`+s.dialect.forUpdate, run).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("run", run)
		}
		if err != nil {
			return err
		}
		var last int64
		if err := c.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM `+table+` WHERE run = ?`, run).Scan(&last); err != nil {
			return err
		}
		return insert(c, last+1)
	})
}

// Events lists a run's events with a Seq above after, oldest first.
func (s *Store) Events(ctx context.Context, run string, after int64) ([]load.Event, error) {
	list, err := all(ctx, s.reader(), func(rows *sql.Rows) (load.Event, error) {
		e := load.Event{Run: run}
		var at int64
		err := rows.Scan(&e.Seq, &at, &e.Kind, &e.Task, &e.Text)
		e.At = fromMicros(at)
		return e, err
	}, `SELECT seq, at, kind, task, text FROM events WHERE run = ? AND seq > ? ORDER BY seq`, run, after)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return list, nil
}

// AddIntent appends what a user asks of a run and returns it with its Seq. An
// ended run is a Conflict: nobody would apply it.
func (s *Store) AddIntent(ctx context.Context, in load.Intent) (load.Intent, error) {
	if in.At.IsZero() {
		in.At = time.Now()
	}
	in.At = in.At.UTC().Truncate(time.Microsecond)
	err := s.appendRow(ctx, in.Run, "intents", func(c conn, seq int64) error {
		r, _, err := run(ctx, c, in.Run, "")
		if err != nil {
			return err
		}
		if r.Status == load.Ended {
			return load.Errorf(load.Conflict, "run %q has ended", in.Run)
		}
		in.Seq = seq
		doc, err := encode(in)
		if err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, `INSERT INTO intents (run, seq, doc) VALUES (?, ?, ?)`, in.Run, seq, doc)
		return err
	})
	if err != nil {
		return load.Intent{}, fmt.Errorf("add intent: %w", err)
	}
	return in, nil
}

// Intents lists what was asked of a run with a Seq above after, oldest first.
func (s *Store) Intents(ctx context.Context, run string, after int64) ([]load.Intent, error) {
	list, err := all(ctx, s.reader(), scanDoc[load.Intent], `SELECT doc FROM intents WHERE run = ? AND seq > ? ORDER BY seq`, run, after)
	if err != nil {
		return nil, fmt.Errorf("list intents: %w", err)
	}
	return list, nil
}

// PutReport saves a run's report, over an earlier one.
func (s *Store) PutReport(ctx context.Context, run string, r *load.Report) error {
	doc, err := encode(r)
	if err != nil {
		return fmt.Errorf("put report: %w", err)
	}
	_, err = s.writer().ExecContext(ctx, `INSERT INTO reports (run, doc) VALUES (?, ?)
		ON CONFLICT (run) DO UPDATE SET doc = excluded.doc`, run, doc)
	if isMissingParent(err) {
		return notFound("run", run)
	}
	if err != nil {
		return fmt.Errorf("put report: %w", err)
	}
	return nil
}

// Report returns a run's report; NotFound while there is none.
func (s *Store) Report(ctx context.Context, run string) (*load.Report, error) {
	var doc string
	err := s.reader().QueryRowContext(ctx, `SELECT doc FROM reports WHERE run = ?`, run).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, load.Errorf(load.NotFound, "run %q has no report yet", run)
	}
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	r := new(load.Report)
	return r, decode(doc, r)
}
