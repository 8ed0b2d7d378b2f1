#include "tests/simulator/memory_files.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace pgkeep::simulator {

namespace {

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct MemoryFiles::Node {
  FileInfo info;
  Bytes content;
};

class MemoryFiles::OpenFile final : public File {
 public:
  OpenFile(Clock& clock, NodePointer node)
      : clock_(clock), node_(std::move(node)), position_(node_->content.size()) {}

  Result<size_t> ReadAt(uint64_t offset, MutableByteSpan out) override {
    const Bytes& content = node_->content;
    if (offset >= content.size()) return 0;
    const size_t size = std::min<size_t>(out.size(), content.size() - offset);
    std::copy_n(content.begin() + static_cast<ptrdiff_t>(offset), size, out.begin());
    return size;
  }

  Status WriteAll(ByteSpan data) override {
    PGK_TRY(WriteAt(position_, data));
    position_ += data.size();
    return Ok();
  }

  Status WriteAt(uint64_t offset, ByteSpan data) override {
    Bytes& content = node_->content;
    content.resize(std::max<size_t>(content.size(), offset + data.size()));
    std::ranges::copy(data, content.begin() + static_cast<ptrdiff_t>(offset));
    node_->info.modified = clock_.Now();
    return Ok();
  }

  Status Truncate(uint64_t size) override {
    node_->content.resize(size);
    position_ = std::min(position_, size);
    node_->info.modified = clock_.Now();
    return Ok();
  }

  Status Sync() override { return Ok(); }
  Status Close() override { return Ok(); }

  Result<FileInfo> Info() override {
    FileInfo info = node_->info;
    info.size = node_->content.size();
    return info;
  }

 private:
  Clock& clock_;
  const NodePointer node_;
  uint64_t position_;
};

class MemoryFiles::HeldLock final : public FileLock {
 public:
  HeldLock(MemoryFiles& files, NodePointer node) : files_(files), node_(std::move(node)) {}
  ~HeldLock() override {
    const MutexLock lock(files_.mutex_);
    files_.locked_.erase(node_.get());
  }

 private:
  MemoryFiles& files_;
  const NodePointer node_;
};

MemoryFiles::MemoryFiles(Clock& clock) : clock_(clock) {
  const MutexLock lock(mutex_);
  Make("/", FileInfo::Type::kDirectory, 0755);
}

Result<MemoryFiles::NodePointer> MemoryFiles::Find(const std::string& path) {
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return ErrnoError(ENOENT, path);
  return found->second;
}

Status MemoryFiles::CheckFree(const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const NodePointer parent, Find(ParentOf(path)));
  if (parent->info.type != FileInfo::Type::kDirectory) return ErrnoError(ENOTDIR, path);
  return nodes_.contains(path) ? Status(ErrnoError(EEXIST, path)) : Ok();
}

MemoryFiles::NodePointer MemoryFiles::Make(const std::string& path, FileInfo::Type type,
                                           uint32_t mode) {
  auto node = std::make_shared<Node>();
  node->info.type = type;
  node->info.mode = mode;
  node->info.modified = clock_.Now();
  node->info.inode = next_inode_++;
  nodes_[path] = node;
  return node;
}

std::unique_ptr<File> MemoryFiles::Handle(NodePointer node) {
  return std::make_unique<OpenFile>(clock_, std::move(node));
}

Result<std::unique_ptr<File>> MemoryFiles::OpenRead(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(NodePointer node, Find(path));
  if (node->info.type == FileInfo::Type::kDirectory) return ErrnoError(EISDIR, path);
  return Handle(std::move(node));
}

Result<std::unique_ptr<File>> MemoryFiles::CreateNew(const std::string& path, uint32_t mode) {
  const MutexLock lock(mutex_);
  PGK_TRY(CheckFree(path));
  return Handle(Make(path, FileInfo::Type::kFile, mode));
}

Result<std::unique_ptr<File>> MemoryFiles::OpenWrite(const std::string& path, uint32_t mode) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(path);
  if (found != nodes_.end()) return Handle(found->second);
  PGK_TRY(CheckFree(path));
  return Handle(Make(path, FileInfo::Type::kFile, mode));
}

Result<FileInfo> MemoryFiles::Stat(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const NodePointer node, Find(path));
  FileInfo info = node->info;
  info.size = node->content.size();
  return info;
}

Status MemoryFiles::Link(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const NodePointer node, Find(from));
  PGK_TRY(CheckFree(to));
  nodes_[to] = node;
  return Ok();
}

// Files only: nobody renames a directory here.
Status MemoryFiles::Move(const std::string& from, const std::string& to) {
  PGK_ASSIGN_OR_RETURN(const NodePointer node, Find(from));
  if (node->info.type == FileInfo::Type::kDirectory) return ErrnoError(EISDIR, from);
  nodes_.erase(from);
  nodes_[to] = node;
  return Ok();
}

Status MemoryFiles::Rename(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  PGK_TRY(Find(ParentOf(to)));
  return Move(from, to);
}

Status MemoryFiles::RenameNoReplace(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  PGK_TRY(CheckFree(to));
  return Move(from, to);
}

Status MemoryFiles::Remove(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const NodePointer node, Find(path));
  if (node->info.type == FileInfo::Type::kDirectory) return ErrnoError(EISDIR, path);
  nodes_.erase(path);
  return Ok();
}

Status MemoryFiles::RemoveDirectory(const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, ReadDirectory(path));
  if (!entries.empty()) return ErrnoError(ENOTEMPTY, path);
  const MutexLock lock(mutex_);
  nodes_.erase(path);
  return Ok();
}

Status MemoryFiles::CreateDirectory(const std::string& path, uint32_t mode) {
  const MutexLock lock(mutex_);
  PGK_TRY(CheckFree(path));
  Make(path, FileInfo::Type::kDirectory, mode);
  return Ok();
}

Status MemoryFiles::SyncDirectory(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_TRY(Find(path));
  return Ok();
}

Result<std::vector<DirectoryEntry>> MemoryFiles::ReadDirectory(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const NodePointer node, Find(path));
  if (node->info.type != FileInfo::Type::kDirectory) return ErrnoError(ENOTDIR, path);
  const std::string prefix = path == "/" ? path : path + "/";
  std::vector<DirectoryEntry> entries;
  for (auto it = nodes_.upper_bound(prefix); it != nodes_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    const std::string name = it->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) entries.push_back({name, it->second->info.type});
  }
  return entries;
}

Status MemoryFiles::VisitDirectory(const std::string& path,
                                   const std::function<Status(const DirectoryEntry&)>& visit) {
  PGK_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, ReadDirectory(path));
  for (const DirectoryEntry& entry : entries) PGK_TRY(visit(entry));
  return Ok();
}

Result<SpaceInfo> MemoryFiles::Space(const std::string& path) {
  const MutexLock lock(mutex_);
  PGK_TRY(Find(path));
  constexpr uint64_t kPlenty = uint64_t{1} << 40;
  return SpaceInfo{kPlenty, kPlenty};
}

Result<std::unique_ptr<FileLock>> MemoryFiles::TryLock(const std::string& path) {
  const MutexLock lock(mutex_);
  NodePointer node;
  if (const auto found = nodes_.find(path); found != nodes_.end()) {
    node = found->second;
  } else {
    PGK_TRY(CheckFree(path));
    node = Make(path, FileInfo::Type::kFile, 0600);
  }
  if (!locked_.insert(node.get()).second) {
    return Err(ErrorCode::kBusy, "{} is locked by somebody else", path);
  }
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(*this, std::move(node)));
}

}  // namespace pgkeep::simulator
