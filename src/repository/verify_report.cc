#include "repository/verify_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pgkeep::repository {

Status VerifyReport::Outcome() const {
  if (problems.empty()) return Ok();
  const VerifyProblem& first = problems.front();
  Error error(first.error);
  if (problems.size() > 1 || truncated) {
    error = std::move(error).WithContext(
        fmt::format("{} objects are damaged or missing, first {}", problems.size(), first.key));
  }
  return error;
}

void VerifyFindings::AddProblem(const std::string& key, const Error& error,
                                const std::optional<BackupId>& backup) {
  auto it = problems_.find(key);
  if (it == problems_.end()) {
    if (problems_.size() == VerifyReport::kMaxListed) {
      report_.truncated = true;
      return;
    }
    it = problems_.emplace(key, VerifyProblem{key, error, {}}).first;
  }
  std::vector<BackupId>& backups = it->second.backups;
  if (backup && std::ranges::find(backups, *backup) == backups.end()) backups.push_back(*backup);
}

void VerifyFindings::AddOrphan(const std::string& key, uint64_t bytes) {
  report_.orphan_bytes += bytes;
  if (report_.orphans.size() == VerifyReport::kMaxListed) {
    report_.truncated = true;
    return;
  }
  report_.orphans.push_back(key);
}

VerifyReport VerifyFindings::Finish() {
  for (auto& [key, problem] : problems_) report_.problems.push_back(std::move(problem));
  problems_.clear();
  std::ranges::sort(report_.orphans);
  return std::exchange(report_, {});
}

}  // namespace pgkeep::repository
