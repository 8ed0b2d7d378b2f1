// Exports that go into the repository instead of a directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/work_directory.h"
#include "cli/environment.h"
#include "storage/object_store.h"

namespace pgkeep::cli {

// An export on its way: in a directory that goes with this object. Movable; one thread.
class ExportUpload {
 public:
  // Makes the directory among the local state of this machine, and removes what killed exports have
  // left there. kConfig if there is no place for local state.
  static Result<ExportUpload> Begin(const Environment& environment);

  // What the export shall make, file or directory: does not exist yet.
  std::string output() const;

  // The key in the repository of what is stored under it: "export/<id>".
  const std::string& key() const { return key_; }

  // Stores every file of the export below key(), as it is: pg_restore reads what comes back.
  // toc.dat is the last, so that what was cut off does not look like an archive. kLimitExceeded for
  // a file that is larger than an object can be; what was stored before an error stays, and goes
  // when exports go.
  Status Store(storage::ObjectStore& store);

 private:
  ExportUpload(FileSystem& files, std::unique_ptr<WorkDirectory> directory, std::string key)
      : files_(files), directory_(std::move(directory)), key_(std::move(key)) {}
  Status StoreFile(storage::ObjectStore& store, const std::string& path, const std::string& key);

  FileSystem& files_;
  std::unique_ptr<WorkDirectory> directory_;
  std::string key_;
};

}  // namespace pgkeep::cli
