-- +goose Up
-- The newest check of each region. It goes with its region.
CREATE TABLE region_checks (
  region TEXT PRIMARY KEY REFERENCES regions (name) ON DELETE CASCADE,
  id     TEXT NOT NULL,
  doc    TEXT NOT NULL
);

-- The region that a run only proves; empty for every other run.
ALTER TABLE runs ADD COLUMN proves TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE runs DROP COLUMN proves;
DROP TABLE region_checks;
