// A restore that was planned and can begin.
#pragma once

#include <memory>
#include <stop_token>

#include "base/result.h"
#include "logical/client_programs.h"
#include "repository/repository.h"
#include "restore/backup_source.h"
#include "restore/restore_options.h"
#include "restore/restore_plan.h"
#include "restore/restore_set.h"
#include "restore/target_database.h"

namespace pgkeep::restore {

// The plan, and what it was made from.
struct PreparedRestore {
  RestorePlan plan;
  std::unique_ptr<BackupSource> source;
  TargetDatabase target;
  RestoreSet set;
  // Of the target's version; without a path if there is none, which is a problem in the plan.
  logical::ClientProgram program;
};

// PlanRestore() with what it found on the way.
Result<PreparedRestore> PrepareRestore(repository::Repository& repository,
                                       const RestoreOptions& options, std::stop_token stop);

}  // namespace pgkeep::restore
