#include "cli/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error_line.h"

namespace pgkeep::cli {
namespace {

// Waits as long as it takes; the test's own time limit ends a wait for ever.
void WaitForStop(const std::stop_token& token) {
  while (!token.stop_requested()) {
    ASSERT_TRUE(SystemClock().SleepFor(std::chrono::milliseconds(1), {}).ok());
  }
}

TEST(SignalWatcher, TurnsEitherSignalIntoAStopRequest) {
  for (const int number : {SIGINT, SIGTERM}) {
    const auto watcher = SignalWatcher::Start();
    ASSERT_TRUE(watcher.ok()) << watcher.error().ToString();
    const std::stop_token token = (*watcher)->token();
    EXPECT_FALSE(token.stop_requested());
    ASSERT_EQ(kill(getpid(), number), 0);
    WaitForStop(token);
  }
}

TEST(SignalWatcher, EndsTheProcessAtTheSecondSignal) {
  EXPECT_EXIT(
      {
        const auto watcher = SignalWatcher::Start();
        kill(getpid(), SIGTERM);
        WaitForStop((*watcher)->token());
        kill(getpid(), SIGTERM);
        while (true) pause();
      },
      testing::ExitedWithCode(130), "stopping; press again to end at once");
}

TEST(SignalWatcher, LeavesABarOnALineOfItsOwn) {
  EXPECT_EXIT(
      {
        SetErrorLineWriter([](std::string_view line) {
          const std::string text = std::string(line) + "\nthe bar";
          static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
        });
        const auto watcher = SignalWatcher::Start();
        kill(getpid(), SIGINT);
        WaitForStop((*watcher)->token());
        kill(getpid(), SIGINT);
        while (true) pause();
      },
      testing::ExitedWithCode(130), "at once\nthe bar\n");
}

TEST(SignalWatcher, EndsWithoutASignal) {
  const auto watcher = SignalWatcher::Start();
  ASSERT_TRUE(watcher.ok());
  EXPECT_FALSE((*watcher)->token().stop_requested());
}

}  // namespace
}  // namespace pgkeep::cli
