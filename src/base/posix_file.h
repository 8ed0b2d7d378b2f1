// The real File. Made by the real FileSystem only.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/unique_fd.h"

namespace pgkeep::internal {

// Translates what stat(2) filled in.
FileInfo ToFileInfo(const struct stat& from);

// A file on a descriptor that it owns. Contract: see File.
class PosixFile : public File {
 public:
  // `position` is where WriteAll() begins.
  PosixFile(UniqueFd fd, std::string path, uint64_t position)
      : fd_(std::move(fd)), path_(std::move(path)), position_(position) {}

  Result<size_t> ReadAt(uint64_t offset, MutableByteSpan out) override;
  Status WriteAll(ByteSpan data) override;
  Status WriteAt(uint64_t offset, ByteSpan data) override;
  Status Truncate(uint64_t size) override;
  Status Sync() override;
  Status Close() override;
  Result<FileInfo> Info() override;
  Status SetAccess(uint32_t owner, uint32_t group, uint32_t mode) override;

 private:
  // Fails if the file was closed, or if offset + size is beyond what the kernel can address.
  Status CheckUse(std::string_view doing, uint64_t offset, uint64_t size) const;
  Error Failed(std::string_view doing, int os_errno) const;

  UniqueFd fd_;
  const std::string path_;
  uint64_t position_;
  int sync_errno_ = 0;  // of the first fsync that failed
};

}  // namespace pgkeep::internal
