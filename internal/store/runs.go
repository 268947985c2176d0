package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// runBody is the heavy part of a run: written once or twice, read by the one
// who drives the run.
type runBody struct {
	Spec  load.Scenario     `json:"spec"`
	Files map[string]string `json:"files,omitempty"`
	Plan  *load.Plan        `json:"plan,omitempty"`
}

// split encodes a run as its two columns.
func split(r load.Run) (head, body string, err error) {
	if body, err = encode(runBody{r.Spec, r.Files, r.Plan}); err != nil {
		return "", "", err
	}
	r.Spec, r.Files, r.Plan = load.Scenario{}, nil, nil
	head, err = encode(r)
	return head, body, err
}

func join(head, body string) (load.Run, error) {
	var r load.Run
	if err := decode(head, &r); err != nil || body == "" {
		return r, err
	}
	var b runBody
	if err := decode(body, &b); err != nil {
		return r, err
	}
	r.Spec, r.Files, r.Plan = b.Spec, b.Files, b.Plan
	return r, nil
}

// CreateRun adds a run. A run with this ID there already is a Conflict.
func (s *Store) CreateRun(ctx context.Context, r load.Run) error {
	head, body, err := split(r)
	if err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	_, err = s.writer().ExecContext(ctx, `INSERT INTO runs (id, scenario, status, created, head, body, proves) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Scenario, r.Status, micros(r.Created), head, body, proves(r))
	if isDuplicate(err) {
		return load.Errorf(load.Conflict, "run %q exists already", r.ID)
	}
	if err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	return nil
}

// proves is the region that a run only proves.
func proves(r load.Run) string {
	if r.Check == nil {
		return ""
	}
	return r.Check.Region
}

// Run returns a run with all its parts.
func (s *Store) Run(ctx context.Context, id string) (load.Run, error) {
	r, _, err := run(ctx, s.reader(), id, "")
	return r, err
}

// run reads a run and its owner.
func run(ctx context.Context, c conn, id, lock string) (r load.Run, owner string, err error) {
	var head, body string
	err = c.QueryRowContext(ctx, `SELECT head, body, owner FROM runs WHERE id = ?`+lock, id).Scan(&head, &body, &owner)
	if errors.Is(err, sql.ErrNoRows) {
		return r, "", notFound("run", id)
	}
	if err != nil {
		return r, "", fmt.Errorf("read run: %w", err)
	}
	r, err = join(head, body)
	return r, owner, err
}

// Runs lists runs, newest first, without their Spec, Files and Plan.
func (s *Store) Runs(ctx context.Context, f load.RunFilter) ([]load.Run, error) {
	q, args := `SELECT head FROM runs WHERE proves = ?`, []any{f.Check}
	if f.Scenario != "" {
		q += ` AND scenario = ?`
		args = append(args, f.Scenario)
	}
	if len(f.Status) > 0 {
		q += ` AND status IN (?` + strings.Repeat(`, ?`, len(f.Status)-1) + `)`
		for _, st := range f.Status {
			args = append(args, string(st))
		}
	}
	if f.Before != "" {
		q += ` AND (created, id) < (SELECT created, id FROM runs WHERE id = ?)`
		args = append(args, f.Before)
	}
	q += ` ORDER BY created DESC, id DESC LIMIT ?`
	list, err := all(ctx, s.reader(), scanHead, q, append(args, limit(f.Limit, 50))...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return list, nil
}

func scanHead(rows *sql.Rows) (load.Run, error) {
	var head string
	if err := rows.Scan(&head); err != nil {
		return load.Run{}, err
	}
	return join(head, "")
}

// LastRuns returns the newest run of each scenario that has one, by scenario
// name and without Spec, Files and Plan.
func (s *Store) LastRuns(ctx context.Context, scenarios []string) (map[string]load.Run, error) {
	last := make(map[string]load.Run, len(scenarios))
	if len(scenarios) == 0 {
		return last, nil
	}
	args := make([]any, len(scenarios))
	for i, name := range scenarios {
		args[i] = name
	}
	list, err := all(ctx, s.reader(), scanHead, `SELECT head FROM (
		SELECT head, row_number() OVER (PARTITION BY scenario ORDER BY created DESC, id DESC) AS place
		FROM runs WHERE proves = '' AND scenario IN (?`+strings.Repeat(`, ?`, len(args)-1)+`)) newest WHERE place = 1`, args...)
	if err != nil {
		return nil, fmt.Errorf("list last runs: %w", err)
	}
	for _, r := range list {
		last[r.Scenario] = r
	}
	return last, nil
}

// UpdateRun changes a run in one transaction: it reads the run, lets change
// edit it, and writes it back. With an owner it is refused (Conflict) when
// somebody else has taken the run over meanwhile; owner "" is for callers that
// need no lease. change must be quick and must not call the store; its error
// leaves the run as it was and is returned as it is.
func (s *Store) UpdateRun(ctx context.Context, id, owner string, change func(*load.Run) error) (load.Run, error) {
	var updated load.Run
	err := s.tx(ctx, func(c conn) error {
		r, holder, err := run(ctx, c, id, s.dialect.forUpdate)
		if err != nil {
			return err
		}
		if owner != "" && holder != owner {
			return load.Errorf(load.Conflict, "run %q is not held by %q any more", id, owner)
		}
		if err := change(&r); err != nil {
			return err
		}
		updated = r
		return writeRun(ctx, c, id, r)
	})
	if err != nil {
		return load.Run{}, err
	}
	return updated, nil
}

// writeRun writes a changed run. An ended run needs no lease any more.
func writeRun(ctx context.Context, c conn, id string, r load.Run) error {
	if r.ID != id {
		return fmt.Errorf("update run: its ID %q was changed to %q", id, r.ID)
	}
	head, body, err := split(r)
	if err != nil {
		return err
	}
	q := `UPDATE runs SET status = ?, head = ?, body = ? WHERE id = ?`
	if r.Status == load.Ended {
		q = `UPDATE runs SET status = ?, head = ?, body = ?, owner = '', lease_until = 0 WHERE id = ?`
	}
	if _, err := c.ExecContext(ctx, q, r.Status, head, body, id); err != nil {
		return fmt.Errorf("update run: %w", err)
	}
	return nil
}

// DeleteRun removes an ended run with its tasks, events, intents and report. A
// run that lives is a Conflict.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	return s.tx(ctx, func(c conn) error {
		r, _, err := run(ctx, c, id, s.dialect.forUpdate)
		if err != nil {
			return err
		}
		if r.Status != load.Ended {
			return load.Errorf(load.Conflict, "run %q is %s: stop it first", id, r.Status)
		}
		if _, err := c.ExecContext(ctx, `DELETE FROM runs WHERE id = ?`, id); err != nil {
			return fmt.Errorf("delete run: %w", err)
		}
		return nil
	})
}
