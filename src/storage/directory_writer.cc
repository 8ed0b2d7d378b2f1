#include "storage/directory_writer.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "base/file_util.h"
#include "storage/directory_layout.h"

namespace pgkeep::storage {
namespace {

// Unique among all writers of a store on all machines, which 64 bits from the kernel are; nothing
// secret depends on it.
std::string NewWriterId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : files_(other.files_), path_(std::move(other.path_)), info_(other.info_) {
  other.path_.clear();
}

TemporaryFile::~TemporaryFile() {
  // What cannot be removed is harmless and is swept later; an error here would hide the real one.
  if (!path_.empty()) static_cast<void>(files_->Remove(path_));
}

Status TemporaryFile::Fill(ByteSpan bytes) {
  Result<std::unique_ptr<File>> file = files_->CreateNew(path_, kObjectMode);
  if (!file.ok()) {
    // Not ours to remove.
    if (file.error().code() == ErrorCode::kAlreadyExists) Forget();
    return std::move(file).error();
  }
  PGK_TRY((*file)->WriteAll(bytes));
  PGK_TRY((*file)->Sync());
  PGK_ASSIGN_OR_RETURN(info_, (*file)->Info());
  if (info_.size != bytes.size()) {
    return Err(ErrorCode::kIo, "{} has {} bytes after writing {}", path_, info_.size, bytes.size());
  }
  return (*file)->Close();
}

DirectoryWriter::DirectoryWriter(FileSystem& files, std::string directory, std::string id)
    : files_(files), directory_(std::move(directory)), id_(std::move(id)) {}

DirectoryWriter::~DirectoryWriter() {
  // In this order: a lock file without a lock could be swept, but not be mistaken for ours.
  static_cast<void>(files_.Remove(JoinPath(directory_, WriterLockName(id_))));
}

Result<std::shared_ptr<DirectoryWriter>> DirectoryWriter::Open(FileSystem& files,
                                                               std::string directory) {
  PGK_ASSIGN_OR_RETURN(const FileInfo info, files.StatNoFollow(directory));
  if (info.type != FileInfo::Type::kDirectory) return NotOurs(directory);
  // The kernel's random numbers do not repeat; the loop is for the one that proves it wrong.
  constexpr int kAttempts = 4;
  for (int attempt = 1;; ++attempt) {
    const std::string id = NewWriterId();
    // Only a writer that owns its lock file may remove it, hence before the object is made.
    const Result<std::unique_ptr<File>> lock_file =
        files.CreateNew(JoinPath(directory, WriterLockName(id)), kObjectMode);
    if (!lock_file.ok()) {
      if (lock_file.error().code() == ErrorCode::kAlreadyExists && attempt < kAttempts) continue;
      return lock_file.error();
    }
    auto writer = std::make_shared<DirectoryWriter>(files, directory, id);
    PGK_ASSIGN_OR_RETURN(const FileInfo made, (*lock_file)->Info());
    writer->owner_ = made.owner;
    PGK_TRY(writer->Claim());
    PGK_TRY(writer->FindPublishMode());
    return writer;
  }
}

Status DirectoryWriter::Claim() {
  Result<std::unique_ptr<FileLock>> lock =
      files_.TryLock(JoinPath(directory_, WriterLockName(id_)));
  if (lock.ok()) {
    lock_ = std::move(lock).value();
    return Ok();
  }
  return LocksAreMissing(lock.error()) ? Ok() : Status(std::move(lock).error());
}

Status DirectoryWriter::FindPublishMode() {
  const std::string source = JoinPath(directory_, WriterLockName(id_));
  const TemporaryFile linked(files_, NextPath());
  const Status link = files_.Link(source, linked.path());
  if (link.ok()) {
    publish_mode_ = PublishMode::kHardLink;
    return Ok();
  }
  if (link.error().code() != ErrorCode::kUnsupported) return link;
  TemporaryFile moved(files_, NextPath());
  PGK_TRY(moved.Fill({}));
  const TemporaryFile target(files_, NextPath());
  const Status rename = files_.RenameNoReplace(moved.path(), target.path());
  if (rename.ok()) {
    moved.Forget();
    publish_mode_ = PublishMode::kRenameNoReplace;
    return Ok();
  }
  if (rename.error().code() != ErrorCode::kUnsupported) return rename;
  publish_mode_ = PublishMode::kNone;
  return Ok();
}

std::string DirectoryWriter::NextPath() {
  return JoinPath(directory_, TemporaryName(id_, next_number_.fetch_add(1)));
}

Result<TemporaryFile> DirectoryWriter::Write(ByteSpan bytes) {
  TemporaryFile file(files_, NextPath());
  PGK_TRY(file.Fill(bytes));
  return file;
}

Result<Timestamp> DirectoryWriter::Now() {
  const TemporaryFile probe(files_, NextPath());
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                       files_.CreateNew(probe.path(), kObjectMode));
  PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  return info.modified;
}

}  // namespace pgkeep::storage
