// Faults below SQLite, and processes to have them in.
#pragma once

#include <functional>

namespace pgkeep::catalog {

// What happens instead of a writing system call of SQLite.
enum class SqliteFault {
  kKill,     // the process gets SIGKILL
  kNoSpace,  // ENOSPC
  kIoError,  // EIO
};

// From now on in this process: the `nth` writing call (pwrite, ftruncate, unlink, and each open,
// from 1) has the fault; with `persistent` every later one too. Not to be undone: use it in a
// child.
void ArmSqliteFault(SqliteFault fault, int nth, bool persistent);

// Writing calls since ArmSqliteFault().
int CountedSqliteCalls();

// Runs `work` in a forked child and returns its wait status; a child that returns exits with what
// it returned. REQUIRES: this process has no other threads.
int RunInChild(const std::function<int()>& work);

}  // namespace pgkeep::catalog
