// Turning a logical backup into an archive that stock tools read.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "archive/toc.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/result.h"
#include "logical/client_programs.h"
#include "repository/ids.h"
#include "repository/repository.h"

namespace pgkeep::restore {

// The forms in which pg_dump writes.
enum class ExportFormat {
  kDirectory,  // a directory; written by several threads, restored with any number of jobs
  kCustom,     // one file
  kPlain,      // one SQL script, made by pg_restore from a custom archive
  // Not the database: roles, their memberships, passwords and settings, and tablespaces of its
  // cluster, as the SQL of pg_dumpall --globals-only.
  kGlobals,
};

// What is exported, and how.
struct ExportOptions {
  repository::BackupId backup;
  std::string database;  // of the backup; empty: the only one
  std::string output;    // path that must not exist; its directory must
  ExportFormat format = ExportFormat::kDirectory;
  archive::Compression compression = archive::Compression::kGzip;  // or kNone; not for kPlain
  int gzip_level = -1;                                             // 1 to 9, -1: zlib's default
  unsigned jobs = 2;                                               // threads; only for kDirectory
  logical::ProgramSearch programs;                                 // only for kPlain
};

// What was written.
struct ExportReport {
  uint64_t tables = 0;
  uint64_t rows = 0;
  uint64_t text_bytes = 0;  // of the rows and large objects
  uint64_t large_objects = 0;
  uint64_t output_bytes = 0;  // of the files
};

// Writes the archive (version 1.14: for every pg_restore since 12). Each table's rows are compared
// with the fingerprint in the backup. After an error nothing is under the final name:
//   kAlreadyExists  `output` is there already
//   kNotFound       kGlobals: reading the roles had failed when the backup was made
//   kCorruption     rows are not those that were backed up
//   others          as the repository, the file system and pg_restore give them
// Phases of `progress`: planning, data, large_objects, finishing.
Result<ExportReport> ExportBackup(repository::Repository& repository, const ExportOptions& options,
                                  FileSystem& files, Progress& progress, std::stop_token stop);

}  // namespace pgkeep::restore
