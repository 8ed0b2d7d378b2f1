#include "repository/lifecycle_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hex.h"
#include "crypto/hash.h"
#include "repository/lifecycle_danger.h"
#include "repository/object_names.h"
#include "storage/s3/probe.h"

namespace pgkeep::repository {
namespace {

using storage::LifecycleConfiguration;
using storage::LifecycleRule;
using storage::LifecycleTransition;

// pgkeep uploads nothing in parts; what others began below its prefix is not worth more.
constexpr uint32_t kAbortUploadDays = 7;
// Exports are copies: nobody wants one back that has gone.
constexpr uint32_t kPurgeExportDays = 1;
constexpr size_t kMarkBytes = 4;

// The rules that we want, by names that no other repository in the bucket uses.
class WantedRules {
 public:
  WantedRules(std::string_view prefix, const storage::S3LifecycleSettings& settings)
      : base_(prefix.empty() ? "" : std::string(prefix) + "/"),
        mark_(HexEncode(ByteSpan(crypto::Sha256(AsBytes(prefix))).first(kMarkBytes))) {
    Add("uploads", "").abort_upload_days = kAbortUploadDays;
    AddPurge("purge-data", kDataPackPrefix, settings.undo_days);
    AddPurge("purge-metadata", kMetaPackPrefix, settings.undo_days);
    AddPurge("purge-pins", kPinPrefix, settings.undo_days);
    AddPurge("purge-leases", kLeasePrefix, settings.undo_days);
    AddPurge("purge-probes", storage::kProbePrefix, settings.undo_days);
    names_.push_back(NameOf("age-data"));
    if (!settings.transition_class.empty()) {
      names_.pop_back();
      Add("age-data", kDataPackPrefix)
          .transitions.push_back({settings.transition_class, settings.transition_days});
    }
    Add("exports", kExportPrefix).expire_days = kExportDays;
    // Apart, since a rule that deletes after days cannot tidy markers.
    AddPurge("purge-exports", kExportPrefix, kPurgeExportDays);
  }

  const std::vector<LifecycleRule>& rules() const { return rules_; }

  // What keys of exports in the bucket begin with.
  std::string Exports() const { return base_ + std::string(kExportPrefix); }

  // Also those of rules that are not wanted now.
  bool IsOurName(const std::string& name) const {
    return std::ranges::find(names_, name) != names_.end();
  }

 private:
  std::string NameOf(std::string_view what) const {
    return fmt::format("pgkeep-{}-{}", what, mark_);
  }

  LifecycleRule& Add(std::string_view what, std::string_view below) {
    names_.push_back(NameOf(what));
    return rules_.emplace_back(
        LifecycleRule{.id = names_.back(), .prefix = base_ + std::string(below)});
  }

  void AddPurge(std::string_view what, std::string_view below, uint32_t days) {
    LifecycleRule& purge = Add(what, below);
    purge.purge_days = days;
    purge.expire_delete_markers = true;
  }

  const std::string base_;
  const std::string mark_;
  std::vector<std::string> names_;
  std::vector<LifecycleRule> rules_;
};

bool HasSame(const std::vector<LifecycleRule>& rules, const LifecycleRule& rule) {
  return std::ranges::any_of(rules, [&](const LifecycleRule& other) { return rule.SameAs(other); });
}

std::string Days(uint32_t days) { return fmt::format("{} day{}", days, days == 1 ? "" : "s"); }

// Whether the rules delete everything below `exports` in time, in a bucket with versions for good.
// A date says nothing about objects that come after it.
bool EndExports(const std::vector<LifecycleRule>& rules, const std::string& exports,
                bool versioned) {
  const auto any = [&](std::optional<uint32_t> LifecycleRule::*days) {
    return std::ranges::any_of(rules, [&](const LifecycleRule& rule) {
      return rule.enabled && !rule.tagged && !rule.sized && exports.starts_with(rule.prefix) &&
             rule.*days && *(rule.*days) <= kExportDays;
    });
  };
  return any(&LifecycleRule::expire_days) && (!versioned || any(&LifecycleRule::purge_days));
}

std::string DescribeTransition(const LifecycleTransition& transition) {
  return fmt::format(
      "moves {}to {} {}", transition.noncurrent ? "older versions " : "", transition.storage_class,
      transition.date.empty() ? "after " + Days(transition.days) : "on " + transition.date);
}

}  // namespace

size_t LifecyclePlan::Number(LifecycleState state) const {
  return static_cast<size_t>(std::ranges::count(rules, state, &PlannedRule::state));
}

bool LifecyclePlan::HasChanges() const {
  return Number(LifecycleState::kMissing) + Number(LifecycleState::kOutdated) > 0;
}

const PlannedRule* LifecyclePlan::FirstDangerThatStays() const {
  const auto found = std::ranges::find_if(rules, [](const PlannedRule& planned) {
    return planned.state == LifecycleState::kForeign && !planned.dangers.empty();
  });
  return found == rules.end() ? nullptr : &*found;
}

LifecycleConfiguration LifecyclePlan::Applied() const {
  LifecycleConfiguration applied{.transition_minimum = transition_minimum};
  for (const PlannedRule& planned : rules) {
    if (planned.state != LifecycleState::kOutdated) applied.rules.push_back(planned.rule);
  }
  return applied;
}

bool LifecyclePlan::IsApplied(const LifecycleConfiguration& found) const {
  const LifecycleConfiguration wanted = Applied();
  if (found.rules.size() != wanted.rules.size()) return false;
  // A bucket without rules says nothing, and has the default of its provider afterwards.
  if (!transition_minimum.empty() && found.transition_minimum != transition_minimum) return false;
  return std::ranges::all_of(rules, [&](const PlannedRule& planned) {
    if (planned.state == LifecycleState::kOutdated) return true;
    if (planned.state != LifecycleState::kForeign) return HasSame(found.rules, planned.rule);
    return std::ranges::find(found.rules, planned.rule.xml, &LifecycleRule::xml) !=
           found.rules.end();
  });
}

LifecyclePlan PlanLifecycle(std::string_view prefix, const storage::S3LifecycleSettings& settings,
                            bool versioned, const LifecycleConfiguration& found) {
  const WantedRules wanted(prefix, settings);
  const LifecycleDangers dangers(prefix, settings, versioned);
  LifecyclePlan plan{.transition_minimum = found.transition_minimum,
                     .ends_exports = EndExports(found.rules, wanted.Exports(), versioned)};
  for (const LifecycleRule& rule : found.rules) {
    LifecycleState state = LifecycleState::kForeign;
    if (wanted.IsOurName(rule.id)) {
      state = HasSame(wanted.rules(), rule) ? LifecycleState::kInPlace : LifecycleState::kOutdated;
    }
    plan.rules.push_back({state, rule, dangers.Of(rule)});
  }
  for (const LifecycleRule& rule : wanted.rules()) {
    if (!HasSame(found.rules, rule)) plan.rules.push_back({LifecycleState::kMissing, rule, {}});
  }
  return plan;
}

std::string DescribeRule(const LifecycleRule& rule) {
  std::vector<std::string> texts;
  if (rule.expire_days) texts.push_back("deletes after " + Days(*rule.expire_days));
  if (!rule.expire_date.empty()) texts.push_back("deletes on " + rule.expire_date);
  if (rule.purge_days) texts.push_back("deletes older versions after " + Days(*rule.purge_days));
  if (rule.expire_delete_markers) texts.emplace_back("tidies delete markers");
  for (const LifecycleTransition& transition : rule.transitions) {
    texts.push_back(DescribeTransition(transition));
  }
  if (rule.abort_upload_days) {
    texts.push_back("aborts uploads after " + Days(*rule.abort_upload_days));
  }
  std::string text = fmt::format("{}", fmt::join(texts, ", "));
  if (text.empty()) text = "something that pgkeep does not know";
  if (rule.tagged) text += "; only objects with certain tags";
  if (rule.sized) text += "; only objects of certain sizes";
  return rule.enabled ? text : text + "; disabled";
}

}  // namespace pgkeep::repository
