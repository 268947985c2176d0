package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Claim leases every run that lives and is free, or already owner's, to owner
// for ttl from now, and returns them all with their parts. Each server calls it
// a few times within a ttl; of two that call it at once, one gets a run.
func (s *Store) Claim(ctx context.Context, owner string, ttl time.Duration) ([]load.Run, error) {
	if owner == "" {
		return nil, fmt.Errorf("claim runs: no owner given")
	}
	runs := []load.Run{}
	err := s.tx(ctx, func(c conn) error {
		// The rows are locked in one order by all, else two servers could wait
		// for each other. One that waited sees the row as the other left it.
		ids, err := all(ctx, c, scanID, `SELECT id FROM runs
			WHERE status <> 'ended' AND (owner = ? OR owner = '' OR lease_until < `+s.dialect.now+`)
			ORDER BY id`+s.dialect.forUpdate, owner)
		if err != nil || len(ids) == 0 {
			return err
		}
		args := append([]any{owner, ttl.Microseconds()}, ids...)
		runs, err = all(ctx, c, scanRun, `UPDATE runs SET owner = ?, lease_until = `+s.dialect.now+` + ?
			WHERE id IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`) RETURNING head, body`, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim runs: %w", err)
	}
	return runs, nil
}

func scanID(rows *sql.Rows) (any, error) {
	var id string
	err := rows.Scan(&id)
	return id, err
}

func scanRun(rows *sql.Rows) (load.Run, error) {
	var head, body string
	if err := rows.Scan(&head, &body); err != nil {
		return load.Run{}, err
	}
	return join(head, body)
}

// Release gives up all runs of owner, for a server that shuts down.
func (s *Store) Release(ctx context.Context, owner string) error {
	_, err := s.writer().ExecContext(ctx, `UPDATE runs SET owner = '', lease_until = 0 WHERE owner = ?`, owner)
	if err != nil {
		return fmt.Errorf("release runs: %w", err)
	}
	return nil
}
