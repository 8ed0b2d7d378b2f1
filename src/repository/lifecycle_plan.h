// The rules by which a bucket should look after a repository in it, and how to get there from those
// that it has.
//
// Wanted are: uploads that were cut off end; older versions of packs (what was deleted or replaced)
// go after the undo window, and so do those of what every run makes and deletes again: pins,
// heartbeats, leases and probes; packs may move to a cheaper class; exports go after thirty days.
// All other objects keep all their versions, since the oldest one is what counts (docs/s3.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/lifecycle.h"
#include "storage/s3/settings.h"

namespace pgkeep::repository {

// After so many days exports go.
inline constexpr uint32_t kExportDays = 30;

// What a rule is to us.
enum class LifecycleState {
  kInPlace,   // ours, as it should be
  kMissing,   // ours, and not there: applying adds it
  kOutdated,  // ours by its name, but not as it should be: applying removes it
  kForeign,   // somebody else's: it stays
};

// One rule of the bucket, or one that it should have.
struct PlannedRule {
  LifecycleState state = LifecycleState::kInPlace;
  storage::LifecycleRule rule = {};
  // One sentence for each harm that it does to backups.
  std::vector<std::string> dangers = {};
};

// All of them: first the bucket's, in its order, then what is missing.
struct LifecyclePlan {
  std::vector<PlannedRule> rules = {};
  // As the bucket says it beside its rules (storage::LifecycleConfiguration); it stays.
  std::string transition_minimum = {};
  // Whether enabled rules of the bucket, whosever they are, surely delete all exports within
  // kExportDays, and their older versions, if the bucket has any, within as many days more.
  bool ends_exports = false;

  size_t Number(LifecycleState state) const;
  // Whether applying changes anything.
  bool HasChanges() const;
  // The first danger of a rule that stays, with the rule; null if there is none. Borrows.
  const PlannedRule* FirstDangerThatStays() const;
  // What the bucket has once the plan was applied.
  storage::LifecycleConfiguration Applied() const;
  // Whether `found` is that: ours mean what they should, those of others are as they were to the
  // letter, there are no more, and what stood beside them does so still.
  bool IsApplied(const storage::LifecycleConfiguration& found) const;
};

// `prefix` is the repository's in its bucket: empty, or without a slash at its end. `versioned`:
// the bucket keeps versions.
LifecyclePlan PlanLifecycle(std::string_view prefix, const storage::S3LifecycleSettings& settings,
                            bool versioned, const storage::LifecycleConfiguration& found);

// What a rule does, in words: "aborts uploads after 7 days, deletes older versions after 14 days".
std::string DescribeRule(const storage::LifecycleRule& rule);

}  // namespace pgkeep::repository
