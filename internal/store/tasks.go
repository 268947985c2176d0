package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

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
