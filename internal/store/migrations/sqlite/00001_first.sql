-- +goose Up
-- Times are microseconds since 1970 in UTC, in both dialects. Columns named
-- doc, head, body, source, spec and files hold JSON or text that SQL never
-- looks into.
CREATE TABLE scenarios (
  name    TEXT PRIMARY KEY,
  source  TEXT NOT NULL,
  files   TEXT NOT NULL,
  spec    TEXT NOT NULL,
  version INTEGER NOT NULL,
  by_user TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE scenario_tags (
  scenario TEXT NOT NULL REFERENCES scenarios (name) ON DELETE CASCADE,
  tag      TEXT NOT NULL,
  PRIMARY KEY (scenario, tag)
) STRICT;
CREATE INDEX scenario_tags_by_tag ON scenario_tags (tag);

-- head is the run without its scenario, files and plan; body is these three:
-- lists read heads alone.
CREATE TABLE runs (
  id          TEXT PRIMARY KEY,
  scenario    TEXT NOT NULL,
  status      TEXT NOT NULL,
  created     INTEGER NOT NULL,
  head        TEXT NOT NULL,
  body        TEXT NOT NULL,
  owner       TEXT NOT NULL DEFAULT '',
  lease_until INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_created ON runs (created, id);
CREATE INDEX runs_by_scenario ON runs (scenario, created, id);
CREATE INDEX runs_alive ON runs (status) WHERE status <> 'ended';

CREATE TABLE tasks (
  run     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name    TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  doc     TEXT NOT NULL,
  PRIMARY KEY (run, name, attempt)
) STRICT;

CREATE TABLE events (
  run  TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  seq  INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  kind TEXT NOT NULL,
  task TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT;

CREATE TABLE intents (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT;

CREATE TABLE reports (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE regions (
  name TEXT PRIMARY KEY,
  doc  TEXT NOT NULL
) STRICT;

CREATE TABLE users (
  name     TEXT PRIMARY KEY,
  role     TEXT NOT NULL,
  password TEXT NOT NULL,
  created  INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  hash      TEXT PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  user_name TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  kind      TEXT NOT NULL,
  label     TEXT NOT NULL,
  role      TEXT NOT NULL,
  created   INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  used      INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_name);

-- Random keys that all servers of one store share, such as the one that signs
-- file links.
CREATE TABLE secrets (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE secrets;
DROP TABLE tokens;
DROP TABLE users;
DROP TABLE regions;
DROP TABLE reports;
DROP TABLE intents;
DROP TABLE events;
DROP TABLE tasks;
DROP TABLE runs;
DROP TABLE scenario_tags;
DROP TABLE scenarios;
