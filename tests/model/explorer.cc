#include "tests/model/explorer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/model/invariants.h"
#include "tests/model/symmetry.h"
#include "tests/model/visited_set.h"

namespace pgkeep::model {
namespace {

void AddSteps(const Config& config, const State& state, std::vector<Step>& out) {
  out.clear();
  for (int id = 1; id < config.Ids(); ++id) AddWriterSteps(config, state, id, out);
  for (int gc = 0; gc < config.gcs; ++gc) AddGcSteps(config, state, gc, out);
  AddOutsideSteps(config, state, out);
}

class Search {
 public:
  Search(const Config& config, std::uint64_t max_states)
      : config_(config), canonicalizer_(config), max_states_(max_states) {}

  Outcome Run() {
    const State start = InitialState(config_);
    visited_.Insert(canonicalizer_.Canonical(start), 0);
    std::uint32_t level_end = 1;
    for (std::uint32_t index = 0; index < visited_.size(); ++index) {
      if (index == level_end) {
        level_end = visited_.size();
        ++outcome_.depth;
      }
      if (visited_.size() > max_states_ || !Expand(index)) return Finish();
    }
    outcome_.exhausted = true;
    return Finish();
  }

  const VisitedSet& visited() const { return visited_; }

 private:
  // False if a rule is broken.
  bool Expand(std::uint32_t index) {
    const State state = Unpack(config_, visited_.key(index));
    AddSteps(config_, state, steps_);
    for (const Step& step : steps_) {
      ++outcome_.transitions;
      ++outcome_.fired[CoverageSlot(step.action.kind, step.action.object)];
      std::string_view broken = BrokenRule(config_, state, step.next);
      const bool is_new = visited_.Insert(canonicalizer_.Canonical(step.next), index);
      if (broken.empty() && (is_new || (config_.reduced && !state.SameStore(step.next))))
        broken = BrokenRule(config_, step.next);
      if (broken.empty()) continue;
      outcome_.broken_rule = broken;
      Trace(index, canonicalizer_.Canonical(step.next));
      return false;
    }
    return true;
  }

  // Keys are renamed representatives, so the way is walked again from the start with one naming.
  void Trace(std::uint32_t index, const Key& last) {
    std::vector<Key> way = {last};
    for (; index != 0; index = visited_.parent(index)) way.push_back(visited_.key(index));
    std::reverse(way.begin(), way.end());
    State state = InitialState(config_);
    for (const Key& key : way) {
      AddSteps(config_, state, steps_);
      const auto step = std::find_if(steps_.begin(), steps_.end(), [&](const Step& candidate) {
        return canonicalizer_.Canonical(candidate.next) == key;
      });
      outcome_.trace.push_back(step == steps_.end() ? "?" : Describe(step->action));
      if (step != steps_.end()) state = canonicalizer_.Clean(step->next);
    }
  }

  Outcome Finish() {
    outcome_.states = visited_.size();
    return outcome_;
  }

  Config config_;
  Canonicalizer canonicalizer_;
  std::uint64_t max_states_;
  VisitedSet visited_;
  std::vector<Step> steps_;
  Outcome outcome_;
};

}  // namespace

Outcome Explore(const Config& config, std::uint64_t max_states) {
  return Search(config, max_states).Run();
}

std::vector<Key> ReachableKeys(const Config& config) {
  Search search(config, kMostStates);
  if (!search.Run().exhausted) {
    std::fputs("protocol model: the states cannot be listed, a rule is broken\n", stderr);
    std::abort();
  }
  std::vector<Key> keys;
  for (std::uint32_t i = 0; i < search.visited().size(); ++i) {
    keys.push_back(search.visited().key(i));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string Summary(const std::string& title, const Outcome& outcome) {
  std::string text = title + ": " + std::to_string(outcome.states) + " states, " +
                     std::to_string(outcome.transitions) + " transitions, depth " +
                     std::to_string(outcome.depth);
  if (!outcome.broken_rule.empty()) {
    text +=
        "\n  broken in " + std::to_string(outcome.trace.size()) + " steps: " + outcome.broken_rule;
  }
  int number = 0;
  for (const std::string& line : outcome.trace) {
    text += "\n  " + std::to_string(++number) + ". " + line;
  }
  return text + "\n";
}

}  // namespace pgkeep::model
