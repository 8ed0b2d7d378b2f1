#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace pgkeep {
namespace {

TEST(ErrorCode, TableHasEveryCodeOnceWithAUniqueNameAndAnchor) {
  const std::vector<ErrorCode>& codes = AllErrorCodes();
  ASSERT_EQ(codes.size(), static_cast<size_t>(ErrorCode::kInternal) + 1);
  std::set<std::string_view> names;
  std::set<std::string_view> anchors;
  for (size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(codes[i], static_cast<ErrorCode>(i));
    EXPECT_TRUE(names.insert(CodeName(codes[i])).second) << CodeName(codes[i]);
    EXPECT_TRUE(anchors.insert(DocAnchor(codes[i])).second) << DocAnchor(codes[i]);
    EXPECT_GE(HttpStatus(codes[i]), 400) << CodeName(codes[i]);
    EXPECT_LT(HttpStatus(codes[i]), 600) << CodeName(codes[i]);
  }
}

TEST(ErrorCode, ExitStatusFollowsTheCommandLineContract) {
  for (const ErrorCode code : AllErrorCodes()) {
    int expected = 1;
    if (code == ErrorCode::kInvalidArgument || code == ErrorCode::kConfig) expected = 2;
    if (code == ErrorCode::kRefused) expected = 3;
    if (code == ErrorCode::kPartial) expected = 4;
    if (code == ErrorCode::kBusy) expected = 75;
    if (code == ErrorCode::kCancelled) expected = 130;
    EXPECT_EQ(ExitStatus(code), expected) << CodeName(code);
  }
}

TEST(ErrorCode, OnlyPassingFailuresAreRetryable) {
  for (const ErrorCode code : AllErrorCodes()) {
    const bool passing =
        code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kBusy;
    EXPECT_EQ(IsRetryable(code), passing) << CodeName(code);
  }
}

TEST(Error, PutsContextInFrontOutermostFirst) {
  const Error error = Err(ErrorCode::kCorruption, "checksum of frame {} differs", 7)
                          .WithContext("reading pack p1")
                          .WithContext("verifying backup b2");
  EXPECT_EQ(error.code(), ErrorCode::kCorruption);
  EXPECT_EQ(error.message(), "checksum of frame 7 differs");
  EXPECT_EQ(error.context(), (std::vector<std::string>{"verifying backup b2", "reading pack p1"}));
  EXPECT_EQ(error.ToString(), "verifying backup b2: reading pack p1: checksum of frame 7 differs");
}

TEST(Error, ShowsTheHintOnlyWhenDescribed) {
  const Error error = Error(ErrorCode::kConfig, "no repository", "run pgkeep init");
  EXPECT_EQ(error.ToString(), "no repository");
  EXPECT_EQ(error.Describe(), "no repository\nhint: run pgkeep init");
  EXPECT_EQ(Error(ErrorCode::kConfig, "no repository").Describe(), "no repository");
}

TEST(Error, KeepsTheSecondFailureAndItsOwnCode) {
  const Error error = Err(ErrorCode::kOutOfSpace, "writing a")
                          .Attach(Err(ErrorCode::kIo, "closing a").WithContext("cleaning up"));
  EXPECT_EQ(error.code(), ErrorCode::kOutOfSpace);
  ASSERT_EQ(error.attached().size(), 1U);
  EXPECT_EQ(error.attached()[0].code(), ErrorCode::kIo);
  EXPECT_EQ(error.ToString(), "writing a (and also: cleaning up: closing a)");
}

TEST(Error, CopyIsIndependentOfTheOriginal) {
  const Error original = Err(ErrorCode::kIo, "a").WithErrno(EIO).WithHint("h");
  Error copy = Error(original).WithContext("outer").WithHint("other");
  EXPECT_EQ(original.ToString(), "a");
  EXPECT_EQ(original.hint(), "h");
  EXPECT_EQ(copy.ToString(), "outer: a");
  EXPECT_EQ(copy.os_errno(), EIO);
  copy = original;
  EXPECT_EQ(copy.ToString(), "a");
}

TEST(Error, MessageMayHoldBraces) {
  EXPECT_EQ(Err(ErrorCode::kIo, "{}", "a {} b").ToString(), "a {} b");
}

TEST(ErrnoError, MapsWhatCallersDecideBy) {
  const std::pair<int, ErrorCode> expected[] = {{ENOENT, ErrorCode::kNotFound},
                                                {EEXIST, ErrorCode::kAlreadyExists},
                                                {EACCES, ErrorCode::kPermission},
                                                {EPERM, ErrorCode::kPermission},
                                                {EROFS, ErrorCode::kPermission},
                                                {ENOSPC, ErrorCode::kOutOfSpace},
                                                {EDQUOT, ErrorCode::kOutOfSpace},
                                                {EWOULDBLOCK, ErrorCode::kBusy},
                                                {EIO, ErrorCode::kIo},
                                                {ENOTDIR, ErrorCode::kIo},
                                                {EMFILE, ErrorCode::kIo}};
  for (const auto& [number, code] : expected) {
    const Error error = ErrnoError(number, "opening /a/b");
    EXPECT_EQ(error.code(), code) << number;
    EXPECT_EQ(error.os_errno(), number);
  }
  EXPECT_EQ(ErrnoError(ENOENT, "opening /a/b").ToString(),
            "opening /a/b: No such file or directory");
}

}  // namespace
}  // namespace pgkeep
