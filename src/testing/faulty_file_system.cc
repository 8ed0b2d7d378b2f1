#include "testing/faulty_file_system.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace pgkeep::testing {

namespace {

Error MakeError(const FileFault& fault, FileCall call, std::string_view path) {
  const std::string what = fmt::format("injected fault in {} of {}", FileCallName(call), path);
  if (fault.code.has_value()) return Error(*fault.code, what);
  return ErrnoError(fault.os_errno, what);
}

}  // namespace

std::string_view FileCallName(FileCall call) {
  static constexpr std::string_view kNames[] = {"open read",
                                                "create new",
                                                "open write",
                                                "stat",
                                                "link",
                                                "rename",
                                                "rename no replace",
                                                "remove",
                                                "remove directory",
                                                "create directory",
                                                "sync directory",
                                                "read directory",
                                                "space",
                                                "try lock",
                                                "read",
                                                "write",
                                                "truncate",
                                                "sync",
                                                "close",
                                                "info",
                                                "resolve",
                                                "set access"};
  static_assert(std::size(kNames) == kFileCallCount);
  return kNames[static_cast<size_t>(call)];
}

template <class R, class Make>
R FaultyFileSystem::Call(FileCall call, std::string_view path, Make make) {
  const std::optional<FileFault> fault = Hit(call, path);
  if (!fault.has_value()) return make();
  switch (fault->action) {
    case FileFaultAction::kFailAfter: {
      R result = make();
      if (!result.ok()) return result;
      break;
    }
    case FileFaultAction::kSkip:
      if constexpr (std::is_same_v<R, Status>) {
        CountFired();
        return Ok();
      }
      PGK_CHECK(false, "only calls that return a Status can be skipped");
    case FileFaultAction::kFailBefore:
    case FileFaultAction::kShort:
      break;
  }
  CountFired();
  return MakeError(*fault, call, path);
}

// A file of a FaultyFileSystem. The faults are there; here is what they need to know about one
// handle.
class FaultyFile : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::unique_ptr<File> inner, std::string path)
      : owner_(owner), inner_(std::move(inner)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, MutableByteSpan out) override {
    const std::optional<FileFault> fault = owner_.Hit(FileCall::kRead, path_);
    if (!fault.has_value()) return inner_->ReadAt(offset, out);
    if (fault->action == FileFaultAction::kShort) {
      PGK_ASSIGN_OR_RETURN(const size_t count, inner_->ReadAt(offset, out));
      if (count > fault->bytes) owner_.CountFired();
      return std::min<size_t>(count, fault->bytes);
    }
    owner_.CountFired();
    return MakeError(*fault, FileCall::kRead, path_);
  }

  Status WriteAll(ByteSpan data) override {
    return Write(data, [this](ByteSpan part) { return inner_->WriteAll(part); });
  }

  Status WriteAt(uint64_t offset, ByteSpan data) override {
    return Write(data, [this, offset](ByteSpan part) { return inner_->WriteAt(offset, part); });
  }

  Status Truncate(uint64_t size) override {
    return owner_.Call<Status>(FileCall::kTruncate, path_,
                               [this, size] { return inner_->Truncate(size); });
  }

  Status Sync() override {
    if (sync_failure_.has_value()) return *sync_failure_;
    Status synced = owner_.Call<Status>(FileCall::kSync, path_, [this] { return inner_->Sync(); });
    if (!synced.ok()) sync_failure_ = synced.error();
    return synced;
  }

  Status Close() override {
    return owner_.Call<Status>(FileCall::kClose, path_, [this] { return inner_->Close(); });
  }

  Result<FileInfo> Info() override {
    return owner_.Call<Result<FileInfo>>(FileCall::kInfo, path_, [this] { return inner_->Info(); });
  }

  Status SetAccess(uint32_t owner, uint32_t group, uint32_t mode) override {
    return owner_.Call<Status>(FileCall::kSetAccess, path_,
                               [&] { return inner_->SetAccess(owner, group, mode); });
  }

 private:
  template <class WriteSome>
  Status Write(ByteSpan data, WriteSome write_some) {
    const std::optional<FileFault> fault = owner_.Hit(FileCall::kWrite, path_);
    if (fault.has_value()) {
      owner_.CountFired();
      uint64_t done = 0;
      if (fault->action == FileFaultAction::kShort) done = fault->bytes;
      if (fault->action == FileFaultAction::kFailAfter) done = data.size();
      PGK_TRY(write_some(data.first(std::min<size_t>(data.size(), done))));
      if (fault->action == FileFaultAction::kSkip) return Ok();
      return MakeError(*fault, FileCall::kWrite, path_);
    }
    const auto fits = static_cast<size_t>(owner_.TakeSpace(data.size()));
    PGK_TRY(write_some(data.first(fits)));
    if (fits == data.size()) return Ok();
    owner_.CountFired();
    return MakeError(FileFault{.os_errno = ENOSPC}, FileCall::kWrite, path_);
  }

  FaultyFileSystem& owner_;
  const std::unique_ptr<File> inner_;
  const std::string path_;
  std::optional<Error> sync_failure_;
};

namespace {

// Puts a faulty file around what the inner file system opened.
Result<std::unique_ptr<File>> Wrap(FaultyFileSystem& owner, Result<std::unique_ptr<File>> opened,
                                   const std::string& path) {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<File> inner, std::move(opened));
  return std::make_unique<FaultyFile>(owner, std::move(inner), path);
}

}  // namespace

void FaultyFileSystem::AddFault(FileFault fault) {
  MutexLock lock(mutex_);
  rules_.push_back({std::move(fault), 0});
}

void FaultyFileSystem::Reset() {
  MutexLock lock(mutex_);
  rules_.clear();
  calls_ = {};
  fired_ = 0;
  space_left_.reset();
}

void FaultyFileSystem::LimitSpace(uint64_t bytes) {
  MutexLock lock(mutex_);
  space_left_ = bytes;
}

uint64_t FaultyFileSystem::calls(FileCall call) const {
  MutexLock lock(mutex_);
  return calls_[static_cast<size_t>(call)];
}

uint64_t FaultyFileSystem::calls() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const uint64_t count : calls_) sum += count;
  return sum;
}

uint64_t FaultyFileSystem::fired() const {
  MutexLock lock(mutex_);
  return fired_;
}

std::optional<FileFault> FaultyFileSystem::Hit(FileCall call, std::string_view path) {
  MutexLock lock(mutex_);
  ++calls_[static_cast<size_t>(call)];
  std::optional<FileFault> hit;
  for (Rule& rule : rules_) {
    const FileFault& fault = rule.fault;
    if (fault.call.has_value() && *fault.call != call) continue;
    if (path.find(fault.path_contains) == std::string_view::npos) continue;
    ++rule.matches;
    const bool in_range = rule.matches >= fault.nth && rule.matches - fault.nth < fault.times;
    if (in_range && !hit.has_value()) hit = fault;
  }
  return hit;
}

uint64_t FaultyFileSystem::TakeSpace(uint64_t bytes) {
  MutexLock lock(mutex_);
  if (!space_left_.has_value()) return bytes;
  const uint64_t taken = std::min(bytes, *space_left_);
  *space_left_ -= taken;
  return taken;
}

void FaultyFileSystem::CountFired() {
  MutexLock lock(mutex_);
  ++fired_;
}

Result<std::unique_ptr<File>> FaultyFileSystem::OpenRead(const std::string& path) {
  return Call<Result<std::unique_ptr<File>>>(
      FileCall::kOpenRead, path, [&] { return Wrap(*this, inner_.OpenRead(path), path); });
}

Result<std::unique_ptr<File>> FaultyFileSystem::CreateNew(const std::string& path, uint32_t mode) {
  return Call<Result<std::unique_ptr<File>>>(
      FileCall::kCreateNew, path, [&] { return Wrap(*this, inner_.CreateNew(path, mode), path); });
}

Result<std::unique_ptr<File>> FaultyFileSystem::OpenWrite(const std::string& path, uint32_t mode) {
  return Call<Result<std::unique_ptr<File>>>(
      FileCall::kOpenWrite, path, [&] { return Wrap(*this, inner_.OpenWrite(path, mode), path); });
}

Result<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  return Call<Result<FileInfo>>(FileCall::kStat, path, [&] { return inner_.Stat(path); });
}

Result<std::string> FaultyFileSystem::Resolve(const std::string& path) {
  return Call<Result<std::string>>(FileCall::kResolve, path, [&] { return inner_.Resolve(path); });
}

Result<FileInfo> FaultyFileSystem::StatNoFollow(const std::string& path) {
  return Call<Result<FileInfo>>(FileCall::kStat, path, [&] { return inner_.StatNoFollow(path); });
}

Status FaultyFileSystem::Link(const std::string& from, const std::string& to) {
  return Call<Status>(FileCall::kLink, from + " " + to, [&] { return inner_.Link(from, to); });
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  return Call<Status>(FileCall::kRename, from + " " + to, [&] { return inner_.Rename(from, to); });
}

Status FaultyFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  return Call<Status>(FileCall::kRenameNoReplace, from + " " + to,
                      [&] { return inner_.RenameNoReplace(from, to); });
}

Status FaultyFileSystem::Remove(const std::string& path) {
  return Call<Status>(FileCall::kRemove, path, [&] { return inner_.Remove(path); });
}

Status FaultyFileSystem::RemoveDirectory(const std::string& path) {
  return Call<Status>(FileCall::kRemoveDirectory, path,
                      [&] { return inner_.RemoveDirectory(path); });
}

Status FaultyFileSystem::CreateDirectory(const std::string& path, uint32_t mode) {
  return Call<Status>(FileCall::kCreateDirectory, path,
                      [&] { return inner_.CreateDirectory(path, mode); });
}

Status FaultyFileSystem::SyncDirectory(const std::string& path) {
  return Call<Status>(FileCall::kSyncDirectory, path, [&] { return inner_.SyncDirectory(path); });
}

Result<std::vector<DirectoryEntry>> FaultyFileSystem::ReadDirectory(const std::string& path) {
  return Call<Result<std::vector<DirectoryEntry>>>(FileCall::kReadDirectory, path,
                                                   [&] { return inner_.ReadDirectory(path); });
}

Status FaultyFileSystem::VisitDirectory(const std::string& path,
                                        const std::function<Status(const DirectoryEntry&)>& visit) {
  return Call<Status>(FileCall::kReadDirectory, path,
                      [&] { return inner_.VisitDirectory(path, visit); });
}

Result<SpaceInfo> FaultyFileSystem::Space(const std::string& path) {
  return Call<Result<SpaceInfo>>(FileCall::kSpace, path, [&] { return inner_.Space(path); });
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::TryLock(const std::string& path) {
  return Call<Result<std::unique_ptr<FileLock>>>(FileCall::kTryLock, path,
                                                 [&] { return inner_.TryLock(path); });
}

}  // namespace pgkeep::testing
