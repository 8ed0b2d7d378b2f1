#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file_util.h"
#include "storage/directory_layout.h"
#include "storage/directory_store.h"
#include "storage/directory_writer.h"

namespace pgkeep::storage {
namespace {

// Removes what dead writers left in one temporary directory.
class Sweeper {
 public:
  // Nothing modified after `newest` is touched, and nothing of the writer `own_id`.
  Sweeper(FileSystem& files, std::string directory, std::string own_id, Timestamp newest)
      : files_(files),
        directory_(std::move(directory)),
        own_id_(std::move(own_id)),
        newest_(newest) {}

  Result<SweepReport> Run() {
    PGK_TRY(files_.VisitDirectory(directory_,
                                  [this](const DirectoryEntry& entry) { return Visit(entry); }));
    return report_;
  }

 private:
  // Deleting names while the directory is read is fine: each remaining name is still seen once.
  Status Visit(const DirectoryEntry& entry) {
    const std::optional<TemporaryFileName> name = ParseTemporaryFileName(entry.name);
    if (!name || name->writer_id == own_id_ || entry.type != FileInfo::Type::kFile) return Ok();
    const std::string path = JoinPath(directory_, entry.name);
    const Result<FileInfo> info = files_.StatNoFollow(path);
    if (!info.ok()) {
      return info.error().code() == ErrorCode::kNotFound ? Ok() : Status(info.error());
    }
    if (info->modified > newest_) {
      ++report_.kept;
      return Ok();
    }
    // Held until the file is gone: a lock on a file that is being removed says nothing.
    PGK_ASSIGN_OR_RETURN(const WriterState writer, LockWriter(*name));
    if (writer.alive) {
      ++report_.kept;
      return Ok();
    }
    const Status removed = files_.Remove(path);
    if (!removed.ok()) {
      return removed.error().code() == ErrorCode::kNotFound ? Ok() : removed;
    }
    ++report_.removed;
    report_.removed_bytes += info->size;
    return Ok();
  }

  // What is known about a writer; a dead one's lock is held so that nothing changes meanwhile.
  struct WriterState {
    bool alive = false;
    std::unique_ptr<FileLock> lock;
  };

  // A writer without its lock file is dead: it removes that last of all. Looks for the file first,
  // as locking would create it. Where there are no locks, age alone decides.
  Result<WriterState> LockWriter(const TemporaryFileName& name) {
    const std::string path = JoinPath(directory_, WriterLockName(name.writer_id));
    const Result<FileInfo> info = files_.StatNoFollow(path);
    if (!info.ok()) {
      if (info.error().code() != ErrorCode::kNotFound) return info.error();
      return WriterState{};
    }
    Result<std::unique_ptr<FileLock>> lock = files_.TryLock(path);
    if (lock.ok()) return WriterState{.alive = false, .lock = std::move(lock).value()};
    if (lock.error().code() == ErrorCode::kBusy) return WriterState{.alive = true, .lock = nullptr};
    if (LocksAreMissing(lock.error())) return WriterState{};
    return std::move(lock).error();
  }

  FileSystem& files_;
  const std::string directory_;
  const std::string own_id_;
  const Timestamp newest_;
  SweepReport report_;
};

}  // namespace

Result<SweepReport> SweepTemporaries(FileSystem& files, const DirectoryStoreOptions& options) {
  const std::string directory = JoinPath(options.path, kTemporaryDirectory);
  const auto sweep = [&]() -> Result<SweepReport> {
    // Being a writer gives the file system's clock, with which the ages are measured.
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<DirectoryWriter> writer,
                         DirectoryWriter::Open(files, directory));
    PGK_ASSIGN_OR_RETURN(const Timestamp now, writer->Now());
    return Sweeper(files, directory, writer->id(), now - options.temp_age).Run();
  };
  Result<SweepReport> report = sweep();
  if (report.ok()) return report;
  return ExplainFileError(std::move(report).error(), options.path)
      .WithContext("sweeping temporary files");
}

}  // namespace pgkeep::storage
