// What pg_restore complains about, as it writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgkeep::restore {

// Takes what pg_restore writes to standard error and makes one line of each error: the server's
// words, the detail and the beginning of the statement. Everything else is passed over.
//
// With several jobs, lines of one complaint stay together, but complaints mix; so an error is not
// told the entry that was announced before it. One thread at a time. Memory: of the errors kept, at
// most kErrorsMax; later ones are counted only.
class PgRestoreMessages {
 public:
  static constexpr size_t kErrorsMax = 10'000;

  // The next piece, cut anywhere.
  void Feed(std::string_view piece);
  // There will be no more.
  void Finish();

  // One line each.
  std::vector<std::string>& errors() { return errors_; }
  // What an error of the kept ones holds if it is one of this statement; "" for no statement.
  static std::string CommandOf(std::string_view statement);
  // All errors, also those not kept.
  uint64_t count() const { return count_; }
  // Complaints that mean nothing, and are no errors: pg_restore 17 and newer switch a time limit
  // off that servers before 17 do not have.
  uint64_t harmless() const { return harmless_; }
  // Whether it said how many errors it has ignored, as it does only when it went on to the end.
  bool reached_end() const { return reached_end_; }
  // All that was written, up to a limit, for an end that nobody expected.
  const std::string& beginning() const { return beginning_; }

 private:
  void TakeLine(std::string_view line);
  void EndRecord();

  std::string line_;    // that is not complete yet
  std::string record_;  // of the error at hand, in one line
  bool in_error_ = false;
  bool in_command_ = false;
  std::vector<std::string> errors_;
  uint64_t count_ = 0;
  uint64_t harmless_ = 0;
  bool reached_end_ = false;
  std::string beginning_;
};

}  // namespace pgkeep::restore
