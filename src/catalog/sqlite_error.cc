#include "catalog/sqlite_error.h"

#include <sqlite3.h>

#include <cerrno>

namespace pgkeep::catalog {
namespace {

constexpr char kReplaceable[] =
    "no backup is lost: move the file aside, together with its -wal and -shm files if there are "
    "any, and pgkeep begins a new history";

// What the operating system said, where SQLite kept it for this kind of failure.
int ErrnoOf(sqlite3* database, int primary) {
  const bool kept = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  return database != nullptr && kept ? sqlite3_system_errno(database) : 0;
}

// SQLite calls a file beyond the limit of sizes, and a quota, an I/O error like any other.
bool IsFull(int primary, int os_errno) {
  return primary == SQLITE_FULL || os_errno == ENOSPC || os_errno == EDQUOT || os_errno == EFBIG;
}

Error PermissionError(const std::string& prefix, std::string_view text) {
  return Err(ErrorCode::kPermission, "{}{}", prefix, text)
      .WithHint("let the user that pgkeep runs as write to the file and to its directory");
}

Error OpenError(const std::string& prefix, int os_errno) {
  if (os_errno == EACCES || os_errno == EPERM || os_errno == EROFS) {
    return PermissionError(prefix, "the file or its directory may not be written");
  }
  if (os_errno != 0) return ErrnoError(os_errno, prefix + "opening a file");
  return Err(ErrorCode::kIo, "{}the file, or its journal beside it, cannot be opened", prefix)
      .WithHint("it must be a regular file in a directory that pgkeep may write");
}

// SQLite often forgets what the operating system said about a write, for instance that the file is
// as long as the process may make it.
Error InputOutputError(const std::string& prefix, int code, int os_errno, const char* text) {
  if (os_errno != 0) return ErrnoError(os_errno, prefix + "reading or writing");
  if (code != SQLITE_IOERR_WRITE) return Err(ErrorCode::kIo, "{}{}", prefix, text);
  return Err(ErrorCode::kIo, "{}the file cannot be written", prefix)
      .WithHint(
          "free space on its file system, or raise the limit of file sizes; if that is not it, "
          "look "
          "in the system's log for errors of the disk");
}

}  // namespace

Error SqliteError(sqlite3* database, int code, const std::string& path, std::string_view doing) {
  const int primary = code & 0xff;
  const int os_errno = ErrnoOf(database, primary);
  const std::string prefix = fmt::format("catalog {}: {}: ", path, doing);
  if (IsFull(primary, os_errno)) {
    return Err(ErrorCode::kOutOfSpace, "{}no space left, or the file has reached its limit", prefix)
        .WithHint("free space on its file system, then run the command again")
        .WithErrno(os_errno != 0 ? os_errno : ENOSPC);
  }
  const char* text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Err(ErrorCode::kBusy, "{}another process keeps it locked", prefix)
          .WithHint("try again; if it stays so, look for the process that has the file open");
    case SQLITE_NOTADB:
      return Err(ErrorCode::kCorruption, "{}the file is not an SQLite database", prefix)
          .WithHint(kReplaceable);
    case SQLITE_CORRUPT:
      return Err(ErrorCode::kCorruption, "{}the file is damaged ({})", prefix, text)
          .WithHint(kReplaceable);
    case SQLITE_CANTOPEN:
      return OpenError(prefix, os_errno);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return PermissionError(prefix, "the file or its directory may not be written");
    case SQLITE_IOERR:
      return InputOutputError(prefix, code, os_errno, text);
    case SQLITE_NOMEM:
      return Err(ErrorCode::kLimitExceeded, "{}out of memory", prefix);
    default:
      break;
  }
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
    return Err(ErrorCode::kAlreadyExists, "{}{}", prefix, text);
  }
  return Err(ErrorCode::kInternal, "{}{} ({})", prefix, text, code);
}

}  // namespace pgkeep::catalog
