// A program that a test starts, talks to in lines, and kills.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace pgkeep {

// A child with its input and output connected to this process. The destructor kills and reaps it.
// Aborts when it cannot be started. One thread at a time.
class ChildProcess {
 public:
  // Starts `arguments[0]`, a path, with all of `arguments`.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  void Send(const std::string& line);
  // The next line without its end; "" when the child has closed its output.
  std::string Receive();
  // SIGKILL, and waits until the child is gone. What it wrote before can still be received.
  void Kill();
  // Sends a signal.
  void Signal(int signal);
  // Waits until the child has ended and returns its wait status. REQUIRES: not killed before.
  int Wait();

 private:
  pid_t pid_ = -1;
  std::FILE* input_ = nullptr;
  std::FILE* output_ = nullptr;
};

// The program of this name in the directory of the running test.
std::string SiblingProgram(const std::string& name);

}  // namespace pgkeep
