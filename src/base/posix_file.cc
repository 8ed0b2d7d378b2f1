#include "base/posix_file.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/posix_io.h"

namespace pgkeep::internal {

namespace {

constexpr uint64_t kOffsetMax = std::numeric_limits<off_t>::max();

}  // namespace

FileInfo ToFileInfo(const struct stat& from) {
  FileInfo info;
  if (S_ISREG(from.st_mode)) info.type = FileInfo::Type::kFile;
  if (S_ISDIR(from.st_mode)) info.type = FileInfo::Type::kDirectory;
  info.size = static_cast<uint64_t>(from.st_size);
  info.modified =
      Timestamp(std::chrono::seconds(from.st_mtim.tv_sec) +
                std::chrono::floor<Duration>(std::chrono::nanoseconds(from.st_mtim.tv_nsec)));
  info.mode = from.st_mode & 07777U;
  info.inode = from.st_ino;
  info.owner = from.st_uid;
  info.group = from.st_gid;
  return info;
}

Error PosixFile::Failed(std::string_view doing, int os_errno) const {
  return ErrnoError(os_errno, fmt::format("{} {}", doing, path_));
}

Status PosixFile::CheckUse(std::string_view doing, uint64_t offset, uint64_t size) const {
  if (!fd_.valid()) return Err(ErrorCode::kIo, "{} {}: the file is closed", doing, path_);
  if (offset > kOffsetMax || size > kOffsetMax - offset) {
    return Err(ErrorCode::kInvalidArgument, "{} {}: offset {} is too large", doing, path_, offset);
  }
  return Ok();
}

Result<size_t> PosixFile::ReadAt(uint64_t offset, MutableByteSpan out) {
  PGK_TRY(CheckUse("reading", offset, out.size()));
  const Transferred read = TransferFully(out.size(), [&](size_t done, size_t left) {
    return ::pread(fd_.get(), out.data() + done, left, static_cast<off_t>(offset + done));
  });
  if (read.error != 0) return Failed("reading", read.error);
  return read.bytes;
}

Status PosixFile::WriteAt(uint64_t offset, ByteSpan data) {
  PGK_TRY(CheckUse("writing", offset, data.size()));
  const Transferred written = TransferFully(data.size(), [&](size_t done, size_t left) {
    return ::pwrite(fd_.get(), data.data() + done, left, static_cast<off_t>(offset + done));
  });
  if (written.error != 0) return Failed("writing", written.error);
  // A write that moves nothing and reports nothing must not become a loop, nor a success.
  if (written.bytes != data.size()) return Failed("writing", EIO);
  return Ok();
}

Status PosixFile::WriteAll(ByteSpan data) {
  PGK_TRY(WriteAt(position_, data));
  position_ += data.size();
  return Ok();
}

Status PosixFile::Truncate(uint64_t size) {
  PGK_TRY(CheckUse("truncating", size, 0));
  const int result =
      RetryInterrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); });
  if (result != 0) return Failed("truncating", errno);
  position_ = std::min(position_, size);
  return Ok();
}

Status PosixFile::Sync() {
  PGK_TRY(CheckUse("syncing", 0, 0));
  if (sync_errno_ == 0 && RetryInterrupted([&] { return ::fsync(fd_.get()); }) != 0) {
    sync_errno_ = errno;
  }
  if (sync_errno_ != 0) return Failed("syncing", sync_errno_);
  return Ok();
}

Status PosixFile::Close() {
  const int error = fd_.Close();
  if (error != 0) return Failed("closing", error);
  return Ok();
}

Result<FileInfo> PosixFile::Info() {
  PGK_TRY(CheckUse("examining", 0, 0));
  struct stat from = {};
  if (::fstat(fd_.get(), &from) != 0) return Failed("examining", errno);
  return ToFileInfo(from);
}

Status PosixFile::SetAccess(uint32_t owner, uint32_t group, uint32_t mode) {
  PGK_TRY(CheckUse("changing the owner of", 0, 0));
  struct stat now = {};
  if (::fstat(fd_.get(), &now) != 0) return Failed("examining", errno);
  // Only what differs: to name one's own group again may be more than one may do.
  if (now.st_uid != owner || now.st_gid != group) {
    const uid_t to_owner = now.st_uid == owner ? static_cast<uid_t>(-1) : owner;
    const gid_t to_group = now.st_gid == group ? static_cast<gid_t>(-1) : group;
    if (::fchown(fd_.get(), to_owner, to_group) != 0) return Failed("changing the owner of", errno);
  }
  if (::fchmod(fd_.get(), mode) != 0) return Failed("setting the mode of", errno);
  return Ok();
}

}  // namespace pgkeep::internal
