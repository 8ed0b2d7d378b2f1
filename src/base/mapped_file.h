// A whole file as bytes, without reading it into memory first.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep {

// A file of this program's own making, mapped for reading. Movable; unmapped by the destructor.
// Nobody may shorten the file meanwhile: reading what is gone ends the process.
class MappedFile {
 public:
  // kLimitExceeded if the file is longer than `max_bytes`; errors of the system with their errno.
  static Result<MappedFile> Open(const std::string& path, uint64_t max_bytes);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteSpan bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteSpan bytes) : bytes_(bytes) {}

  ByteSpan bytes_;  // owned
};

}  // namespace pgkeep
