#include "tests/storage/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <vector>

#include "base/check.h"

namespace pgkeep {

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  PGK_CHECK(::pipe2(to_child.data(), O_CLOEXEC) == 0, "a pipe to the child");
  PGK_CHECK(::pipe2(from_child.data(), O_CLOEXEC) == 0, "a pipe from the child");

  posix_spawn_file_actions_t actions;
  PGK_CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO) == 0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO) == 0);
  std::vector<std::string> words = arguments;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  PGK_CHECK(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0,
            "the child starts");
  ::posix_spawn_file_actions_destroy(&actions);

  ::close(to_child[0]);
  ::close(from_child[1]);
  input_ = ::fdopen(to_child[1], "w");
  output_ = ::fdopen(from_child[0], "r");
  PGK_CHECK(input_ != nullptr && output_ != nullptr, "streams to the child");
}

ChildProcess::~ChildProcess() {
  Kill();
  std::fclose(input_);
  std::fclose(output_);
}

void ChildProcess::Send(const std::string& line) {
  std::fputs((line + "\n").c_str(), input_);
  std::fflush(input_);
}

std::string ChildProcess::Receive() {
  std::string line;
  for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) {
    line += static_cast<char>(c);
  }
  return line;
}

void ChildProcess::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void ChildProcess::Signal(int signal) { ::kill(pid_, signal); }

int ChildProcess::Wait() {
  int status = 0;
  PGK_CHECK(pid_ > 0 && ::waitpid(pid_, &status, 0) == pid_, "the child is there");
  pid_ = -1;
  return status;
}

std::string SiblingProgram(const std::string& name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  PGK_CHECK(!error, "the test knows where it is");
  return (self.parent_path() / name).string();
}

}  // namespace pgkeep
