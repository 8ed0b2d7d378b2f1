#include "base/error_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"

namespace pgkeep {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

class ErrorLineTest : public ::testing::Test {
 protected:
  ~ErrorLineTest() override { SetErrorLineWriter({}); }
};

TEST_F(ErrorLineTest, GoesToStandardErrorByItself) {
  ::testing::internal::CaptureStderr();
  WriteErrorLine("stopping");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "stopping\n");
  EXPECT_EQ(CurrentErrorLineWriter(), nullptr);
}

TEST_F(ErrorLineTest, GoesToTheWriterAsTheLogDoes) {
  std::vector<std::string> lines;
  SetErrorLineWriter([&lines](std::string_view line) { lines.emplace_back(line); });
  ::testing::internal::CaptureStderr();
  WriteErrorLine("stopping");
  Log(LogLevel::kWarning, "gc", "slow");
  SetErrorLineWriter({});
  WriteErrorLine("alone");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "alone\n");
  EXPECT_THAT(lines, ElementsAre("stopping", EndsWith(" warning gc: slow")));
}

TEST_F(ErrorLineTest, KeepsAWriterThatIsInUse) {
  const auto owned = std::make_shared<int>(0);
  SetErrorLineWriter([owned](std::string_view) { ++*owned; });
  const auto in_use = CurrentErrorLineWriter();
  SetErrorLineWriter({});
  (*in_use)("late");
  EXPECT_EQ(*owned, 1);
}

}  // namespace
}  // namespace pgkeep
