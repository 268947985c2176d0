package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// PutScenario saves a scenario under its name. Saving what is there already
// changes nothing, not even its version; created and changed say what happened.
// Version, Created and Updated of rec are not read, but for the time in Updated,
// which is the time of the change.
func (s *Store) PutScenario(ctx context.Context, rec load.ScenarioRecord) (saved load.ScenarioRecord, created, changed bool, err error) {
	rec.Updated = rec.Updated.UTC().Truncate(time.Microsecond) // as it will be read back
	err = s.tx(ctx, func(c conn) error {
		// The row is made first, so that there is one to lock: of two who make
		// one name at once, the second waits here for the first.
		res, err := c.ExecContext(ctx, `INSERT INTO scenarios (name, source, files, spec, version, by_user, created, updated)
			VALUES (?, '', '{}', '{}', 0, '', ?, 0) ON CONFLICT (name) DO NOTHING`, rec.Name, micros(rec.Updated))
		if err != nil {
			return err
		}
		fresh, err := res.RowsAffected()
		if err != nil {
			return err
		}
		old, err := scenario(ctx, c, rec.Name, s.dialect.forUpdate)
		if err != nil {
			return err
		}
		created = fresh == 1
		same, err := sameScenario(old, rec)
		if err != nil {
			return err
		}
		if !created && same {
			saved = old
			return nil
		}
		changed = true
		saved = rec
		saved.Version, saved.Created = old.Version+1, old.Created
		return writeScenario(ctx, c, saved)
	})
	if err != nil {
		return load.ScenarioRecord{}, false, false, fmt.Errorf("put scenario: %w", err)
	}
	return saved, created, changed, nil
}

// sameScenario compares what two records say. The source alone does not tell:
// secrets are masked in it.
func sameScenario(a, b load.ScenarioRecord) (bool, error) {
	if a.Source != b.Source || !maps.Equal(a.Files, b.Files) {
		return false, nil
	}
	first, err := encode(a.Scenario)
	if err != nil {
		return false, err
	}
	second, err := encode(b.Scenario)
	return first == second, err
}

func writeScenario(ctx context.Context, c conn, r load.ScenarioRecord) error {
	files, err := encode(r.Files)
	if err != nil {
		return err
	}
	spec, err := encode(r.Scenario)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, `UPDATE scenarios SET source = ?, files = ?, spec = ?, version = ?, by_user = ?, updated = ? WHERE name = ?`,
		r.Source, files, spec, r.Version, r.By, micros(r.Updated), r.Name)
	if err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, `DELETE FROM scenario_tags WHERE scenario = ?`, r.Name); err != nil {
		return err
	}
	for _, tag := range r.Scenario.Tags {
		_, err := c.ExecContext(ctx, `INSERT INTO scenario_tags (scenario, tag) VALUES (?, ?) ON CONFLICT DO NOTHING`, r.Name, tag)
		if err != nil {
			return err
		}
	}
	return nil
}

const scenarioColumns = `name, source, files, spec, version, by_user, created, updated`

// Scenario returns a scenario by its name.
func (s *Store) Scenario(ctx context.Context, name string) (load.ScenarioRecord, error) {
	return scenario(ctx, s.reader(), name, "")
}

func scenario(ctx context.Context, c conn, name, lock string) (load.ScenarioRecord, error) {
	r, err := scanScenario(c.QueryRowContext(ctx, `SELECT `+scenarioColumns+` FROM scenarios WHERE name = ?`+lock, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("scenario", name)
	}
	if err != nil {
		return r, fmt.Errorf("read scenario: %w", err)
	}
	return r, nil
}

func scanScenario(scan func(...any) error) (load.ScenarioRecord, error) {
	var r load.ScenarioRecord
	var files, spec string
	var created, updated int64
	if err := scan(&r.Name, &r.Source, &files, &spec, &r.Version, &r.By, &created, &updated); err != nil {
		return r, err
	}
	r.Created, r.Updated = fromMicros(created), fromMicros(updated)
	err := errors.Join(decode(files, &r.Files), decode(spec, &r.Scenario))
	return r, err
}

// Scenarios lists scenarios by name.
func (s *Store) Scenarios(ctx context.Context, f load.ScenarioFilter) ([]load.ScenarioRecord, error) {
	q := `SELECT ` + scenarioColumns + ` FROM scenarios s WHERE name > ?`
	args := []any{f.After}
	if f.Tag != "" {
		q += ` AND EXISTS (SELECT 1 FROM scenario_tags t WHERE t.scenario = s.name AND t.tag = ?)`
		args = append(args, f.Tag)
	}
	if f.Search != "" {
		q += ` AND lower(name) LIKE ? ESCAPE '!'`
		args = append(args, "%"+escapeLike(strings.ToLower(f.Search))+"%")
	}
	q += ` ORDER BY name LIMIT ?`
	args = append(args, limit(f.Limit, 100))
	list, err := all(ctx, s.reader(), func(r *sql.Rows) (load.ScenarioRecord, error) { return scanScenario(r.Scan) }, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	return list, nil
}

// DeleteScenario removes a scenario. Its runs stay.
func (s *Store) DeleteScenario(ctx context.Context, name string) error {
	res, err := s.writer().ExecContext(ctx, `DELETE FROM scenarios WHERE name = ?`, name)
	if err := oneRow(res, err, "scenario", name); err != nil {
		return fmt.Errorf("delete scenario: %w", err)
	}
	return nil
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// limit is the number of rows of a page: the default when none is asked for,
// and never more than a thousand.
func limit(asked, standard int) int {
	if asked <= 0 {
		return standard
	}
	return min(asked, 1000)
}
