// The plan of a restore and what came of it, in words and in JSON.
#pragma once

#include "cli/backup_choice.h"
#include "cli/console.h"
#include "restore/restore.h"
#include "restore/restore_plan.h"

namespace pgkeep::cli {

// Prints the plan with its problems and sets "plan" in the console's document.
void ShowPlan(const restore::RestorePlan& plan, const BackupChoice& choice, Timestamp now,
              Console& console);

// Prints what was restored, what failed and how long each phase took, and sets "restore" in the
// document.
void ShowRestoreReport(const restore::RestoreReport& report, Console& console);

}  // namespace pgkeep::cli
