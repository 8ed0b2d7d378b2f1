// Backing up one database.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/locked_database.h"
#include "backup/watcher.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "repository/backup_writer.h"

namespace pgkeep::backup {

// One table that is in the backup.
struct TableOutcome {
  std::string schema;
  std::string name;
  uint32_t oid = 0;
  logical::TableFingerprint fingerprint;
};

// What became of one database.
struct DatabaseOutcome {
  std::string name;
  // Nothing: it is in the backup.
  std::optional<Error> error;
  Timestamp snapshot_time;
  uint64_t rows = 0;
  uint64_t text_bytes = 0;  // of the rows
  uint64_t large_objects = 0;
  std::vector<TableOutcome> tables;  // in the order in which they were done
  // What the backup stored for it; known after the commit.
  uint64_t new_units = 0;
  uint64_t new_bytes = 0;     // before compression
  uint64_t stored_bytes = 0;  // after it
};

// What all databases of a run have in common.
struct RunContext {
  repository::BackupWriter& writer;
  BackupWatcher& watcher;
  const Bytes& globals;  // SQL; empty if there is none
  bool roles_with_passwords = false;
  ByteSpan fingerprint_key;
  const crypto::SipHash128& hash;
  size_t database_number = 0;
  size_t databases = 0;
};

// Stores one database as a sub-tree with its name, and fills `outcome` (but not its error). After
// an error there is no sub-tree, and the writer can go on with other databases unless it has
// failed itself. Call it from the thread that runs the backup; `stop` ends it with kCancelled.
Status BackUpDatabase(const DatabaseRequest& request, const RunContext& run, std::stop_token stop,
                      DatabaseOutcome& outcome);

}  // namespace pgkeep::backup
