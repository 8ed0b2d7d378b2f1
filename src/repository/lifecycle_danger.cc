#include "repository/lifecycle_danger.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "repository/object_names.h"
#include "repository/oldest_versions.h"

namespace pgkeep::repository {
namespace {

// What backups need; not exports.
const std::vector<std::string_view> kLive = {
    kConfigPrefix,        kConfigCopyPrefix, kKeySlotPrefix,  kSessionPrefix,
    kPinPrefix,           kDataPackPrefix,   kMetaPackPrefix, kManifestPrefix,
    kReferenceListPrefix, kDecisionPrefix,   kExpiryPrefix,   kGcPlanPrefix,
    kLeasePrefix,         kWalPrefix};

template <size_t size>
std::vector<std::string_view> Sorted(const std::array<std::string_view, size>& prefixes) {
  std::vector<std::string_view> sorted(prefixes.begin(), prefixes.end());
  std::ranges::sort(sorted);
  return sorted;
}

// Their oldest version is what counts, and it never goes, other than that of packs.
std::vector<std::string_view> OldestCounts() {
  std::vector<std::string_view> prefixes;
  std::ranges::set_difference(Sorted(kOldestVersionPrefixes), Sorted(kIntactVersionPrefixes),
                              std::back_inserter(prefixes));
  return prefixes;
}

std::string When(const storage::LifecycleRule& rule) {
  return rule.expire_days ? fmt::format("after {} days", *rule.expire_days)
                          : "on " + rule.expire_date;
}

}  // namespace

LifecycleDangers::LifecycleDangers(std::string_view prefix,
                                   const storage::S3LifecycleSettings& settings, bool versioned)
    : base_(prefix.empty() ? "" : std::string(prefix) + "/"),
      undo_days_(settings.undo_days),
      versioned_(versioned) {}

std::vector<std::string_view> LifecycleDangers::Hit(
    const std::string& rule_prefix, const std::vector<std::string_view>& names) const {
  std::vector<std::string_view> hit;
  for (const std::string_view name : names) {
    const std::string ours = base_ + std::string(name);
    if (ours.starts_with(rule_prefix) || rule_prefix.starts_with(ours)) hit.push_back(name);
  }
  return hit;
}

// What is read by its oldest version, packs and all.
std::vector<std::string_view> LifecycleDangers::OldestHit(
    const storage::LifecycleRule& rule) const {
  if (!versioned_) return {};
  return Hit(rule.prefix, {kOldestVersionPrefixes.begin(), kOldestVersionPrefixes.end()});
}

void LifecycleDangers::JudgeVersions(const storage::LifecycleRule& rule,
                                     std::vector<std::string>& dangers) const {
  if (!rule.purge_days || !versioned_) return;
  if (const auto hit = Hit(rule.prefix, OldestCounts()); !hit.empty()) {
    dangers.push_back(
        fmt::format("deletes older versions of {}, which are what counts, after {} days",
                    fmt::join(hit, ", "), *rule.purge_days));
  }
  if (*rule.purge_days >= undo_days_) return;
  if (const auto hit = Hit(rule.prefix, Sorted(kIntactVersionPrefixes)); !hit.empty()) {
    dangers.push_back(
        fmt::format("deletes older versions of {} after {} days, when they shall stay {}",
                    fmt::join(hit, ", "), *rule.purge_days, undo_days_));
  }
}

std::vector<std::string> LifecycleDangers::Of(const storage::LifecycleRule& rule) const {
  std::vector<std::string> dangers;
  if (!rule.enabled || rule.tagged) return dangers;
  const std::vector<std::string_view> hit = Hit(rule.prefix, kLive);
  if (!hit.empty() && (rule.expire_days || !rule.expire_date.empty())) {
    dangers.push_back(
        fmt::format("deletes live objects of {} {}", fmt::join(hit, ", "), When(rule)));
  }
  for (const storage::LifecycleTransition& transition : rule.transitions) {
    if (storage::ReadsAtOnce(transition.storage_class)) continue;
    const auto moved = transition.noncurrent ? OldestHit(rule) : hit;
    if (moved.empty()) continue;
    dangers.push_back(fmt::format("moves {} of {} to {}, where they cannot be read at once",
                                  transition.noncurrent ? "older versions" : "live objects",
                                  fmt::join(moved, ", "), transition.storage_class));
  }
  JudgeVersions(rule, dangers);
  return dangers;
}

}  // namespace pgkeep::repository
