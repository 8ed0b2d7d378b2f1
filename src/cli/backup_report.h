// What a backup has done, in words and in JSON.
#pragma once

#include <vector>

#include "backup/logical_backup.h"
#include "catalog/history.h"
#include "cli/backup_text.h"
#include "cli/console.h"

namespace pgkeep::cli {

// A backup that was made, and what is stored of it.
struct BackupReport {
  std::string source;
  backup::LogicalBackupResult result;
  repository::Manifest manifest;
  PackTotals packs;
};

// Prints it and sets "backup" in the console's document.
void ShowBackupReport(const BackupReport& report, Console& console);

// Its figures and databases for the history. Roles and tablespaces that are missing count as one
// more database that failed, so that the job is partial.
catalog::JobFigures FiguresOf(const BackupReport& report);
std::vector<catalog::DatabaseOutcome> OutcomesOf(const BackupReport& report);

}  // namespace pgkeep::cli
