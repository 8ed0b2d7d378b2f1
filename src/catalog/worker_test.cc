#include "catalog/worker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

namespace pgkeep::catalog {
namespace {

// A child that sleeps until it is killed, and a name that must not confuse the reader of /proc.
class Sleeper {
 public:
  explicit Sleeper(const char* name = "sleeper") {
    std::array<int, 2> ready{};
    EXPECT_EQ(pipe(ready.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_NAME, name);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      static_cast<void>(!write(ready[1], "x", 1));
      while (true) pause();
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() {
    Kill();
    Reap();
  }

  void Kill() const { kill(pid_, SIGKILL); }
  // Waits until it has ended, but leaves it in the table of processes.
  void WaitUntilZombie() const {
    siginfo_t info = {};
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void Reap() {
    if (!reaped_) waitpid(pid_, nullptr, 0);
    reaped_ = true;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
};

// A worker in this place with another pid; `process` is what that process would say of itself.
Worker WorkerFor(pid_t pid) {
  Worker worker = SystemProcesses().Self("w", "db1");
  worker.pid = pid;
  return worker;
}

TEST(SystemProcesses, KnowsItself) {
  const Worker self = SystemProcesses().Self("w", "db1");
  EXPECT_EQ(self.id, "w");
  EXPECT_EQ(self.host, "db1");
  EXPECT_EQ(self.pid, getpid());
  EXPECT_NE(self.process, "");
  EXPECT_EQ(self.process, SystemProcesses().Self("w2", "db1").process);
  EXPECT_EQ(SystemProcesses().Look(self), ProcessState::kAlive);
}

TEST(SystemProcesses, SeesThatAProcessEnded) {
  Sleeper child;
  const Worker worker = WorkerFor(child.pid());
  child.Kill();
  child.WaitUntilZombie();
  EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kDead) << "nobody has reaped it yet";
  child.Reap();
  EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kDead);
}

TEST(SystemProcesses, TellsAProcessFromALaterOneWithItsPid) {
  const Sleeper child;
  Worker worker = WorkerFor(child.pid());
  const std::string place = worker.process.substr(0, worker.process.rfind(' '));
  worker.process = place + " 1";  // ticks: nothing but init is that old
  EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kDead);
}

TEST(SystemProcesses, IsNotConfusedByTheNameOfAProgram) {
  // The child tells who it is, since only it can.
  std::array<int, 2> told{};
  ASSERT_EQ(pipe(told.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NAME, ") Z 1 ((");
    const std::string process = SystemProcesses().Self("w", "db1").process;
    static_cast<void>(!write(told[1], process.data(), process.size()));
    close(told[1]);
    while (true) pause();
  }
  close(told[1]);
  std::array<char, 200> text{};
  const ssize_t size = read(told[0], text.data(), text.size());
  ASSERT_GT(size, 0);
  Worker worker = WorkerFor(child);
  worker.process.assign(text.data(), static_cast<size_t>(size));
  EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kAlive);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kDead);
  close(told[0]);
}

TEST(SystemProcesses, SaysNothingOfWhatItCannotSee) {
  const Worker self = SystemProcesses().Self("w", "db1");
  // Of the boot, the name space, and the start, in this order.
  const size_t first = self.process.find(' ');
  const size_t second = self.process.rfind(' ');
  ASSERT_LT(first, second);
  Worker other_boot = self;
  other_boot.process.replace(0, first, "00000000-0000-0000-0000-000000000000");
  Worker other_container = self;
  other_container.process.replace(first + 1, second - first - 1, "1");
  Worker silent = self;
  silent.process.clear();
  Worker impossible = self;
  impossible.pid = int64_t{1} << 40;
  for (const Worker& worker : {other_boot, other_container, silent, impossible}) {
    EXPECT_EQ(SystemProcesses().Look(worker), ProcessState::kUnknown) << worker.process;
  }
}

}  // namespace
}  // namespace pgkeep::catalog
