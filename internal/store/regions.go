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

// PutRegion adds a region or replaces the one of its name.
func (s *Store) PutRegion(ctx context.Context, r load.Region) error {
	doc, err := encode(r)
	if err != nil {
		return fmt.Errorf("put region: %w", err)
	}
	_, err = s.writer().ExecContext(ctx, `INSERT INTO regions (name, doc) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET doc = excluded.doc`, r.Name, doc)
	if err != nil {
		return fmt.Errorf("put region: %w", err)
	}
	return nil
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
