package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

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
