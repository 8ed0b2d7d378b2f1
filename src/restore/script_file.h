// An export as one SQL script.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "logical/client_programs.h"

namespace pgkeep::restore {

// A script that pg_restore makes of a custom archive. The archive stands beside it meanwhile, so
// that there has to be room for the rows twice. Neither is there under its final name before
// Finish(); without it all that was written goes with this object. One thread.
class ScriptFile {
 public:
  static Result<std::unique_ptr<ScriptFile>> Create(FileSystem& files, const std::string& path,
                                                    logical::ClientProgram program);
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  ~ScriptFile();

  // Where the caller writes the archive.
  const std::string& archive_path() const { return archive_path_; }

  // Makes the script of the archive, durable and with mode 0600, and gives it its name.
  // kAlreadyExists if that was taken meanwhile, kChildFailed if pg_restore fails.
  Status Finish(std::stop_token stop);

 private:
  ScriptFile(FileSystem& files, std::string path, logical::ClientProgram program);
  Status Convert(File& file, std::stop_token stop);

  FileSystem& files_;
  const std::string path_;
  const std::string archive_path_;
  const std::string part_path_;
  const logical::ClientProgram program_;
};

}  // namespace pgkeep::restore
