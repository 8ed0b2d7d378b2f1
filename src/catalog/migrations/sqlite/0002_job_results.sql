-- What maintenance comes to: the bytes that a job removed from the repository, and one sentence for
-- people on what it did or found.
ALTER TABLE backup_history ADD COLUMN
  bytes_deleted INTEGER NOT NULL DEFAULT 0 CHECK (bytes_deleted >= 0);
ALTER TABLE backup_history ADD COLUMN
  summary       TEXT NOT NULL DEFAULT '';
