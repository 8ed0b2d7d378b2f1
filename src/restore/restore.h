// Restoring a database, or a part of it, from a logical backup.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "base/result.h"
#include "repository/repository.h"
#include "restore/restore_options.h"
#include "restore/restore_plan.h"

namespace pgkeep::restore {

// How long a phase took.
struct PhaseTime {
  std::string name;
  Duration duration{};
};

// What was restored. Complete only if `errors` is empty.
struct RestoreReport {
  RestorePlan plan;
  // What is in the target and was found equal to the backup.
  uint64_t tables = 0;
  uint64_t rows = 0;
  uint64_t text_bytes = 0;
  uint64_t large_objects = 0;
  uint64_t sequences = 0;
  // Every table's rows were read whole, had the number and fingerprint that the backup recorded,
  // and the server stored as many. False if one of them was not.
  bool fingerprints_equal = false;
  // "schema.table" of those that are not restored, or not whole.
  std::vector<std::string> failed_tables;
  // Columns that the server computes, and whose values were therefore not compared:
  // "schema.table.column".
  std::vector<std::string> not_compared;
  // What went wrong with single objects, one line each: of pg_restore and of our statements.
  std::vector<std::string> errors;
  std::vector<PhaseTime> phases;

  bool complete() const { return errors.empty(); }
};

// Plans first; if the plan has problems, the first is the error (the others are attached), and
// nothing was changed. Then: the database, definitions, rows, values of sequences, large objects,
// what comes after the data, statistics of the planner.
//
// An object that fails does not stop the others: a report whose `errors` are not empty is a
// failure, which the caller has to show and to pass on. An error means that the restore ended
// early: a connection was lost, it was cancelled, the repository cannot be read. What is in the
// target then is not complete, nothing of it is taken back, and no program that was started still
// runs.
//
// Phases of `progress`: planning (which connects), pre_data, data, sequences, large_objects (if
// there are some), post_data, analyze (unless switched off). Bytes are of COPY text; objects are
// tables.
Result<RestoreReport> RunRestore(repository::Repository& repository, const RestoreOptions& options,
                                 Progress& progress, std::stop_token stop);

}  // namespace pgkeep::restore
