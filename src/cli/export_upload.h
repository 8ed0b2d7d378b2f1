// Exports that go into the repository instead of a directory.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/environment.h"
#include "storage/object_store.h"

namespace pgkeep::cli {

// A place for an export on its way: a directory that nobody else can read, removed with all that is
// in it by the destructor. Movable; one thread.
class ExportUpload {
 public:
  // Makes the place among the local state of this machine. kConfig if that has no place.
  static Result<ExportUpload> Begin(const Environment& environment);

  ExportUpload(ExportUpload&& other) noexcept;
  ExportUpload& operator=(ExportUpload&&) = delete;
  ~ExportUpload();

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
  ExportUpload(FileSystem& files, std::string place, std::string key)
      : files_(files), place_(std::move(place)), key_(std::move(key)) {}
  Status StoreFile(storage::ObjectStore& store, const std::string& path, const std::string& key);

  FileSystem& files_;
  std::string place_;  // empty: moved away
  std::string key_;
};

}  // namespace pgkeep::cli
