#include "testing/recording_file_system.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/file_util.h"

namespace pgkeep::testing {

namespace {

using Kind = FileOperation::Kind;

// Content of the files that a recording starts from.
constexpr uint64_t kExistingFileMax = uint64_t{1} << 30;

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

// A file opened for writing. Keeps the write position itself, as the log needs it.
class RecordingFile : public ForwardingFile {
 public:
  RecordingFile(RecordingFileSystem& owner, std::unique_ptr<File> inner, NodeId node,
                std::string name, uint64_t position)
      : ForwardingFile(std::move(inner)),
        owner_(owner),
        node_(node),
        name_(std::move(name)),
        position_(position) {}

  Status WriteAll(ByteSpan data) override {
    PGK_TRY(WriteAt(position_, data));
    position_ += data.size();
    return Ok();
  }

  Status WriteAt(uint64_t offset, ByteSpan data) override {
    MutexLock lock(owner_.mutex_);
    PGK_TRY(inner().WriteAt(offset, data));
    owner_.Record({.kind = Kind::kWrite,
                   .node = node_,
                   .offset = offset,
                   .data = ToBytes(data),
                   .text = fmt::format("write {} bytes at {} of {}", data.size(), offset, name_)});
    return Ok();
  }

  Status Truncate(uint64_t size) override {
    MutexLock lock(owner_.mutex_);
    PGK_TRY(inner().Truncate(size));
    position_ = std::min(position_, size);
    owner_.Record({.kind = Kind::kTruncate,
                   .node = node_,
                   .offset = size,
                   .text = fmt::format("truncate {} to {}", name_, size)});
    return Ok();
  }

  Status Sync() override {
    MutexLock lock(owner_.mutex_);
    PGK_TRY(inner().Sync());
    owner_.Record({.kind = Kind::kSyncFile, .node = node_, .text = "sync " + name_});
    return Ok();
  }

 private:
  RecordingFileSystem& owner_;
  const NodeId node_;
  const std::string name_;
  uint64_t position_;
};

RecordingFileSystem::RecordingFileSystem(FileSystem& inner, std::string root)
    : ForwardingFileSystem(inner), root_(WithoutSlash(std::move(root))) {
  MutexLock lock(mutex_);
  RecordTree(root_);
  log_.baseline = log_.operations.size();
}

FileLog RecordingFileSystem::log() const {
  MutexLock lock(mutex_);
  return log_;
}

size_t RecordingFileSystem::position() const {
  MutexLock lock(mutex_);
  return log_.operations.size();
}

bool RecordingFileSystem::IsBelowRoot(std::string_view path) const {
  if (!path.starts_with(root_)) return false;
  return path.size() == root_.size() || path[root_.size()] == '/';
}

RecordingFileSystem::Place RecordingFileSystem::Find(const std::string& path) const {
  PGK_CHECK(IsBelowRoot(path), "a change outside the recorded directory");
  std::string_view rest = std::string_view(path).substr(root_.size());
  Place place;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string part(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    PGK_CHECK(part != "..", "a path with .. in a recording");
    if (!place.name.empty()) {
      place.directory = NodeAt(place);
      place.relative += '/';
    }
    place.name = part;
    place.relative += part;
  }
  return place;
}

NodeId RecordingFileSystem::NodeAt(const Place& place) const {
  if (place.name.empty()) return kRootNode;
  PGK_CHECK(Exists(place), "the recording knows this name");
  return names_.at(place.directory).at(place.name);
}

bool RecordingFileSystem::Exists(const Place& place) const {
  const auto directory = names_.find(place.directory);
  return directory != names_.end() && directory->second.contains(place.name);
}

NodeId RecordingFileSystem::AddNode(const Place& place) {
  const NodeId node = next_node_++;
  names_[place.directory][place.name] = node;
  return node;
}

void RecordingFileSystem::Record(FileOperation operation) {
  log_.operations.push_back(std::move(operation));
}

void RecordingFileSystem::RecordCreate(const Place& place, uint32_t mode) {
  Record({.kind = Kind::kCreate,
          .node = AddNode(place),
          .directory = place.directory,
          .name = place.name,
          .mode = mode,
          .text = "create " + place.relative});
}

void RecordingFileSystem::RecordExistingFile(const std::string& path, const Place& place) {
  const Result<FileInfo> info = inner().Stat(path);
  Result<Bytes> content = ReadWholeFile(inner(), path, kExistingFileMax);
  PGK_CHECK(info.ok() && content.ok(), "an existing file can be read");
  RecordCreate(place, info->mode);
  const NodeId node = NodeAt(place);
  Record({.kind = Kind::kWrite, .node = node, .data = std::move(content).value()});
  Record({.kind = Kind::kSyncFile, .node = node});
}

void RecordingFileSystem::RecordTree(const std::string& path) {
  Result<std::vector<DirectoryEntry>> entries = inner().ReadDirectory(path);
  PGK_CHECK(entries.ok(), "an existing directory can be read");
  std::ranges::sort(*entries, {}, &DirectoryEntry::name);
  for (const DirectoryEntry& entry : *entries) {
    const std::string child = JoinPath(path, entry.name);
    const Place place = Find(child);
    if (entry.type == FileInfo::Type::kFile) {
      RecordExistingFile(child, place);
      continue;
    }
    PGK_CHECK(entry.type == FileInfo::Type::kDirectory, "files and directories only");
    const Result<FileInfo> info = inner().Stat(child);
    PGK_CHECK(info.ok(), "an existing directory can be read");
    Record({.kind = Kind::kMakeDirectory,
            .node = AddNode(place),
            .directory = place.directory,
            .name = place.name,
            .mode = info->mode});
    RecordTree(child);
  }
  Record({.kind = Kind::kSyncDirectory, .node = NodeAt(Find(path))});
}

Result<std::unique_ptr<File>> RecordingFileSystem::CreateNew(const std::string& path,
                                                             uint32_t mode) {
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<File> file, inner().CreateNew(path, mode));
  const Place place = Find(path);
  RecordCreate(place, mode);
  return std::make_unique<RecordingFile>(*this, std::move(file), NodeAt(place), place.relative, 0);
}

Result<std::unique_ptr<File>> RecordingFileSystem::OpenWrite(const std::string& path,
                                                             uint32_t mode) {
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<File> file, inner().OpenWrite(path, mode));
  PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  const Place place = Find(path);
  if (!Exists(place)) RecordCreate(place, mode);
  return std::make_unique<RecordingFile>(*this, std::move(file), NodeAt(place), place.relative,
                                         info.size);
}

Status RecordingFileSystem::Link(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().Link(from, to));
  const Place source = Find(from);
  const Place target = Find(to);
  const NodeId node = NodeAt(source);
  names_[target.directory][target.name] = node;
  Record({.kind = Kind::kLink,
          .node = node,
          .directory = target.directory,
          .name = target.name,
          .text = fmt::format("link {} to {}", source.relative, target.relative)});
  return Ok();
}

void RecordingFileSystem::RecordRename(const std::string& from, const std::string& to) {
  const Place source = Find(from);
  const Place target = Find(to);
  const NodeId node = NodeAt(source);
  // Two names of one file: rename(2) does nothing and succeeds.
  if (Exists(target) && NodeAt(target) == node) return;
  names_[source.directory].erase(source.name);
  names_[target.directory][target.name] = node;
  Record({.kind = Kind::kRename,
          .node = node,
          .directory = target.directory,
          .name = target.name,
          .from_directory = source.directory,
          .from_name = source.name,
          .text = fmt::format("rename {} to {}", source.relative, target.relative)});
}

Status RecordingFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().Rename(from, to));
  RecordRename(from, to);
  return Ok();
}

Status RecordingFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().RenameNoReplace(from, to));
  RecordRename(from, to);
  return Ok();
}

Status RecordingFileSystem::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().Remove(path));
  const Place place = Find(path);
  names_[place.directory].erase(place.name);
  Record({.kind = Kind::kUnlink,
          .directory = place.directory,
          .name = place.name,
          .text = "remove " + place.relative});
  return Ok();
}

Status RecordingFileSystem::RemoveDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().RemoveDirectory(path));
  const Place place = Find(path);
  names_[place.directory].erase(place.name);
  Record({.kind = Kind::kRemoveDirectory,
          .directory = place.directory,
          .name = place.name,
          .text = "remove directory " + place.relative});
  return Ok();
}

Status RecordingFileSystem::CreateDirectory(const std::string& path, uint32_t mode) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().CreateDirectory(path, mode));
  const Place place = Find(path);
  Record({.kind = Kind::kMakeDirectory,
          .node = AddNode(place),
          .directory = place.directory,
          .name = place.name,
          .mode = mode,
          .text = "make directory " + place.relative});
  return Ok();
}

Status RecordingFileSystem::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  PGK_TRY(inner().SyncDirectory(path));
  if (!IsBelowRoot(path)) return Ok();  // nothing that is recorded changes
  const Place place = Find(path);
  Record({.kind = Kind::kSyncDirectory,
          .node = NodeAt(place),
          .text = fmt::format("sync directory {}", place.relative.empty() ? "." : place.relative)});
  return Ok();
}

Result<std::unique_ptr<FileLock>> RecordingFileSystem::TryLock(const std::string& path) {
  constexpr uint32_t kLockFileMode = 0600;
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> taken, inner().TryLock(path));
  const Place place = Find(path);
  if (!Exists(place)) RecordCreate(place, kLockFileMode);
  return taken;
}

}  // namespace pgkeep::testing
