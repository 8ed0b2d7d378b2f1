#include "storage/directory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/file_util.h"
#include "base/mutex.h"
#include "storage/directory_layout.h"
#include "storage/directory_listing.h"
#include "storage/directory_writer.h"
#include "storage/store_url.h"
#include "storage/store_util.h"

namespace pgkeep::storage {
namespace {

// Directories that this instance remembers as durable; beyond it, it forgets and syncs again.
constexpr size_t kMaxKnownDirectories = 4096;

constexpr uint32_t kRootUser = 0;

// The part before the last slash; "" for a key without one.
std::string_view ParentOf(std::string_view key) {
  const size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

bool IsNotFound(const Error& error) {
  return error.code() == ErrorCode::kNotFound || error.os_errno() == ENOTDIR;
}

Error NoSuchObject() { return Error(ErrorCode::kNotFound, "no such object"); }

// Whether a failed sync tells that data may be lost, not only that it was not tried.
bool IsSyncFailure(const Error& error) {
  return !IsNotFound(error) && error.code() != ErrorCode::kPermission;
}

class DirectoryStore final : public ObjectStore {
 public:
  DirectoryStore(FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {}

  Status Open(bool create);

  StoreFeatures features() const override { return features_; }
  std::string Url() const override { return StoreUrl{.path = root_}.ToString(); }
  std::string ExpectedEtag(ByteSpan /*bytes*/) const override { return ""; }
  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                        size_t max_keys) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override;

 private:
  std::string PathOf(std::string_view key) const { return JoinPath(root_, key); }
  std::string DirectoryPath(std::string_view key) const;
  Error Explain(Error error, std::string_view doing, std::string_view key) const;

  Status CreatePlace();
  Status FindFeatures();
  Status CheckCase();
  Status CheckMounted();
  Result<std::shared_ptr<DirectoryWriter>> Writer();
  Status CheckWritable() const;

  Result<FileInfo> StatObject(std::string_view key);
  Result<std::unique_ptr<File>> OpenObject(std::string_view key);
  Status ReadRange(std::string_view key, uint64_t offset, MutableByteSpan out);

  Status EnsureDirectory(std::string_view key);
  Status EnsureOneDirectory(const std::string& path);
  void ForgetDirectories();
  Status SyncParent(std::string_view key);
  Status RefuseNonFile(std::string_view key);

  Result<ObjectInfo> Create(std::string_view key, ByteSpan bytes);
  Status Publish(std::string_view key, TemporaryFile& file, PublishMode mode);
  Status PublishOnce(std::string_view key, TemporaryFile& file, PublishMode mode);
  Result<ObjectInfo> Replace(std::string_view key, ByteSpan bytes);
  Status Acknowledge(std::string_view key);
  Status Remove(std::string_view key);

  FileSystem& files_;
  const std::string root_;
  // Constant after Open.
  StoreFeatures features_;
  uint32_t owner_ = kRootUser;  // of the root directory
  bool had_temporary_directory_ = false;

  // Set for ever when a directory could not be synced: what the next sync reports is worth nothing.
  std::atomic<bool> sync_failed_{false};

  Mutex mutex_;
  std::shared_ptr<DirectoryWriter> writer_ PGK_GUARDED_BY(mutex_);
  std::unordered_set<std::string> known_directories_ PGK_GUARDED_BY(mutex_);
};

std::string DirectoryStore::DirectoryPath(std::string_view key) const {
  const std::string_view parent = ParentOf(key);
  return parent.empty() ? root_ : JoinPath(root_, parent);
}

Error DirectoryStore::Explain(Error error, std::string_view doing, std::string_view key) const {
  return ExplainFileError(std::move(error), root_)
      .WithContext(fmt::format("{} object {} in {}", doing, key, root_));
}

// Makes what is missing; what root has made in the directory of another user goes again.
Status DirectoryStore::CreatePlace() {
  const std::string temporary = JoinPath(root_, kTemporaryDirectory);
  PGK_TRY(CreateDirectories(files_, root_, kDirectoryMode));
  PGK_ASSIGN_OR_RETURN(const FileInfo root, files_.Stat(root_));
  if (files_.StatNoFollow(temporary).ok()) return Ok();
  PGK_TRY(CreateDirectories(files_, temporary, kDirectoryMode));
  PGK_ASSIGN_OR_RETURN(const FileInfo made, files_.StatNoFollow(temporary));
  if (made.owner != kRootUser || root.owner == kRootUser) return Ok();
  PGK_TRY(files_.RemoveDirectory(temporary));
  features_.run_as = UserName(root.owner);
  return RequireOwnUser(*this);
}

Status DirectoryStore::Open(bool create) {
  if (!root_.starts_with('/')) {
    return Err(ErrorCode::kInvalidArgument, "repository path '{}' is relative", root_)
        .WithHint("give an absolute path, beginning with '/'");
  }
  const std::string temporary = JoinPath(root_, kTemporaryDirectory);
  if (create) PGK_TRY(CreatePlace());
  PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.Stat(root_));
  if (info.type != FileInfo::Type::kDirectory) {
    return Err(ErrorCode::kInvalidArgument, "repository path {} is not a directory", root_)
        .WithHint("a repository is a directory; choose another path");
  }
  owner_ = info.owner;
  const Result<FileInfo> temporary_info = files_.StatNoFollow(temporary);
  had_temporary_directory_ = temporary_info.ok();
  if (temporary_info.ok()) PGK_TRY(CheckCase());
  return FindFeatures();
}

// Keys that differ only in case would be one file.
Status DirectoryStore::CheckCase() {
  if (!files_.StatNoFollow(JoinPath(root_, "+TMP")).ok()) return Ok();
  return Err(ErrorCode::kUnsupported, "the file system of {} does not tell upper from lower case",
             root_)
      .WithHint("put the repository on a file system that does, such as ext4 or XFS");
}

// Asks for a writer to see what is possible. That this fails is no error: reading still works, and
// the first write tries again and says what is wrong.
Status DirectoryStore::FindFeatures() {
  features_ = {.conditional_create = true,
               .strong_list = true,
               .content_etag = false,
               .versioned = false,
               .can_delete = true,
               .kind = "directory",
               .run_as = std::nullopt};
  const Result<std::shared_ptr<DirectoryWriter>> writer = Writer();
  if (writer.ok()) {
    features_.conditional_create = (*writer)->publish_mode() != PublishMode::kNone;
    if ((*writer)->owner() == kRootUser && owner_ != kRootUser) {
      features_.run_as = UserName(owner_);
    }
  } else if (writer.error().code() == ErrorCode::kPermission) {
    features_.can_delete = false;
  }
  return Ok();
}

// When the disk of a store is unmounted, an empty directory stays behind in which nothing is found.
// That must not look like an empty store.
Status DirectoryStore::CheckMounted() {
  if (!had_temporary_directory_) return Ok();
  const Result<FileInfo> info = files_.StatNoFollow(JoinPath(root_, kTemporaryDirectory));
  if (info.ok()) return Ok();
  if (!IsNotFound(info.error())) return info.error();
  return Err(ErrorCode::kUnavailable, "repository {} has gone: {} is missing", root_,
             kTemporaryDirectory)
      .WithHint(fmt::format("check that the disk of {} is still mounted", root_));
}

Result<std::shared_ptr<DirectoryWriter>> DirectoryStore::Writer() {
  {
    const MutexLock lock(mutex_);
    if (writer_ != nullptr) return writer_;
  }
  // Two threads may both come here; the loser's writer is closed again.
  Result<std::shared_ptr<DirectoryWriter>> opened =
      DirectoryWriter::Open(files_, JoinPath(root_, kTemporaryDirectory));
  if (!opened.ok()) {
    if (opened.error().code() != ErrorCode::kNotFound) return opened;
    return std::move(opened).error().WithHint(
        fmt::format("check that the disk of {} is mounted; if this is a copy of a repository, "
                    "create the empty directory {} in it",
                    root_, kTemporaryDirectory));
  }
  const MutexLock lock(mutex_);
  if (writer_ == nullptr) writer_ = *opened;
  return writer_;
}

Status DirectoryStore::CheckWritable() const {
  if (!sync_failed_) return RequireOwnUser(*this);
  return Err(ErrorCode::kIo, "an earlier sync of {} failed, so nothing more is written", root_)
      .WithHint("look at the kernel log, check the disk, then start pgkeep again");
}

Result<FileInfo> DirectoryStore::StatObject(std::string_view key) {
  const auto stat = [&]() -> Result<FileInfo> {
    PGK_TRY(CheckDirectoryPath(files_, root_, ParentOf(key)));
    return files_.StatNoFollow(PathOf(key));
  };
  Result<FileInfo> info = stat();
  if (info.ok() && info->type == FileInfo::Type::kOther) return NotOurs(PathOf(key));
  if (info.ok() && info->type == FileInfo::Type::kFile) return info;
  if (info.ok() || IsNotFound(info.error())) {
    PGK_TRY(CheckMounted());
    return NoSuchObject();
  }
  return info;
}

Result<std::unique_ptr<File>> DirectoryStore::OpenObject(std::string_view key) {
  PGK_TRY(StatObject(key));
  Result<std::unique_ptr<File>> file = files_.OpenRead(PathOf(key));
  if (!file.ok() && IsNotFound(file.error())) return NoSuchObject();
  return file;
}

// Makes sure that the directory of `key` exists and is durable, all the way up. An existing one is
// synced into its parent too when this instance sees it for the first time: the process that made
// it may not have come to that.
Status DirectoryStore::EnsureDirectory(std::string_view key) {
  const std::string_view directory = ParentOf(key);
  if (directory.empty()) return Ok();
  {
    const MutexLock lock(mutex_);
    if (known_directories_.contains(std::string(directory))) return Ok();
  }
  size_t end = 0;
  while (end < directory.size()) {
    end = std::min(directory.find('/', end + 1), directory.size());
    PGK_TRY(EnsureOneDirectory(JoinPath(root_, directory.substr(0, end))));
  }
  const MutexLock lock(mutex_);
  if (known_directories_.size() >= kMaxKnownDirectories) known_directories_.clear();
  known_directories_.insert(std::string(directory));
  return Ok();
}

Status DirectoryStore::EnsureOneDirectory(const std::string& path) {
  const Status created = files_.CreateDirectory(path, kDirectoryMode);
  if (!created.ok()) {
    if (created.error().code() != ErrorCode::kAlreadyExists) return created;
    PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.StatNoFollow(path));
    if (info.type == FileInfo::Type::kOther) return NotOurs(path);
    if (info.type == FileInfo::Type::kFile) {
      return Err(ErrorCode::kConflict, "{} is a file where a directory is needed", path)
          .WithHint("an object and a group of objects cannot have the same name");
    }
  }
  const Status synced = files_.SyncDirectory(ParentDirectory(path));
  if (!synced.ok() && IsSyncFailure(synced.error())) sync_failed_ = true;
  return synced;
}

void DirectoryStore::ForgetDirectories() {
  const MutexLock lock(mutex_);
  known_directories_.clear();
}

Status DirectoryStore::SyncParent(std::string_view key) {
  Status synced = files_.SyncDirectory(DirectoryPath(key));
  if (!synced.ok() && IsSyncFailure(synced.error())) sync_failed_ = true;
  return synced;
}

// For a name that is taken: an error unless a plain file has it.
Status DirectoryStore::RefuseNonFile(std::string_view key) {
  PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.StatNoFollow(PathOf(key)));
  switch (info.type) {
    case FileInfo::Type::kFile:
      return Ok();
    case FileInfo::Type::kOther:
      return NotOurs(PathOf(key));
    case FileInfo::Type::kDirectory:
      break;
  }
  return Err(ErrorCode::kConflict, "{} is a directory where an object is to be created",
             PathOf(key))
      .WithHint("an object and a group of objects cannot have the same name");
}

Status DirectoryStore::PublishOnce(std::string_view key, TemporaryFile& file, PublishMode mode) {
  if (mode == PublishMode::kHardLink) return files_.Link(file.path(), PathOf(key));
  PGK_TRY(files_.RenameNoReplace(file.path(), PathOf(key)));
  file.Forget();
  return Ok();
}

// Gives the finished file its name. After kUnavailable it is unknown whether it has it.
Status DirectoryStore::Publish(std::string_view key, TemporaryFile& file, PublishMode mode) {
  Status published = PublishOnce(key, file, mode);
  if (!published.ok() && published.error().code() == ErrorCode::kNotFound) {
    // Somebody removed the directory that we remember.
    ForgetDirectories();
    PGK_TRY(EnsureDirectory(key));
    published = PublishOnce(key, file, mode);
  }
  if (published.ok()) return Ok();
  // NFS clients repeat a request whose answer was lost, and then report our own link as a rival's.
  const Result<FileInfo> there = files_.StatNoFollow(PathOf(key));
  if (mode == PublishMode::kHardLink && there.ok() && there->inode == file.info().inode) {
    return Ok();
  }
  if (published.error().code() == ErrorCode::kAlreadyExists) {
    PGK_TRY(RefuseNonFile(key));
    return published;
  }
  if (published.error().code() != ErrorCode::kIo) return published;
  return Err(ErrorCode::kUnavailable, "it is unknown whether the object has got its name")
      .Attach(std::move(published).error());
}

// Makes the name durable, after which the object may be acknowledged, ours or not.
Status DirectoryStore::Acknowledge(std::string_view key) {
  Status synced = SyncParent(key);
  if (synced.ok()) return Ok();
  return Err(ErrorCode::kUnavailable, "the object is visible but may not survive a power failure")
      .WithHint("look at the kernel log, check the disk, then start pgkeep again")
      .Attach(std::move(synced).error());
}

Result<ObjectInfo> DirectoryStore::Create(std::string_view key, ByteSpan bytes) {
  PGK_TRY(CheckWritable());
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<DirectoryWriter> writer, Writer());
  const PublishMode mode = writer->publish_mode();
  if (mode == PublishMode::kNone) {
    return Err(ErrorCode::kUnsupported,
               "the file system has neither hard links nor renaming without replacing")
        .WithHint(
            fmt::format("move {} to a file system such as ext4, XFS, Btrfs, ZFS or NFS", root_));
  }
  PGK_TRY(CheckMounted());
  PGK_TRY(EnsureDirectory(key));
  const auto exists = [&]() -> Error {
    const Status durable = Acknowledge(key);
    if (!durable.ok()) return durable.error();
    return Err(ErrorCode::kAlreadyExists, "an object with this key exists");
  };
  // Saves writing a large object in vain; Publish decides.
  if (files_.StatNoFollow(PathOf(key)).ok()) {
    PGK_TRY(RefuseNonFile(key));
    return exists();
  }
  PGK_ASSIGN_OR_RETURN(TemporaryFile file, writer->Write(bytes));
  const Status published = Publish(key, file, mode);
  if (!published.ok()) {
    if (published.error().code() == ErrorCode::kAlreadyExists) return exists();
    return published.error();
  }
  PGK_TRY(Acknowledge(key));
  return ObjectInfo{
      .key = std::string(key), .size = bytes.size(), .etag = "", .modified = file.info().modified};
}

Result<ObjectInfo> DirectoryStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  PGK_TRY(ValidateKey(key));
  PGK_TRY(ValidateObjectSize(key, bytes.size()));
  Result<ObjectInfo> created = Create(key, bytes);
  if (!created.ok()) return Explain(std::move(created).error(), "creating", key);
  return created;
}

Result<ObjectInfo> DirectoryStore::Replace(std::string_view key, ByteSpan bytes) {
  PGK_TRY(CheckWritable());
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<DirectoryWriter> writer, Writer());
  PGK_TRY(CheckMounted());
  PGK_TRY(EnsureDirectory(key));
  const Status usable = RefuseNonFile(key);
  if (!usable.ok() && usable.error().code() != ErrorCode::kNotFound) return usable.error();
  PGK_ASSIGN_OR_RETURN(TemporaryFile file, writer->Write(bytes));
  Status renamed = files_.Rename(file.path(), PathOf(key));
  if (!renamed.ok()) {
    ForgetDirectories();
    if (renamed.error().code() != ErrorCode::kIo) return renamed.error();
    return Err(ErrorCode::kUnavailable, "it is unknown whether the object was replaced")
        .Attach(std::move(renamed).error());
  }
  file.Forget();
  PGK_TRY(Acknowledge(key));
  return ObjectInfo{
      .key = std::string(key), .size = bytes.size(), .etag = "", .modified = file.info().modified};
}

Result<ObjectInfo> DirectoryStore::Put(std::string_view key, ByteSpan bytes) {
  PGK_TRY(ValidateKey(key));
  PGK_TRY(ValidateObjectSize(key, bytes.size()));
  Result<ObjectInfo> written = Replace(key, bytes);
  if (!written.ok()) return Explain(std::move(written).error(), "writing", key);
  return written;
}

Result<Bytes> DirectoryStore::Get(std::string_view key, uint64_t max_bytes) {
  PGK_TRY(ValidateKey(key));
  const auto read = [&]() -> Result<Bytes> {
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, OpenObject(key));
    PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
    if (info.size > max_bytes) {
      return Err(ErrorCode::kLimitExceeded, "it has {} bytes; at most {} were expected", info.size,
                 max_bytes)
          .WithHint("the object is not what its name says; run 'pgkeep verify'");
    }
    Bytes content(info.size);
    PGK_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(0, content));
    if (count != content.size()) {
      return Err(ErrorCode::kCorruption, "object ends early: {} of {} bytes", count, info.size)
          .WithHint("the file was shortened by something else than pgkeep");
    }
    return content;
  };
  Result<Bytes> content = read();
  if (!content.ok()) return Explain(std::move(content).error(), "reading", key);
  return content;
}

Status DirectoryStore::ReadRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, OpenObject(key));
  PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (offset > info.size || out.size() > info.size - offset) {
    return Err(ErrorCode::kCorruption, "object ends early: {} bytes at {} wanted, it has {}",
               out.size(), offset, info.size)
        .WithHint("the object was shortened; run 'pgkeep verify'");
  }
  PGK_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(offset, out));
  if (count == out.size()) return Ok();
  return Err(ErrorCode::kCorruption, "object ends early: {} of {} bytes at {}", count, out.size(),
             offset)
      .WithHint("the file was shortened by something else than pgkeep");
}

Status DirectoryStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_TRY(ValidateKey(key));
  Status read = ReadRange(key, offset, out);
  if (!read.ok()) return Explain(std::move(read).error(), "reading", key);
  return read;
}

Result<ListPage> DirectoryStore::List(std::string_view prefix, std::string_view start_after,
                                      size_t max_keys) {
  PGK_TRY(ValidateListArguments(prefix, max_keys));
  const auto list = [&]() -> Result<ListPage> {
    PGK_TRY(CheckMounted());
    PGK_TRY(files_.Stat(root_));
    PGK_ASSIGN_OR_RETURN(ListPage page,
                         ListDirectoryTree(files_, root_, prefix, start_after, max_keys));
    // Again: had the disk gone meanwhile, the page would have holes.
    PGK_TRY(CheckMounted());
    return page;
  };
  Result<ListPage> page = list();
  if (!page.ok()) return Explain(std::move(page).error(), "listing", fmt::format("{}*", prefix));
  return page;
}

Result<ObjectInfo> DirectoryStore::Head(std::string_view key) {
  PGK_TRY(ValidateKey(key));
  const Result<FileInfo> info = StatObject(key);
  if (!info.ok()) return Explain(info.error(), "looking at", key);
  return ObjectInfo{
      .key = std::string(key), .size = info->size, .etag = "", .modified = info->modified};
}

Status DirectoryStore::Remove(std::string_view key) {
  PGK_TRY(CheckWritable());
  const Result<FileInfo> info = StatObject(key);
  if (!info.ok() && info.error().code() != ErrorCode::kNotFound) return info.error();
  if (info.ok()) {
    const Status removed = files_.Remove(PathOf(key));
    if (!removed.ok() && !IsNotFound(removed.error())) return removed;
  }
  // Also when nothing was there: an earlier call may have died between removing and syncing.
  const Status synced = SyncParent(key);
  if (!synced.ok() && IsNotFound(synced.error())) return Ok();
  return synced;
}

Status DirectoryStore::Delete(std::string_view key) {
  PGK_TRY(ValidateKey(key));
  Status removed = Remove(key);
  if (!removed.ok()) return Explain(std::move(removed).error(), "deleting", key);
  return removed;
}

Result<Timestamp> DirectoryStore::ServerTime() {
  const auto now = [&]() -> Result<Timestamp> {
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<DirectoryWriter> writer, Writer());
    return writer->Now();
  };
  Result<Timestamp> time = now();
  if (time.ok()) return time;
  return ExplainFileError(std::move(time).error(), root_)
      .WithContext(fmt::format("asking the file system of {} for the time", root_));
}

Result<std::optional<uint64_t>> DirectoryStore::FreeBytes() {
  const Result<SpaceInfo> space = files_.Space(root_);
  if (space.ok()) return std::optional<uint64_t>(space->available);
  return ExplainFileError(space.error(), root_);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenDirectoryStore(FileSystem& files,
                                                        const DirectoryStoreOptions& options) {
  std::string root = options.path;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  auto store = std::make_unique<DirectoryStore>(files, std::move(root));
  Status opened = store->Open(options.create);
  if (!opened.ok()) {
    return ExplainFileError(std::move(opened).error(), options.path)
        .WithContext("opening repository directory");
  }
  return std::unique_ptr<ObjectStore>(std::move(store));
}

}  // namespace pgkeep::storage
