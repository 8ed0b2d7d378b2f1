// Who works on a job, and whether that process still lives.
#pragma once

#include <string>

#include "base/file.h"
#include "catalog/history.h"

namespace pgkeep::catalog {

// What can be said about a process.
enum class ProcessState {
  kAlive,
  kDead,
  kUnknown,  // on another machine, in another container, or from before a reboot
};

// The processes of this machine, behind an interface for tests. Thread-safe.
class ProcessTable {
 public:
  virtual ~ProcessTable() = default;

  // Never says kDead of a process that might live: what cannot be seen from here is kUnknown.
  virtual ProcessState Look(const Worker& worker) = 0;

  // The calling process as a worker; `process` names the boot, the pid name space and the time at
  // which the process began, or is empty where these cannot be read.
  virtual Worker Self(const std::string& id, const std::string& host) = 0;
};

// The one over /proc; lives for ever.
ProcessTable& SystemProcesses();

}  // namespace pgkeep::catalog
