package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"onrush.dev/onrush/internal/load"
)

// StartRegionCheck keeps a new check as its region's newest. While another one
// is running it is a Conflict, and that one is returned; over says whether a
// check that is stored as running still counts as such.
func (s *Store) StartRegionCheck(ctx context.Context, c load.RegionCheck, over func(load.RegionCheck) bool) (load.RegionCheck, error) {
	doc, err := encode(c)
	if err != nil {
		return c, fmt.Errorf("start region check: %w", err)
	}
	var running load.RegionCheck
	err = s.tx(ctx, func(q conn) error {
		var name string
		err := q.QueryRowContext(ctx, `SELECT name FROM regions WHERE name = ?`+s.dialect.forUpdate, c.Region).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("region", c.Region)
		}
		if err != nil {
			return err
		}
		before, err := regionCheck(ctx, q, c.Region)
		if err == nil && before.State == load.CheckRunning && !over(before) {
			running = before
			return load.Errorf(load.Conflict, "region %s is being checked already", c.Region)
		}
		if err != nil && load.ErrorCode(err) != load.NotFound {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO region_checks (region, id, doc) VALUES (?, ?, ?)
			ON CONFLICT (region) DO UPDATE SET id = excluded.id, doc = excluded.doc`, c.Region, c.ID, doc)
		return err
	})
	if err != nil {
		return running, fmt.Errorf("start region check: %w", err)
	}
	return c, nil
}

// UpdateRegionCheck writes a check anew. It is a Conflict once the check is not
// its region's newest any more: the region was changed or removed.
func (s *Store) UpdateRegionCheck(ctx context.Context, c load.RegionCheck) error {
	doc, err := encode(c)
	if err != nil {
		return fmt.Errorf("update region check: %w", err)
	}
	res, err := s.writer().ExecContext(ctx, `UPDATE region_checks SET doc = ? WHERE region = ? AND id = ?`, doc, c.Region, c.ID)
	if err := oneRow(res, err, "check", c.ID); load.ErrorCode(err) == load.NotFound {
		return load.Errorf(load.Conflict, "check %s is not the newest of region %s any more", c.ID, c.Region)
	} else if err != nil {
		return fmt.Errorf("update region check: %w", err)
	}
	return nil
}

// RegionCheck returns a region's newest check.
func (s *Store) RegionCheck(ctx context.Context, region string) (load.RegionCheck, error) {
	return regionCheck(ctx, s.reader(), region)
}

func regionCheck(ctx context.Context, c conn, region string) (load.RegionCheck, error) {
	var doc string
	var check load.RegionCheck
	err := c.QueryRowContext(ctx, `SELECT doc FROM region_checks WHERE region = ?`, region).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return check, load.Errorf(load.NotFound, "region %s has not been checked", region)
	}
	if err != nil {
		return check, fmt.Errorf("read region check: %w", err)
	}
	err = decode(doc, &check)
	return check, err
}

// RegionChecks lists the newest check of each region that has one, by region.
func (s *Store) RegionChecks(ctx context.Context) ([]load.RegionCheck, error) {
	list, err := all(ctx, s.reader(), scanDoc[load.RegionCheck], `SELECT doc FROM region_checks ORDER BY region`)
	if err != nil {
		return nil, fmt.Errorf("list region checks: %w", err)
	}
	return list, nil
}
