// Files and directories behind an interface, so that tests can record calls, fail them and cut the
// power between them. Paths are byte strings as the kernel takes them; an empty one, or one with a
// NUL in it, is kInvalidArgument. Errors name the path and carry errno (see ErrnoError()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace pgkeep {

// What stat(2) says about one file.
struct FileInfo {
  enum class Type { kFile, kDirectory, kOther };

  Type type = Type::kOther;
  uint64_t size = 0;  // bytes
  Timestamp modified;
  uint32_t mode = 0;  // permission bits only (07777)
  uint64_t inode = 0;
  uint32_t owner = 0;  // user id
  uint32_t group = 0;  // group id
};

// One name in a directory.
struct DirectoryEntry {
  std::string name;
  FileInfo::Type type = FileInfo::Type::kOther;  // of the name itself: a symbolic link is kOther
};

// Capacity of the file system that holds a path, in bytes.
struct SpaceInfo {
  uint64_t total = 0;
  uint64_t available = 0;  // to an ordinary user
};

// An open file.
//
// ReadAt, WriteAt and Info may meet in several threads; everything else is for one thread at a
// time. Interrupted and short system calls are completed inside. The destructor closes, and
// discards the error: a writer whose data matters calls Sync(), after which closing has nothing
// left to lose, or Close().
class File {
 public:
  virtual ~File() = default;

  // Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, MutableByteSpan out) = 0;

  // Writes everything at the write position and moves it. The position starts at the end that the
  // file had when it was opened. On failure a part may have been written.
  virtual Status WriteAll(ByteSpan data) = 0;

  // Writes everything at `offset`, without moving the write position.
  virtual Status WriteAt(uint64_t offset, ByteSpan data) = 0;

  // Sets the length. A write position beyond it moves to the new end.
  virtual Status Truncate(uint64_t size) = 0;

  // Makes content and length durable (fsync). Not the name: that is SyncDirectory(). A failure
  // means that data may be lost for good, as the kernel may drop the pages it could not write and
  // report success next time. So it is final: every later Sync() of this handle fails too. Write
  // the file anew.
  virtual Status Sync() = 0;

  // Closes and reports what close(2) says. Later calls fail with kIo; a second Close() does
  // nothing.
  virtual Status Close() = 0;

  virtual Result<FileInfo> Info() = 0;

  // Gives the file this owner, group and mode, whatever it had. kPermission where the process may
  // not: giving a file away is root's, and other groups than one's own are too.
  virtual Status SetAccess(uint32_t owner, uint32_t group, uint32_t mode) = 0;
};

// An exclusive lock between processes, and between handles of one process; freed by the destructor
// or by the death of the process. A lock file stays.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// The file system calls that pgkeep makes. Thread-safe. Everything is opened close-on-exec. Modes
// are given to new files exactly, whatever the umask.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Opens for reading only. Never waits: a pipe without a writer is opened and found to be no file.
  virtual Result<std::unique_ptr<File>> OpenRead(const std::string& path) = 0;

  // Creates for reading and writing; kAlreadyExists if the name is taken, also by a symbolic link.
  virtual Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) = 0;

  // Opens for reading and writing, keeping what is there; creates it with `mode` if missing.
  virtual Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) = 0;

  // Follows symbolic links.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;

  // The path without symbolic links, "." and "..", absolute. Everything on it must exist.
  virtual Result<std::string> Resolve(const std::string& path) = 0;

  // Does not follow a symbolic link in the last component: such a link is kOther.
  virtual Result<FileInfo> StatNoFollow(const std::string& path) = 0;

  // Gives the file `from` the second name `to`; never replaces (kAlreadyExists). kUnsupported where
  // the file system has no hard links.
  virtual Status Link(const std::string& from, const std::string& to) = 0;

  // Renames, replacing what is at `to`, in one step.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;

  // Renames in one step, but never replaces (kAlreadyExists). kUnsupported where the kernel or the
  // file system cannot.
  virtual Status RenameNoReplace(const std::string& from, const std::string& to) = 0;

  // Removes the name of a file; kNotFound if there is none.
  virtual Status Remove(const std::string& path) = 0;

  // Removes an empty directory.
  virtual Status RemoveDirectory(const std::string& path) = 0;

  // Creates one directory; the parent must exist.
  virtual Status CreateDirectory(const std::string& path, uint32_t mode) = 0;

  // Makes the names in a directory durable. A failure is final for what was done before it, as in
  // File::Sync().
  virtual Status SyncDirectory(const std::string& path) = 0;

  // All names but . and .., in no order.
  virtual Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) = 0;

  // The same one by one, in memory that does not grow with the directory. An error of `visit` ends
  // the walk and is returned. `visit` may use the file system.
  virtual Status VisitDirectory(const std::string& path,
                                const std::function<Status(const DirectoryEntry&)>& visit) = 0;

  virtual Result<SpaceInfo> Space(const std::string& path) = 0;

  // Locks `path`: a directory itself, which needs no right to write in it, else a file, created
  // with mode 0600 if missing. kBusy when somebody holds it.
  virtual Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) = 0;
};

// The real one; lives for ever.
FileSystem& PosixFileSystem();

}  // namespace pgkeep
