-- One row per job. Times are microseconds of UTC since 1970, durations microseconds, sizes bytes.
-- A figure that a job does not have is NULL; a text that it does not have is empty.
CREATE TABLE backup_history (
  id                TEXT NOT NULL PRIMARY KEY,     -- UUIDv7
  source            TEXT NOT NULL,                 -- empty: the whole repository
  databases         TEXT NOT NULL DEFAULT '[]',    -- their names, as JSON
  kind              TEXT NOT NULL,                 -- backup, restore, export, verify, expire, gc, test
  type              TEXT NOT NULL,                 -- logical, physical, none
  "trigger"         TEXT NOT NULL,                 -- manual, schedule, api
  status            TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed',
                                                    'cancelled', 'interrupted', 'partial')),
  phase             TEXT NOT NULL DEFAULT '',      -- the current one, or the last
  queued_us         INTEGER NOT NULL,
  started_us        INTEGER,
  finished_us       INTEGER,
  duration_us       INTEGER CHECK (duration_us >= 0),
  bytes_read        INTEGER NOT NULL DEFAULT 0 CHECK (bytes_read >= 0),
  bytes_stored      INTEGER NOT NULL DEFAULT 0 CHECK (bytes_stored >= 0),
  bytes_new         INTEGER NOT NULL DEFAULT 0 CHECK (bytes_new >= 0),
  objects           INTEGER NOT NULL DEFAULT 0 CHECK (objects >= 0),
  compression_ratio REAL,
  dedup_ratio       REAL,
  start_lsn         TEXT NOT NULL DEFAULT '',
  stop_lsn          TEXT NOT NULL DEFAULT '',
  backup_id         TEXT NOT NULL DEFAULT '',
  error_code        TEXT NOT NULL DEFAULT '',
  error_text        TEXT NOT NULL DEFAULT '',
  error_hint        TEXT NOT NULL DEFAULT '',
  host              TEXT NOT NULL,
  version           TEXT NOT NULL,
  exclusive         INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
  worker_id         TEXT NOT NULL,
  worker_pid        INTEGER NOT NULL,
  worker_process    TEXT NOT NULL,                 -- tells it from a later process with this pid
  lease_expires_us  INTEGER,                       -- NULL when the job has ended
  proven_at_us      INTEGER,                       -- a restore of its backup was validated
  report_id         TEXT NOT NULL DEFAULT '',
  CHECK ((finished_us IS NULL) = (status IN ('queued', 'running'))),
  CHECK ((lease_expires_us IS NULL) = (status NOT IN ('queued', 'running')))
) STRICT;

-- The job lock.
CREATE UNIQUE INDEX backup_history_running ON backup_history (source, kind)
  WHERE status = 'running' AND exclusive = 1;
CREATE INDEX backup_history_active ON backup_history (queued_us, id)
  WHERE status IN ('queued', 'running');
CREATE INDEX backup_history_by_time ON backup_history (queued_us, id);
CREATE INDEX backup_history_by_source ON backup_history (source, kind, finished_us);
CREATE INDEX backup_history_by_backup ON backup_history (backup_id) WHERE backup_id <> '';

-- How each database of a job fared; `databases` above is the same names for people who look.
CREATE TABLE backup_history_database (
  job_id     TEXT NOT NULL REFERENCES backup_history (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  database   TEXT NOT NULL,
  status     TEXT NOT NULL,
  error_code TEXT NOT NULL DEFAULT '',
  error_text TEXT NOT NULL DEFAULT '',
  error_hint TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_history_phase (
  job_id      TEXT NOT NULL REFERENCES backup_history (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  name        TEXT NOT NULL,
  started_us  INTEGER NOT NULL,
  finished_us INTEGER,
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;
