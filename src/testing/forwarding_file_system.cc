#include "testing/forwarding_file_system.h"

namespace pgkeep::testing {

Result<std::unique_ptr<File>> ForwardingFileSystem::OpenRead(const std::string& path) {
  return inner_.OpenRead(path);
}

Result<std::unique_ptr<File>> ForwardingFileSystem::CreateNew(const std::string& path,
                                                              uint32_t mode) {
  return inner_.CreateNew(path, mode);
}

Result<std::unique_ptr<File>> ForwardingFileSystem::OpenWrite(const std::string& path,
                                                              uint32_t mode) {
  return inner_.OpenWrite(path, mode);
}

Result<FileInfo> ForwardingFileSystem::Stat(const std::string& path) { return inner_.Stat(path); }

Result<std::string> ForwardingFileSystem::Resolve(const std::string& path) {
  return inner_.Resolve(path);
}

Result<FileInfo> ForwardingFileSystem::StatNoFollow(const std::string& path) {
  return inner_.StatNoFollow(path);
}

Status ForwardingFileSystem::Link(const std::string& from, const std::string& to) {
  return inner_.Link(from, to);
}

Status ForwardingFileSystem::Rename(const std::string& from, const std::string& to) {
  return inner_.Rename(from, to);
}

Status ForwardingFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  return inner_.RenameNoReplace(from, to);
}

Status ForwardingFileSystem::Remove(const std::string& path) { return inner_.Remove(path); }

Status ForwardingFileSystem::RemoveDirectory(const std::string& path) {
  return inner_.RemoveDirectory(path);
}

Status ForwardingFileSystem::CreateDirectory(const std::string& path, uint32_t mode) {
  return inner_.CreateDirectory(path, mode);
}

Status ForwardingFileSystem::SyncDirectory(const std::string& path) {
  return inner_.SyncDirectory(path);
}

Result<std::vector<DirectoryEntry>> ForwardingFileSystem::ReadDirectory(const std::string& path) {
  return inner_.ReadDirectory(path);
}

Status ForwardingFileSystem::VisitDirectory(
    const std::string& path, const std::function<Status(const DirectoryEntry&)>& visit) {
  return inner_.VisitDirectory(path, visit);
}

Result<SpaceInfo> ForwardingFileSystem::Space(const std::string& path) {
  return inner_.Space(path);
}

Result<std::unique_ptr<FileLock>> ForwardingFileSystem::TryLock(const std::string& path) {
  return inner_.TryLock(path);
}

Result<size_t> ForwardingFile::ReadAt(uint64_t offset, MutableByteSpan out) {
  return inner_->ReadAt(offset, out);
}

Status ForwardingFile::WriteAll(ByteSpan data) { return inner_->WriteAll(data); }

Status ForwardingFile::WriteAt(uint64_t offset, ByteSpan data) {
  return inner_->WriteAt(offset, data);
}

Status ForwardingFile::Truncate(uint64_t size) { return inner_->Truncate(size); }

Status ForwardingFile::Sync() { return inner_->Sync(); }

Status ForwardingFile::Close() { return inner_->Close(); }

Result<FileInfo> ForwardingFile::Info() { return inner_->Info(); }

Status ForwardingFile::SetAccess(uint32_t owner, uint32_t group, uint32_t mode) {
  return inner_->SetAccess(owner, group, mode);
}

}  // namespace pgkeep::testing
