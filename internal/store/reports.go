package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"onrush.dev/onrush/internal/load"
)

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
