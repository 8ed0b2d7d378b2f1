// The base for file systems that change a few calls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace pgkeep::testing {

// Forwards every call to `inner`, which must outlive it; tests override what they want otherwise.
// Thread-safe if the overrides are.
class ForwardingFileSystem : public FileSystem {
 public:
  explicit ForwardingFileSystem(FileSystem& inner) : inner_(inner) {}

  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override;
  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::string> Resolve(const std::string& path) override;
  Result<FileInfo> StatNoFollow(const std::string& path) override;
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

 protected:
  FileSystem& inner() { return inner_; }

 private:
  FileSystem& inner_;
};

// The same for open files; owns the one it forwards to.
class ForwardingFile : public File {
 public:
  explicit ForwardingFile(std::unique_ptr<File> inner) : inner_(std::move(inner)) {}

  Result<size_t> ReadAt(uint64_t offset, MutableByteSpan out) override;
  Status WriteAll(ByteSpan data) override;
  Status WriteAt(uint64_t offset, ByteSpan data) override;
  Status Truncate(uint64_t size) override;
  Status Sync() override;
  Status Close() override;
  Result<FileInfo> Info() override;
  Status SetAccess(uint32_t owner, uint32_t group, uint32_t mode) override;

 protected:
  File& inner() { return *inner_; }

 private:
  std::unique_ptr<File> inner_;
};

}  // namespace pgkeep::testing
