#include "file_tree.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/endian.h"
#include "base/file.h"
#include "base/file_util.h"
#include "base/task_group.h"
#include "tree_backup.h"

namespace pgkeep::tools {
namespace {

constexpr size_t kModeBytes = 4;

std::string ChildName(const std::string& parent, const std::string& name) {
  return parent == kRootName ? name : parent + "/" + name;
}

Status Walk(const std::string& path, const std::string& name, std::vector<TreeEntry>& entries) {
  FileSystem& files = PosixFileSystem();
  const Result<FileInfo> info = files.StatNoFollow(path);
  if (!info.ok()) return info.error().code() == ErrorCode::kNotFound ? Ok() : info.error();
  TreeEntry entry{name, path, 0, info->mode, ""};
  if (info->type == FileInfo::Type::kFile) {
    entry.kind = kFileStream;
  } else if (info->type == FileInfo::Type::kDirectory) {
    entry.kind = kDirectoryStream;
  } else {
    std::error_code error;
    entry.target = std::filesystem::read_symlink(path, error).string();
    if (error) return Ok();  // a socket, a pipe, a device
    entry.kind = kLinkStream;
  }
  entries.push_back(entry);
  if (entry.kind != kDirectoryStream) return Ok();
  PGK_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> children, files.ReadDirectory(path));
  for (const DirectoryEntry& child : children) {
    PGK_TRY(Walk(JoinPath(path, child.name), ChildName(name, child.name), entries));
  }
  return Ok();
}

}  // namespace

Result<std::vector<TreeEntry>> WalkTree(const std::vector<std::string>& paths) {
  std::vector<TreeEntry> entries;
  if (paths.size() == 1 && std::filesystem::is_directory(paths.front())) {
    PGK_TRY(Walk(paths.front(), std::string(kRootName), entries));
  } else {
    for (const std::string& path : paths) PGK_TRY(Walk(path, FileName(path), entries));
  }
  std::ranges::sort(entries, {}, &TreeEntry::name);
  return entries;
}

Status ForEachParallel(size_t count, unsigned threads,
                       const std::function<Status(size_t index)>& work) {
  std::atomic<size_t> next = 0;
  TaskGroup group;
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    group.Spawn("tree", [&](std::stop_token stop) -> Status {
      while (!stop.stop_requested()) {
        const size_t index = next++;
        if (index >= count) break;
        PGK_TRY(work(index));
      }
      return Ok();
    });
  }
  return group.Wait();
}

Bytes EncodeAttributes(uint32_t mode, const std::string& target) {
  Bytes attributes(kModeBytes);
  StoreLe32(attributes.data(), mode);
  Append(attributes, AsBytes(target));
  return attributes;
}

Result<TreeAttributes> DecodeAttributes(ByteSpan attributes) {
  if (attributes.size() < kModeBytes) {
    return Err(ErrorCode::kCorruption, "the attributes of a file are too short");
  }
  return TreeAttributes{LoadLe32(attributes.data()),
                        std::string(AsText(attributes.subspan(kModeBytes)))};
}

}  // namespace pgkeep::tools
