// What 'pgkeep check' has found: one line for each thing that was looked at.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"

namespace pgkeep::cli {

// How a thing is.
enum class CheckState {
  kGood,
  kWarning,  // a backup works, but
  kBad,      // it forbids a backup
};

// One thing.
struct CheckLine {
  std::string group;    // "source app", "repository"
  std::string subject;  // "connection"
  CheckState state = CheckState::kGood;
  std::string text;
  std::string mend;  // what the user should do; empty where all is well
};

// Collects lines in order. One thread at a time.
class CheckList {
 public:
  // The lines that follow belong to this.
  void Begin(std::string group) { group_ = std::move(group); }

  void Good(std::string subject, std::string text);
  void Warn(std::string subject, std::string text, std::string mend);
  void Bad(std::string subject, std::string text, std::string mend);
  void Bad(std::string subject, const Error& error);

  const std::vector<CheckLine>& lines() const { return lines_; }
  size_t Number(CheckState state) const;

  // Prints all lines and sets "checks" in the document. With --quiet what is well is left out.
  void Show(bool quiet, Console& console) const;

 private:
  void Add(std::string subject, CheckState state, std::string text, std::string mend);

  std::string group_;
  std::vector<CheckLine> lines_;
};

}  // namespace pgkeep::cli
