#include "base/posix_io.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pgkeep::internal {
namespace {

// Plays a list of outcomes: bytes moved, or a negative errno.
class Script {
 public:
  explicit Script(std::vector<int> outcomes) : outcomes_(std::move(outcomes)) {}

  ssize_t Play(size_t done, size_t left) {
    asked_.emplace_back(done, left);
    const int outcome = outcomes_.at(next_++);
    if (outcome >= 0) return outcome;
    errno = -outcome;
    return -1;
  }

  Transferred Run(size_t size) {
    return TransferFully(size, [this](size_t done, size_t left) { return Play(done, left); });
  }

  const std::vector<std::pair<size_t, size_t>>& asked() const { return asked_; }

 private:
  std::vector<int> outcomes_;
  size_t next_ = 0;
  std::vector<std::pair<size_t, size_t>> asked_;
};

using Asked = std::vector<std::pair<size_t, size_t>>;

TEST(RetryInterrupted, RepeatsOnlyWhatASignalInterrupted) {
  Script script({-EINTR, -EINTR, -EIO});
  const ssize_t result = RetryInterrupted([&] { return script.Play(0, 0); });
  EXPECT_EQ(result, -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(script.asked().size(), 3U);
}

TEST(TransferFully, GoesOnAfterShortTransfersAndSignals) {
  Script script({3, -EINTR, 4, 3});
  const Transferred total = script.Run(10);
  EXPECT_EQ(total.bytes, 10U);
  EXPECT_EQ(total.error, 0);
  EXPECT_EQ(script.asked(), (Asked{{0, 10}, {3, 7}, {3, 7}, {7, 3}}));
}

TEST(TransferFully, ReportsWhatWasDoneBeforeAnError) {
  Script script({3, -ENOSPC});
  const Transferred total = script.Run(10);
  EXPECT_EQ(total.bytes, 3U);
  EXPECT_EQ(total.error, ENOSPC);
}

TEST(TransferFully, EndsWhereNothingMoves) {
  Script script({3, 0});
  const Transferred total = script.Run(10);
  EXPECT_EQ(total.bytes, 3U);
  EXPECT_EQ(total.error, 0);
}

TEST(TransferFully, NothingToDoMakesNoCall) {
  Script script({});
  EXPECT_EQ(script.Run(0).bytes, 0U);
  EXPECT_TRUE(script.asked().empty());
}

}  // namespace
}  // namespace pgkeep::internal
