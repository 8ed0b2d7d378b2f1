#include "testing/crash_replay.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file_util.h"
#include "testing/disk_model.h"

namespace pgkeep::testing {

namespace {

constexpr uint32_t kWritableDirectoryMode = 0700;  // the checker has to get in and clean up
constexpr int kDepthMax = 64;

using Answers = std::vector<size_t>;

// Writes a tree into a directory.
class TreeWriter {
 public:
  explicit TreeWriter(const DiskTree& tree) : tree_(tree) {}

  Status Write(NodeId directory, const std::string& path, int depth = 0) {
    PGK_CHECK(depth < kDepthMax, "directories are not that deep");
    const auto begin = tree_.names.lower_bound({directory, ""});
    for (auto it = begin; it != tree_.names.end() && it->first.first == directory; ++it) {
      const std::string child = JoinPath(path, it->first.second);
      const DiskTree::Node& node = tree_.nodes.at(it->second);
      if (node.is_directory) {
        PGK_TRY(files_.CreateDirectory(child, node.mode | kWritableDirectoryMode));
        PGK_TRY(Write(it->second, child, depth + 1));
      } else {
        PGK_TRY(WriteFile(it->second, node, child));
      }
    }
    return Ok();
  }

 private:
  Status WriteFile(NodeId id, const DiskTree::Node& node, const std::string& path) {
    const auto [first, is_first] = first_paths_.try_emplace(id, path);
    if (!is_first) return files_.Link(first->second, path);
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files_.CreateNew(path, node.mode));
    PGK_TRY(file->WriteAll(*node.content));
    return file->Close();
  }

  const DiskTree& tree_;
  FileSystem& files_ = PosixFileSystem();
  std::map<NodeId, std::string> first_paths_;  // of the files with several names
};

// Equal for equal trees, as far as they come from the same model.
std::string Fingerprint(const DiskTree& tree) {
  std::string text;
  for (const auto& [name, id] : tree.names) {
    const void* content = tree.nodes.at(id).content.get();
    text += fmt::format("{}/{}={}:{}\n", name.first, name.second, id, content);
  }
  return text;
}

// Steps to the next combination; false after the last one.
bool NextCombination(const Answers& questions, Answers& answers) {
  for (size_t i = 0; i < questions.size(); ++i) {
    if (++answers[i] < questions[i]) return true;
    answers[i] = 0;
  }
  return false;
}

// The number of combinations, or `limit` + 1 if it is more than `limit`.
size_t CountCombinations(const Answers& questions, size_t limit) {
  size_t count = 1;
  for (const size_t options : questions) {
    count *= options;
    if (count > limit) return limit + 1;
  }
  return count;
}

std::vector<Answers> AllCombinations(const Answers& questions) {
  std::vector<Answers> all;
  Answers answers(questions.size(), 0);
  do {
    all.push_back(answers);
  } while (NextCombination(questions, answers));
  return all;
}

// See CrashSweepOptions.
std::vector<Answers> SomeCombinations(const Answers& questions, size_t wanted, uint64_t seed) {
  const Answers lost(questions.size(), 0);
  Answers kept = questions;
  for (size_t& answer : kept) --answer;
  std::vector<Answers> some = {lost, kept};
  for (size_t i = 0; i < questions.size(); ++i) {
    for (size_t answer = 0; answer + 1 < questions[i]; ++answer) {
      some.push_back(kept);
      some.back()[i] = answer;
      some.push_back(lost);
      some.back()[i] = answer + 1;
    }
  }
  std::mt19937_64 random(seed);
  while (some.size() < wanted) {
    Answers answers;
    for (const size_t options : questions) answers.push_back(random() % options);
    some.push_back(std::move(answers));
  }
  some.resize(std::min(some.size(), std::max<size_t>(wanted, 2)));
  return some;
}

// One sweep: see ForEachCrash().
class Sweep {
 public:
  Sweep(std::string scratch, const CrashSweepOptions& options,
        const std::function<Status(const CrashState&)>& visit)
      : directory_(JoinPath(scratch, "crash")), options_(options), visit_(visit) {}

  // Visits the states of one point. `model` holds what happened before it.
  Status VisitPoint(DiskModel& model, size_t prefix, const std::string& last_operation) {
    ++report_.points;
    const Answers questions = model.Questions();
    const bool sample = CountCombinations(questions, options_.states_max) > options_.states_max;
    if (sample) ++report_.sampled;
    std::set<std::string> seen;
    for (const Answers& answers :
         sample ? SomeCombinations(questions, options_.states_max, options_.seed + prefix)
                : AllCombinations(questions)) {
      const DiskTree tree = model.Answer(answers);
      if (!seen.insert(Fingerprint(tree)).second) continue;
      ++report_.states;
      std::string description = fmt::format("power cut after operation {} ({}){}", prefix,
                                            last_operation, model.Describe(answers));
      PGK_TRY(VisitState(tree, {prefix, directory_, std::move(description)}));
    }
    return Ok();
  }

  const CrashSweepReport& report() const { return report_; }

 private:
  Status VisitState(const DiskTree& tree, const CrashState& state) {
    PGK_TRY(PosixFileSystem().CreateDirectory(directory_, kWritableDirectoryMode));
    Status visited = TreeWriter(tree).Write(kRootNode, directory_);
    if (visited.ok()) visited = visit_(state);
    std::error_code removed;
    std::filesystem::remove_all(directory_, removed);
    if (!visited.ok()) return std::move(visited).error().WithContext(state.description);
    if (removed) return ErrnoError(removed.value(), "removing " + directory_);
    return Ok();
  }

  const std::string directory_;
  const CrashSweepOptions options_;
  const std::function<Status(const CrashState&)>& visit_;
  CrashSweepReport report_;
};

}  // namespace

Result<std::string> CrashReplay::Materialise(size_t prefix, const CrashChoice& choose,
                                             const std::string& directory) const {
  PGK_CHECK(prefix >= log_.baseline && prefix <= log_.operations.size());
  DiskModel model;
  for (size_t i = 0; i < prefix; ++i) model.Apply(log_.operations[i]);
  Answers answers;
  for (const size_t options : model.Questions()) {
    answers.push_back(choose(options));
    PGK_CHECK(answers.back() < options, "a choice is one of the options");
  }
  PGK_TRY(TreeWriter(model.Answer(answers)).Write(kRootNode, directory));
  return model.Describe(answers);
}

Result<CrashSweepReport> ForEachCrash(const CrashReplay& replay, const std::string& scratch,
                                      const CrashSweepOptions& options,
                                      const std::function<Status(const CrashState&)>& visit) {
  const FileLog& log = replay.log();
  Sweep sweep(scratch, options, visit);
  DiskModel model;
  for (size_t i = 0; i < log.baseline; ++i) model.Apply(log.operations[i]);
  PGK_TRY(sweep.VisitPoint(model, log.baseline, "nothing yet"));
  for (size_t i = log.baseline; i < log.operations.size(); ++i) {
    model.Apply(log.operations[i]);
    PGK_TRY(sweep.VisitPoint(model, i + 1, log.operations[i].text));
  }
  return sweep.report();
}

}  // namespace pgkeep::testing
