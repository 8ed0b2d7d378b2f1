// The right of one open directory store to write temporaries. Internal to the directory store.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace pgkeep::storage {

// How a finished temporary gets its final name without replacing anything.
enum class PublishMode {
  kHardLink,
  kRenameNoReplace,
  // The file system can do neither.
  kNone,
};

// A file in the temporary directory, complete and durable. Removed by the destructor unless it was
// renamed away; a failure to remove is left to SweepTemporaries.
class TemporaryFile {
 public:
  TemporaryFile(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }
  const FileInfo& info() const { return info_; }
  // Writes `bytes` and makes them durable; sets info(). The file must not exist yet.
  Status Fill(ByteSpan bytes);
  // Says that the name is gone: nothing to remove.
  void Forget() { path_.clear(); }

 private:
  FileSystem* files_;
  std::string path_;
  FileInfo info_;
};

// Identifies one writer: a random id, a lock file that tells sweepers that it lives, and unique
// names for its temporaries. Thread-safe; `files` must outlive it. Where the file system has no
// locks the writer works without: its temporaries are then protected by their age alone.
class DirectoryWriter {
 public:
  // Claims an id in `directory` (the temporary directory) and finds out how files can be published.
  // kNotFound when the directory is missing; kPermission, kOutOfSpace, kIo.
  static Result<std::shared_ptr<DirectoryWriter>> Open(FileSystem& files, std::string directory);

  DirectoryWriter(FileSystem& files, std::string directory, std::string id);
  DirectoryWriter(const DirectoryWriter&) = delete;
  DirectoryWriter& operator=(const DirectoryWriter&) = delete;
  // Removes the lock file, then the lock.
  ~DirectoryWriter();

  const std::string& id() const { return id_; }
  PublishMode publish_mode() const { return publish_mode_; }
  // To whom the files that it makes belong: on some network file systems not the process's user.
  uint32_t owner() const { return owner_; }

  // Writes a new temporary with `bytes`, synced.
  Result<TemporaryFile> Write(ByteSpan bytes);

  // The file system's clock: the modification time of a file that is made now.
  Result<Timestamp> Now();

 private:
  std::string NextPath();
  Status Claim();
  Status FindPublishMode();

  FileSystem& files_;
  const std::string directory_;
  const std::string id_;
  // Constant after Open.
  std::unique_ptr<FileLock> lock_;
  PublishMode publish_mode_ = PublishMode::kNone;
  uint32_t owner_ = 0;

  std::atomic<uint64_t> next_number_{1};
};

}  // namespace pgkeep::storage
