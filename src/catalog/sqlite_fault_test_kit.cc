#include "catalog/sqlite_fault_test_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"

namespace pgkeep::catalog {
namespace {

SqliteFault armed_fault;
int armed_at;
bool armed_for_ever;
int counted;

// Counts one call; true if it is to fail, with errno set.
bool Fails() {
  ++counted;
  if (counted < armed_at || (counted > armed_at && !armed_for_ever)) return false;
  if (armed_fault == SqliteFault::kKill) raise(SIGKILL);
  errno = armed_fault == SqliteFault::kNoSpace ? ENOSPC : EIO;
  return true;
}

ssize_t FaultyPwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return Fails() ? -1 : ::pwrite(fd, bytes, size, offset);
}

int FaultyTruncate(int fd, off_t size) { return Fails() ? -1 : ::ftruncate(fd, size); }

int FaultyUnlink(const char* path) { return Fails() ? -1 : ::unlink(path); }

int FaultyOpen(const char* path, int flags, int mode) {
  return Fails() ? -1 : ::open(path, flags, mode);
}

template <class Function>
void Replace(const char* name, Function* function) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const auto pointer = reinterpret_cast<sqlite3_syscall_ptr>(function);
  PGK_CHECK(vfs->xSetSystemCall(vfs, name, pointer) == SQLITE_OK, "SQLite has this call");
}

}  // namespace

void ArmSqliteFault(SqliteFault fault, int nth, bool persistent) {
  armed_fault = fault;
  armed_at = nth;
  armed_for_ever = persistent;
  counted = 0;
  Replace("pwrite", &FaultyPwrite);
  Replace("pwrite64", &FaultyPwrite);
  Replace("ftruncate", &FaultyTruncate);
  Replace("unlink", &FaultyUnlink);
  Replace("open", &FaultyOpen);
}

int CountedSqliteCalls() { return counted; }

int RunInChild(const std::function<int()>& work) {
  const pid_t child = fork();
  PGK_CHECK(child >= 0, "a child can be forked");
  if (child == 0) _exit(work());
  int status = 0;
  PGK_CHECK(waitpid(child, &status, 0) == child, "the child ends");
  return status;
}

}  // namespace pgkeep::catalog
