// The threads that load rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/progress.h"
#include "base/result.h"
#include "logical/fingerprint.h"
#include "postgres/connection.h"
#include "postgres/connection_params.h"
#include "restore/backup_source.h"
#include "restore/load_queue.h"
#include "restore/row_target.h"

namespace pgkeep::restore {

// The rows of one stream and how to store them.
struct LoadJob {
  std::string name;  // for people: "shop.order"
  const RowStream* rows = nullptr;
  std::function<Result<std::unique_ptr<RowTarget>>(postgres::Connection&)> open;
  std::vector<size_t> after = {};  // positions of jobs that come before
  bool shared = true;              // several connections may take parts of it
};

// What came of a job.
struct LoadOutcome {
  logical::TableFingerprint read;  // of the rows that came out of the backup
  uint64_t stored = 0;             // rows, as the server counts
  uint64_t bytes = 0;
  std::vector<Error> errors;
  // All rows were read, are the ones that were backed up, and are stored.
  bool complete = false;
};

// Loads the rows of all jobs over several connections. Run() is called once.
class LoadCrew {
 public:
  // `settings` is SQL for every session. All must outlive this.
  LoadCrew(const BackupSource& source, const postgres::ConnectionParams& params,
           std::string settings, std::vector<LoadJob> jobs, Progress& progress);

  // An outcome for each job, by up to so many connections: fewer if the server has no more left. A
  // job that fails does not stop the others: rows that the server does not take, packs of the
  // backup that are damaged or gone. Everything else ends them all and is the error: a lost
  // connection, a store that does not answer, a stop.
  Result<std::vector<LoadOutcome>> Run(unsigned workers, std::stop_token stop) PGK_EXCLUDES(mutex_);

  // How many connections there were.
  unsigned connections() const { return connections_; }

 private:
  // One worker's share of one job.
  struct Share;

  Result<std::unique_ptr<postgres::Connection>> Connect(std::stop_token stop) const;
  Status Work(postgres::Connection& connection, const std::stop_token& stop) PGK_EXCLUDES(mutex_);
  Status LoadShare(postgres::Connection& connection, size_t item, const std::stop_token& stop)
      PGK_EXCLUDES(mutex_);
  Status ReadInto(RowTarget& target, Share& share);
  Status Store(postgres::Connection& connection, Share& share);
  void Record(const Share& share, const Status& done) PGK_EXCLUDES(mutex_);
  void Judge(size_t item) PGK_EXCLUDES(mutex_);

  const BackupSource& source_;
  const postgres::ConnectionParams& params_;
  const std::string settings_;
  const std::vector<LoadJob> jobs_;
  Progress& progress_;
  LoadQueue queue_;
  unsigned connections_ = 0;
  Mutex mutex_;
  std::vector<LoadOutcome> outcomes_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::restore
