// Everything that commands take from outside, so that tests can put something else in its place.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/random.h"

namespace pgkeep::cli {

// The world of one process. The pointers outlive every command and are thread-safe.
struct Environment {
  FileSystem* files = &PosixFileSystem();
  Clock* clock = &SystemClock();
  crypto::RandomSource* random = &crypto::SystemRandom();
  // The value of an environment variable, if it is set and not empty.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::string current_directory;  // absolute
  std::string host;               // for people who read leases and manifests
  int process = 0;
  bool root = false;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool terminal = false;  // `err` is one, and can redraw a line
  bool color = false;     // and shows colours
  // Ends long work with kCancelled.
  std::stop_token stop;
};

// The environment of this process, with a stop token that nobody stops.
Environment RealEnvironment();

// Where this machine keeps what it may lose (locks, copies of maps): $PGKEEP_STATE_DIR, else
// /var/lib/pgkeep for root, else $XDG_STATE_HOME/pgkeep or ~/.local/state/pgkeep. Empty when none
// of these can be told; then there is no local state.
std::string StateDirectory(const Environment& environment);

// `path` from the current directory on, if it is relative. Does not look at the file system.
std::string AbsolutePath(const Environment& environment, const std::string& path);

// Who holds a lock, for the other side's message: "gc on db1, process 42".
std::string HolderName(const Environment& environment, const std::string& work);

}  // namespace pgkeep::cli
