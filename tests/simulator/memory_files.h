// A file system in memory: quick, and with the simulated time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/mutex.h"

namespace pgkeep::simulator {

// Keeps the promises of FileSystem for absolute paths without "." and "..", except surviving a
// crash of the machine: nothing is lost but what was never written. `clock` gives the times of
// changes. Thread-safe; open files are for one thread at a time. Must outlive files and locks.
class MemoryFiles final : public FileSystem {
 public:
  explicit MemoryFiles(Clock& clock);

  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override;
  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<FileInfo> StatNoFollow(const std::string& path) override { return Stat(path); }
  Status Link(const std::string& from, const std::string& to) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path, uint32_t mode) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) override;
  Status VisitDirectory(const std::string& path,
                        const std::function<Status(const DirectoryEntry&)>& visit) override;
  Result<SpaceInfo> Space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  struct Node;
  class OpenFile;
  class HeldLock;
  using NodePointer = std::shared_ptr<Node>;

  std::unique_ptr<File> Handle(NodePointer node);
  Result<NodePointer> Find(const std::string& path) PGK_REQUIRES(mutex_);
  // The place for a new name: its directory must be there, and the name free.
  Status CheckFree(const std::string& path) PGK_REQUIRES(mutex_);
  NodePointer Make(const std::string& path, FileInfo::Type type, uint32_t mode)
      PGK_REQUIRES(mutex_);
  Status Move(const std::string& from, const std::string& to) PGK_REQUIRES(mutex_);

  Clock& clock_;
  Mutex mutex_;
  std::map<std::string, NodePointer> nodes_ PGK_GUARDED_BY(mutex_);
  std::set<const Node*> locked_ PGK_GUARDED_BY(mutex_);
  uint64_t next_inode_ PGK_GUARDED_BY(mutex_) = 1;
};

}  // namespace pgkeep::simulator
