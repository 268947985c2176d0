package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"onrush.dev/onrush/internal/load"
)

// PutRegion adds a region or replaces the one of its name. A change takes the
// region's check away: it proved something else.
func (s *Store) PutRegion(ctx context.Context, r load.Region) (created, changed bool, err error) {
	doc, err := encode(r)
	if err != nil {
		return false, false, fmt.Errorf("put region: %w", err)
	}
	err = s.tx(ctx, func(c conn) error {
		var before string
		err := c.QueryRowContext(ctx, `SELECT doc FROM regions WHERE name = ?`+s.dialect.forUpdate, r.Name).Scan(&before)
		created = errors.Is(err, sql.ErrNoRows)
		if err != nil && !created {
			return err
		}
		if changed = created || before != doc; !changed {
			return nil
		}
		if _, err := c.ExecContext(ctx, `DELETE FROM region_checks WHERE region = ?`, r.Name); err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, `INSERT INTO regions (name, doc) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET doc = excluded.doc`, r.Name, doc)
		return err
	})
	if err != nil {
		return false, false, fmt.Errorf("put region: %w", err)
	}
	return created, changed, nil
}

// Region returns a region by its name.
func (s *Store) Region(ctx context.Context, name string) (load.Region, error) {
	var doc string
	var r load.Region
	err := s.reader().QueryRowContext(ctx, `SELECT doc FROM regions WHERE name = ?`, name).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("region", name)
	}
	if err != nil {
		return r, fmt.Errorf("read region: %w", err)
	}
	err = decode(doc, &r)
	return r, err
}

// Regions lists all regions by name.
func (s *Store) Regions(ctx context.Context) ([]load.Region, error) {
	list, err := all(ctx, s.reader(), scanDoc[load.Region], `SELECT doc FROM regions ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list regions: %w", err)
	}
	return list, nil
}

// DeleteRegion removes a region.
func (s *Store) DeleteRegion(ctx context.Context, name string) error {
	res, err := s.writer().ExecContext(ctx, `DELETE FROM regions WHERE name = ?`, name)
	if err := oneRow(res, err, "region", name); err != nil {
		return fmt.Errorf("delete region: %w", err)
	}
	return nil
}

// Secret returns the random key of this name, made at the first call: all
// servers of one store get the same 32 bytes, for ever.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails, by its contract
	_, err := s.writer().ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
		name, hex.EncodeToString(fresh))
	if err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	var value string
	if err := s.writer().QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, name).Scan(&value); err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return hex.DecodeString(value)
}
