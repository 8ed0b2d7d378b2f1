// Directories for what a process needs only while it is at work.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/uuid.h"

namespace pgkeep {

// A directory that only this user can read; it goes with this object, and so does all that is in
// it. A process that was killed leaves its own behind: as a lock on the directory tells that
// somebody still uses it, the next one of the same purpose removes those without. Thread-safe.
class WorkDirectory {
 public:
  // Makes one below `parent`, which must exist, with the name `prefix` and 32 random hex digits.
  // Removes first what killed processes of this user have left there under such names; what cannot
  // be removed stays, since it hinders nobody. `files` must outlive it.
  static Result<std::unique_ptr<WorkDirectory>> Make(FileSystem& files, const std::string& parent,
                                                     std::string_view prefix,
                                                     const FillRandom& random);

  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  // Logs what cannot be removed.
  ~WorkDirectory();

  const std::string& path() const { return path_; }

 private:
  WorkDirectory(FileSystem& files, std::string path, std::unique_ptr<FileLock> lock);

  FileSystem& files_;
  const std::unique_ptr<FileLock> lock_;
  const std::string path_;
};

}  // namespace pgkeep
