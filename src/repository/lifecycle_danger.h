// Which rules of a bucket harm a repository in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/lifecycle.h"
#include "storage/s3/settings.h"

namespace pgkeep::repository {

// The judge of one repository. A value.
class LifecycleDangers {
 public:
  // As PlanLifecycle().
  LifecycleDangers(std::string_view prefix, const storage::S3LifecycleSettings& settings,
                   bool versioned);

  // One sentence for each harm: the rule deletes live objects, moves them to where they cannot be
  // read at once, does that to the versions that count, or deletes older versions of packs before
  // the undo window ends. Empty for a disabled rule, and for one that wants tags: pgkeep sets none.
  std::vector<std::string> Of(const storage::LifecycleRule& rule) const;

 private:
  // Those of our names that the rule is about: "p/, m/".
  std::vector<std::string_view> Hit(const std::string& rule_prefix,
                                    const std::vector<std::string_view>& names) const;
  std::vector<std::string_view> OldestHit(const storage::LifecycleRule& rule) const;
  void JudgeVersions(const storage::LifecycleRule& rule, std::vector<std::string>& dangers) const;

  const std::string base_;  // with a slash at its end, or empty
  const uint32_t undo_days_;
  const bool versioned_;
};

}  // namespace pgkeep::repository
