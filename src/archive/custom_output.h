// Where the bytes of a custom archive go. Internal to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "archive/archive_writer.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace pgkeep::archive {

// Takes bytes in order, and at the end perhaps the beginning once more. One thread at a time.
class CustomOutput {
 public:
  virtual ~CustomOutput() = default;
  CustomOutput(const CustomOutput&) = delete;
  CustomOutput& operator=(const CustomOutput&) = delete;

  virtual Status Write(ByteSpan bytes) = 0;

  // Whether Complete() can put a new beginning in place.
  virtual bool can_rewrite() const = 0;

  // Replaces the first bytes, where that can be done, and publishes the archive. REQUIRES: as many
  // bytes as were written first.
  virtual Status Complete(ByteSpan beginning) = 0;

 protected:
  CustomOutput() = default;
};

// A file that has the name `path`.part until it is complete. Removed if it never is.
Result<std::unique_ptr<CustomOutput>> MakeFileOutput(FileSystem& files, std::string path,
                                                     bool durable);

// A pipe.
std::unique_ptr<CustomOutput> MakeStreamOutput(ByteSink sink);

}  // namespace pgkeep::archive
