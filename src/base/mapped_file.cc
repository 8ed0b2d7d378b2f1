#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"

namespace pgkeep {

Result<MappedFile> MappedFile::Open(const std::string& path, uint64_t max_bytes) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoError(errno, "opening " + path);
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return ErrnoError(errno, "looking at " + path);
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > max_bytes) {
    return Err(ErrorCode::kLimitExceeded, "{} has {} bytes, more than {}", path, size, max_bytes);
  }
  if (size == 0) return MappedFile(ByteSpan());
  void* const start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) return ErrnoError(errno, "mapping " + path);
  return MappedFile(ByteSpan(static_cast<const uint8_t*>(start), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, ByteSpan())) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace pgkeep
