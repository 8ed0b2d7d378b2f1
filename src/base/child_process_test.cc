#include "base/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace pgkeep {
namespace {

ChildSpec Shell(const std::string& script) {
  ChildSpec spec;
  spec.words = {"/bin/sh", "-c", script};
  spec.environment = {"PATH=/usr/bin:/bin"};
  return spec;
}

Result<ChildOutput> RunShell(const std::string& script, size_t bytes_max = 65'536) {
  return RunChild(Shell(script), bytes_max, {});
}

bool IsGone(pid_t pid) { return ::kill(pid, 0) != 0; }

TEST(ChildProcess, GivesOutputErrorsAndStatus) {
  const auto output = RunShell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(output.ok()) << output.error().Describe();
  EXPECT_EQ(AsText(output->out), "out\n");
  EXPECT_EQ(output->errors, "err\n");
  EXPECT_EQ(output->end.status, 3);
  EXPECT_FALSE(output->end.success());
  EXPECT_EQ(output->end.Describe(), "exited with status 3");
}

TEST(ChildProcess, GivesErrorsInOutputIfAsked) {
  ChildSpec spec = Shell("echo out; echo err >&2; echo more");
  spec.errors_in_output = true;
  const auto output = RunChild(std::move(spec), 4096, {});
  ASSERT_TRUE(output.ok()) << output.error().Describe();
  EXPECT_EQ(AsText(output->out), "out\nerr\nmore\n");
  EXPECT_EQ(output->errors, "");
}

TEST(ChildProcess, TellsTheSignal) {
  const auto output = RunShell("kill -9 $$");
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->end.signal, 9);
  EXPECT_FALSE(output->end.success());
  EXPECT_EQ(output->end.Describe(), "was ended by signal 9");
}

TEST(ChildProcess, SaysWhyAProgramCannotBeStarted) {
  ChildSpec spec;
  spec.words = {"/does/not/exist"};
  const auto child = ChildProcess::Start(std::move(spec));
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code(), ErrorCode::kNotFound);
}

TEST(ChildProcess, HasOnlyTheGivenEnvironmentAndNoInput) {
  ChildSpec spec = Shell("cat; env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=' | sort");
  spec.environment = {"A=1", "PATH=/usr/bin:/bin"};
  spec.secret_environment.emplace_back(AsBytes("B=secret"));
  const auto output = RunChild(std::move(spec), 4096, {});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(AsText(output->out), "A=1\nB=secret\nPATH=/usr/bin:/bin\n");
}

TEST(ChildProcess, KeepsTheEndOfManyErrors) {
  const auto output = RunShell("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo last >&2");
  ASSERT_TRUE(output.ok());
  EXPECT_LE(output->errors.size(), size_t{16} << 10);
  EXPECT_TRUE(output->errors.ends_with("xlast\n"));
}

TEST(ChildProcess, BoundsTheOutput) {
  const auto output = RunShell("head -c 100000 /dev/zero", 1000);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code(), ErrorCode::kLimitExceeded);
}

TEST(ChildProcess, StopIsNoticedWhileWaitingForOutput) {
  auto child = ChildProcess::Start(Shell("echo ready; exec sleep 1000"));
  ASSERT_TRUE(child.ok());
  std::stop_source stop;
  Bytes buffer(100);
  ASSERT_TRUE((*child)->Read(buffer, stop.get_token()).ok());
  const std::jthread stopper([&stop] { stop.request_stop(); });
  const auto read = (*child)->Read(buffer, stop.get_token());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kCancelled);
}

TEST(ChildProcess, StopTerminatesAndThenKills) {
  auto polite = ChildProcess::Start(Shell("echo ready; exec sleep 1000"));
  ASSERT_TRUE(polite.ok());
  Bytes buffer(100);
  ASSERT_TRUE((*polite)->Read(buffer, {}).ok());
  EXPECT_EQ((*polite)->Stop(std::chrono::seconds(100)).signal, SIGTERM);
  EXPECT_TRUE(IsGone((*polite)->pid()));

  auto stubborn =
      ChildProcess::Start(Shell("trap '' TERM; echo ready; while true; do sleep 0.01; done"));
  ASSERT_TRUE(stubborn.ok());
  ASSERT_TRUE((*stubborn)->Read(buffer, {}).ok());
  EXPECT_EQ((*stubborn)->Stop(std::chrono::milliseconds(50)).signal, SIGKILL);
  EXPECT_TRUE(IsGone((*stubborn)->pid()));
}

TEST(ChildProcess, DiesWithTheThreadThatStartedIt) {
  std::unique_ptr<ChildProcess> child;
  {
    const std::jthread starter([&child] {
      auto started = ChildProcess::Start(Shell("echo ready; exec sleep 1000"));
      Bytes buffer(100);
      if (started.ok() && (*started)->Read(buffer, {}).ok()) child = *std::move(started);
    });
  }
  ASSERT_NE(child, nullptr);
  const auto end = child->Wait({});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->signal, SIGTERM);
}

TEST(ChildProcess, EnvironmentWithoutDropsByPrefix) {
  ::setenv("PGKEEP_TEST_A", "1", 1);
  ::setenv("KEPT_TEST_B", "2", 1);
  bool kept = false;
  for (const std::string& entry : EnvironmentWithout({"PG"})) {
    EXPECT_FALSE(entry.starts_with("PG")) << entry;
    kept = kept || entry == "KEPT_TEST_B=2";
  }
  EXPECT_TRUE(kept);
}

}  // namespace
}  // namespace pgkeep
