// A file system that writes down every change, in order, for crash_replay.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "testing/forwarding_file_system.h"

namespace pgkeep::testing {

// Number of a file or directory, however it is called: what an inode is to the kernel, but never
// used again for another one.
using NodeId = uint64_t;

// The directory in which everything happens.
inline constexpr NodeId kRootNode = 0;

// One change, or one sync. Names are (directory, name).
struct FileOperation {
  enum class Kind {
    kCreate,           // directory, name, node, mode
    kMakeDirectory,    // directory, name, node, mode
    kWrite,            // node, offset, data
    kTruncate,         // node, offset = new size
    kSyncFile,         // node
    kLink,             // directory, name = the new one, node
    kRename,           // from_directory, from_name, directory, name, node
    kUnlink,           // directory, name
    kRemoveDirectory,  // directory, name
    kSyncDirectory,    // node
  };

  Kind kind = Kind::kCreate;
  NodeId node = kRootNode;
  NodeId directory = kRootNode;
  std::string name = {};
  NodeId from_directory = kRootNode;
  std::string from_name = {};
  uint64_t offset = 0;
  Bytes data = {};
  uint32_t mode = 0;
  std::string text = {};  // for people: "rename .a.tmp to a"
};

// What happened below a directory. The first `baseline` operations build and sync what was there
// when the recording began.
struct FileLog {
  std::vector<FileOperation> operations;
  size_t baseline = 0;
};

// Forwards to `inner` and records what succeeded. Thread-safe: changes are made one at a time, so
// that the order of the log is the order of the disk. Must outlive the files that it opened.
//
// Only changes below `root` are allowed, through this object only, and without ".." in paths;
// anything else is a mistake of the test and aborts. Reads may go anywhere. Holds all content in
// memory.
class RecordingFileSystem : public ForwardingFileSystem {
 public:
  // Reads what is below `root`, an existing directory. Aborts if it cannot.
  RecordingFileSystem(FileSystem& inner, std::string root);

  // A copy of the log so far.
  FileLog log() const;

  // Number of operations so far: taken when something was acknowledged, it tells which crashes must
  // preserve it.
  size_t position() const;

  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override;
  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path, uint32_t mode) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  friend class RecordingFile;

  // A path below the root, split for the tree.
  struct Place {
    NodeId directory = kRootNode;
    std::string name;  // empty: the root itself
    std::string relative;
  };

  bool IsBelowRoot(std::string_view path) const;
  Place Find(const std::string& path) const PGK_REQUIRES(mutex_);
  NodeId NodeAt(const Place& place) const PGK_REQUIRES(mutex_);
  bool Exists(const Place& place) const PGK_REQUIRES(mutex_);
  NodeId AddNode(const Place& place) PGK_REQUIRES(mutex_);
  void Record(FileOperation operation) PGK_REQUIRES(mutex_);
  void RecordCreate(const Place& place, uint32_t mode) PGK_REQUIRES(mutex_);
  void RecordRename(const std::string& from, const std::string& to) PGK_REQUIRES(mutex_);
  void RecordTree(const std::string& path) PGK_REQUIRES(mutex_);
  void RecordExistingFile(const std::string& path, const Place& place) PGK_REQUIRES(mutex_);

  const std::string root_;  // without a slash at the end

  mutable Mutex mutex_;
  FileLog log_ PGK_GUARDED_BY(mutex_);
  NodeId next_node_ PGK_GUARDED_BY(mutex_) = kRootNode + 1;
  std::map<NodeId, std::map<std::string, NodeId>> names_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing
