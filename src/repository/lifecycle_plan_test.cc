#include "repository/lifecycle_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgkeep::repository {
namespace {

using storage::LifecycleRule;
using storage::S3LifecycleSettings;

LifecycleRule Foreign(LifecycleRule rule) {
  rule.id = "foreign";
  rule.xml = "<Rule>foreign</Rule>";
  return rule;
}

// The dangers of one foreign rule to the repository pg/ in a bucket with versions.
std::vector<std::string> DangersOf(LifecycleRule rule, bool versioned = true) {
  return PlanLifecycle("pg", {}, versioned, {.rules = {Foreign(std::move(rule))}})
      .rules.front()
      .dangers;
}

const LifecycleRule* Find(const std::vector<LifecycleRule>& rules, const std::string& prefix) {
  const auto found = std::ranges::find(rules, prefix, &LifecycleRule::prefix);
  return found == rules.end() ? nullptr : &*found;
}

TEST(LifecyclePlan, WantsWhatTheDesignSays) {
  const auto rules =
      PlanLifecycle("pg",
                    {.undo_days = 20, .transition_class = "GLACIER_IR", .transition_days = 40},
                    true, {})
          .Applied()
          .rules;
  ASSERT_EQ(rules.size(), 9U);
  EXPECT_EQ(Find(rules, "pg/")->abort_upload_days, 7U);
  for (const std::string packs_and_rubbish :
       {"pg/p/", "pg/m/", "pg/pin/", "pg/lease/", "pg/probe/"}) {
    EXPECT_EQ(Find(rules, packs_and_rubbish)->purge_days, 20U);
    EXPECT_TRUE(Find(rules, packs_and_rubbish)->expire_delete_markers);
  }
  EXPECT_EQ(Find(rules, "pg/export/")->expire_days, 30U);
  const auto transitions =
      std::ranges::count_if(rules, [](const LifecycleRule& r) { return !r.transitions.empty(); });
  EXPECT_EQ(transitions, 1);
  const auto age = std::ranges::find_if(
      rules, [](const LifecycleRule& rule) { return !rule.transitions.empty(); });
  EXPECT_EQ(age->prefix, "pg/p/");
  EXPECT_EQ(age->transitions.front().storage_class, "GLACIER_IR");
  EXPECT_EQ(age->transitions.front().days, 40U);
}

// The rules that we make are none that we would refuse.
TEST(LifecyclePlan, WantedRulesAreHarmless) {
  for (const std::string prefix : {"", "pg", "a/b"}) {
    auto rules =
        PlanLifecycle(prefix, {.transition_class = "STANDARD_IA"}, true, {}).Applied().rules;
    for (LifecycleRule& rule : rules) rule = Foreign(rule);
    const LifecyclePlan judged = PlanLifecycle(prefix, {}, true, {.rules = rules});
    EXPECT_EQ(judged.FirstDangerThatStays(), nullptr) << prefix;
  }
}

TEST(LifecyclePlan, AppliedTwiceChangesNothing) {
  const LifecyclePlan first = PlanLifecycle("pg", {}, true, {});
  EXPECT_TRUE(first.HasChanges());
  const LifecyclePlan second = PlanLifecycle("pg", {}, true, first.Applied());
  EXPECT_FALSE(second.HasChanges());
  EXPECT_TRUE(second.IsApplied(first.Applied()));
  EXPECT_FALSE(first.ends_exports);
  EXPECT_TRUE(second.ends_exports);
}

TEST(LifecyclePlan, RulesOfOthersEndExportsToo) {
  const auto ends = [](const LifecycleRule& rule) {
    return PlanLifecycle("pg", {}, false, {{Foreign(rule)}}).ends_exports;
  };
  EXPECT_TRUE(ends({.prefix = "pg/export/", .expire_days = 5}));
  EXPECT_TRUE(ends({.prefix = "", .expire_days = 30}));
  EXPECT_FALSE(ends({.prefix = "", .expire_days = 31}));
  EXPECT_FALSE(ends({.prefix = "", .expire_date = "2030-01-01T00:00:00Z"}));
  EXPECT_FALSE(ends({.prefix = "pg/export/0", .expire_days = 5}));
  EXPECT_FALSE(ends({.prefix = "export/", .expire_days = 5}));
  EXPECT_FALSE(ends({.prefix = "pg/", .tagged = true, .expire_days = 5}));
  EXPECT_FALSE(ends({.prefix = "pg/", .sized = true, .expire_days = 5}));
  EXPECT_FALSE(ends({.enabled = false, .prefix = "pg/", .expire_days = 5}));
  EXPECT_FALSE(ends({.prefix = "pg/", .purge_days = 5}));
}

// There a rule that deletes only hides: whoever knows the version can fetch it.
TEST(LifecyclePlan, ExportsEndInABucketWithVersionsOnlyWithTheirOlderVersions) {
  const auto ends = [](const std::vector<LifecycleRule>& rules) {
    std::vector<LifecycleRule> found;
    for (const LifecycleRule& rule : rules) found.push_back(Foreign(rule));
    return PlanLifecycle("pg", {}, true, {found}).ends_exports;
  };
  EXPECT_FALSE(ends({{.expire_days = 5}}));
  EXPECT_TRUE(ends({{.expire_days = 5, .purge_days = 5}}));
  EXPECT_TRUE(ends({{.expire_days = 5}, {.prefix = "pg/export/", .purge_days = 30}}));
  EXPECT_FALSE(ends({{.expire_days = 5}, {.prefix = "pg/export/", .purge_days = 31}}));
  EXPECT_FALSE(ends({{.expire_days = 5}, {.prefix = "pg/p/", .purge_days = 1}}));
}

TEST(LifecyclePlan, ReplacesItsOwnRulesAndKeepsThoseOfOthers) {
  const auto before =
      PlanLifecycle("pg", {.transition_class = "STANDARD_IA"}, true, {}).Applied().rules;
  std::vector<LifecycleRule> found = before;
  found.push_back(Foreign({.prefix = "logs/", .expire_days = 5}));
  // Another repository in the same bucket.
  const auto other = PlanLifecycle("pg2", {}, true, {}).Applied().rules;
  found.insert(found.end(), other.begin(), other.end());
  const LifecyclePlan plan = PlanLifecycle("pg", {.undo_days = 30}, true, {.rules = found});
  EXPECT_EQ(plan.Number(LifecycleState::kForeign), 1 + other.size());
  EXPECT_EQ(plan.Number(LifecycleState::kOutdated), 6U);  // five purges, and the class
  EXPECT_EQ(plan.Number(LifecycleState::kMissing), 5U);
  EXPECT_EQ(plan.Number(LifecycleState::kInPlace), 3U);
  const auto applied = plan.Applied().rules;
  EXPECT_EQ(applied.size(), found.size() - 1);
  EXPECT_EQ(Find(applied, "logs/")->xml, "<Rule>foreign</Rule>");
}

TEST(LifecyclePlan, SeesWhenReadingBackShowsSomethingElse) {
  const LifecyclePlan plan =
      PlanLifecycle("pg", {}, true, {.rules = {Foreign({.prefix = "logs/", .expire_days = 5})}});
  EXPECT_TRUE(plan.IsApplied(plan.Applied()));
  auto lost = plan.Applied();
  lost.rules.pop_back();
  EXPECT_FALSE(plan.IsApplied(lost));
  auto changed = plan.Applied();
  changed.rules.front().xml += " ";
  EXPECT_FALSE(plan.IsApplied(changed));
  auto ours = plan.Applied();
  ours.rules.back().expire_days = 1;
  EXPECT_FALSE(plan.IsApplied(ours));
  auto more = plan.Applied();
  more.rules.push_back(Foreign({}));
  EXPECT_FALSE(plan.IsApplied(more));
}

TEST(LifecyclePlan, KeepsTheLeastSizeThatStandsBesideTheRules) {
  const LifecyclePlan plan = PlanLifecycle(
      "pg", {}, true, {.rules = {Foreign({.prefix = "logs/"})}, .transition_minimum = "varies"});
  EXPECT_EQ(plan.Applied().transition_minimum, "varies");
  EXPECT_TRUE(plan.IsApplied(plan.Applied()));
  auto reset = plan.Applied();
  reset.transition_minimum = "all";
  EXPECT_FALSE(plan.IsApplied(reset));
  reset.transition_minimum = "";
  EXPECT_FALSE(plan.IsApplied(reset));
}

// Where there were no rules nothing was said, and afterwards the provider tells its default.
TEST(LifecyclePlan, ALeastSizeThatWasNeverToldMayBeAny) {
  const LifecyclePlan plan = PlanLifecycle("pg", {}, true, {});
  auto found = plan.Applied();
  found.transition_minimum = "all";
  EXPECT_TRUE(plan.IsApplied(found));
}

TEST(LifecyclePlan, SeesRulesThatDeleteLiveObjects) {
  EXPECT_EQ(DangersOf({.expire_days = 90}).size(), 1U);
  EXPECT_EQ(DangersOf({.prefix = "p", .expire_days = 90}).size(), 1U);
  EXPECT_EQ(DangersOf({.prefix = "pg/", .expire_date = "2027-01-01"}).size(), 1U);
  EXPECT_EQ(DangersOf({.prefix = "pg/p/", .expire_days = 3650}),
            (std::vector<std::string>{"deletes live objects of p/ after 3650 days"}));
  EXPECT_EQ(DangersOf({.prefix = "pg/dec/ab", .expire_days = 1}).size(), 1U);
  EXPECT_EQ(DangersOf({.prefix = "pg/m/", .sized = true, .expire_days = 1}).size(), 1U);
}

TEST(LifecyclePlan, LetsHarmlessRulesBe) {
  EXPECT_TRUE(DangersOf({.prefix = "pg2/", .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.prefix = "logs/", .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.prefix = "pg/export/", .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.prefix = "pg/notes/", .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.enabled = false, .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.tagged = true, .expire_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.abort_upload_days = 1}).empty());
  EXPECT_TRUE(DangersOf({.expire_delete_markers = true}).empty());
}

TEST(LifecyclePlan, SeesWhatPurgesTheVersionsThatCount) {
  EXPECT_EQ(DangersOf({.prefix = "pg/dec/", .purge_days = 3650}).size(), 1U);
  EXPECT_EQ(DangersOf({.purge_days = 3650}).size(), 1U);
  EXPECT_EQ(DangersOf({.purge_days = 13}).size(), 2U);  // and the undo window is cut short
  EXPECT_EQ(DangersOf({.prefix = "pg/p/", .purge_days = 13}).size(), 1U);
  EXPECT_EQ(DangersOf({.prefix = "pg/ses/", .purge_days = 3650}).size(), 1U);
  EXPECT_TRUE(DangersOf({.prefix = "pg/p/", .purge_days = 14}).empty());
  EXPECT_TRUE(DangersOf({.purge_days = 1}, false).empty());
}

TEST(LifecyclePlan, SeesWhatMovesBackupsOutOfReach) {
  EXPECT_EQ(DangersOf({.transitions = {{.storage_class = "GLACIER", .days = 90}}}).size(), 1U);
  EXPECT_EQ(
      DangersOf({.prefix = "pg/p/", .transitions = {{.storage_class = "COLD", .days = 1}}}).size(),
      1U);
  EXPECT_TRUE(DangersOf({.transitions = {{.storage_class = "GLACIER_IR", .days = 90}}}).empty());
  // The oldest version is what counts.
  const LifecycleRule older = {
      .prefix = "pg/dec/",
      .transitions = {{.storage_class = "GLACIER", .days = 9, .noncurrent = true}}};
  EXPECT_EQ(DangersOf(older), (std::vector<std::string>{"moves older versions of dec/ to GLACIER, "
                                                        "where they cannot be read at once"}));
  EXPECT_TRUE(DangersOf(older, false).empty());
}

TEST(LifecyclePlan, DescribesWhatRulesDo) {
  EXPECT_EQ(DescribeRule({.expire_days = 1, .expire_delete_markers = true, .purge_days = 14}),
            "deletes after 1 day, deletes older versions after 14 days, tidies delete markers");
  EXPECT_EQ(DescribeRule({.enabled = false,
                          .tagged = true,
                          .transitions = {{.storage_class = "GLACIER_IR", .days = 30}}}),
            "moves to GLACIER_IR after 30 days; only objects with certain tags; disabled");
  EXPECT_EQ(DescribeRule({}), "something that pgkeep does not know");
}

}  // namespace
}  // namespace pgkeep::repository
