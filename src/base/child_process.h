// Programs that we start: a child whose output we read, and that never outlives us.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/unique_fd.h"

namespace pgkeep {

// What to start.
struct ChildSpec {
  // The program's path, which is not looked up anywhere, and its arguments. No secrets: everybody
  // on the machine can read them.
  std::vector<std::string> words;
  // The whole environment, "NAME=value". Empty: none.
  std::vector<std::string> environment;
  // More of it, "NAME=value", for passwords; wiped here after the start.
  std::vector<SecretBytes> secret_environment;
  // What it says on standard error comes with its output, in the order in which it was written,
  // for programs whose every complaint counts.
  bool errors_in_output = false;
};

// How a child ended.
struct ChildEnd {
  int status = 0;  // exit status, if no signal ended it
  int signal = 0;  // 0: none

  bool success() const { return status == 0 && signal == 0; }
  // "exited with status 1", "was ended by signal 9".
  std::string Describe() const;
};

// A running child. Its input is empty, its standard output is a pipe to us, the end of its standard
// error is kept for messages. It has a process group of its own, so that Ctrl-C reaches only us,
// and gets SIGTERM when the thread that started it ends, however that happens.
//
// Life: Start, Read until 0, Wait; or Stop at any moment. The destructor stops it. One thread at a
// time, always the one that started it.
class ChildProcess {
 public:
  // kNotFound or kPermission if the program cannot be started.
  static Result<std::unique_ptr<ChildProcess>> Start(ChildSpec spec);

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  // Waits for output and takes some of it: 0 only when there will be no more, which says nothing
  // about success. kCancelled when `stop` is requested.
  Result<size_t> Read(MutableByteSpan out, std::stop_token stop);

  // Waits until the child has ended. REQUIRES: its output was read to the end.
  Result<ChildEnd> Wait(std::stop_token stop);

  // Sends SIGTERM, and SIGKILL when it still runs after `grace`; waits until it is gone. A child
  // that had ended already keeps the end it had.
  ChildEnd Stop(Duration grace);

  // The last 16 KiB of what the child wrote to standard error so far, unless that is in its output.
  const std::string& errors() const { return errors_; }

  pid_t pid() const { return pid_; }

 private:
  ChildProcess(pid_t pid, UniqueFd handle, UniqueFd out, UniqueFd err, UniqueFd wake);

  // What a wait found.
  struct Ready {
    bool out = false;
    bool ended = false;
  };
  Result<Ready> Poll(bool want_out, std::optional<Duration> at_most, std::stop_token stop);
  void DrainErrors();
  void Reap();

  const pid_t pid_;
  const UniqueFd handle_;  // becomes readable when the child ends
  const UniqueFd wake_;    // a stop writes to it
  UniqueFd out_;
  UniqueFd err_;
  std::string errors_;
  std::optional<ChildEnd> end_;
};

// What a child that ran to its end has left.
struct ChildOutput {
  ChildEnd end;
  Bytes out;
  std::string errors;
};

// Runs a child to its end. kLimitExceeded, and the child is stopped, when it writes more than
// `bytes_max`; kCancelled when `stop` is requested. An end without success is no error here.
Result<ChildOutput> RunChild(ChildSpec spec, size_t bytes_max, std::stop_token stop);

// The environment of this process without the variables whose names begin with one of `prefixes`.
std::vector<std::string> EnvironmentWithout(const std::vector<std::string>& prefixes);

}  // namespace pgkeep
