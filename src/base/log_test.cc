#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace pgkeep {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override {
    SetLogLevel(LogLevel::kInfo);
    SetLogFormat(LogFormat::kHuman);
  }

  template <class Write>
  static std::string Capture(Write write) {
    ::testing::internal::CaptureStderr();
    write();
    return ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, HumanLineHasTimeLevelComponentAndText) {
  const std::string line = Capture([] { Log(LogLevel::kWarning, "gc", "{} of {}", 1, "two"); });
  EXPECT_THAT(line,
              MatchesRegex(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z warning gc: 1 of two\n"));
}

TEST_F(LogTest, JsonLineIsOneObject) {
  SetLogFormat(LogFormat::kJson);
  const std::string line = Capture([] { Log(LogLevel::kError, "a\"b", "c\\d\n\x01{}", "é"); });
  EXPECT_THAT(line, MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"level\":\"error\",.*\\}\n"));
  EXPECT_THAT(line, HasSubstr(R"("component":"a\"b","message":"c\\d\n\u0001é"})"));
}

TEST_F(LogTest, TextFromOutsideCannotForgeALine) {
  const std::string line =
      Capture([] { Log(LogLevel::kInfo, "x", "{}", "a\nfake\r\x1b[31m\x7f\t"); });
  EXPECT_THAT(line, HasSubstr(R"(x: a\nfake\x0d\x1b[31m\x7f\t)"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST_F(LogTest, BytesThatAreNotUtf8AreReplaced) {
  SetLogFormat(LogFormat::kJson);
  const std::string line = Capture([] {
    Log(LogLevel::kInfo, "x", "{}",
        "1\xff 2\xc3( 3\xe2\x82 4\xc0\xaf 5\xed\xa0\x80 6\xf4\x90\x80\x80 7\xf0\x9f\x98\x80 "
        "8\xe2\x82\xac.");
  });
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_THAT(line, HasSubstr("1" + bad + " 2" + bad + "( 3" + bad + bad + " 4" + bad + bad + " 5" +
                              bad + bad + bad + " 6" + bad + bad + bad + bad +
                              " 7\xf0\x9f\x98\x80 8\xe2\x82\xac."));
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  EXPECT_FALSE(LogEnabled(LogLevel::kDebug));
  EXPECT_EQ(Capture([] { Log(LogLevel::kDebug, "x", "hidden"); }), "");
  SetLogLevel(LogLevel::kDebug);
  EXPECT_THAT(Capture([] { Log(LogLevel::kDebug, "x", "shown"); }), HasSubstr(" debug x: shown\n"));
  SetLogLevel(LogLevel::kError);
  EXPECT_EQ(Capture([] { Log(LogLevel::kWarning, "x", "hidden"); }), "");
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  const std::string text(500, 'a');
  const std::string output = Capture([&] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kLines; ++i) Log(LogLevel::kInfo, "x", "{}", text);
      });
    }
  });
  int lines = 0;
  size_t begin = 0;
  for (size_t end = output.find('\n'); end != std::string::npos; end = output.find('\n', begin)) {
    EXPECT_TRUE(output.substr(begin, end - begin).ends_with(" info x: " + text));
    begin = end + 1;
    ++lines;
  }
  EXPECT_EQ(begin, output.size());
  EXPECT_EQ(lines, kThreads * kLines);
}

}  // namespace
}  // namespace pgkeep
