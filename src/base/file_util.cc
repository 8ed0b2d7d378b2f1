#include "base/file_util.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace pgkeep {

namespace {

constexpr uint64_t kReadStep = uint64_t{64} << 10;
constexpr size_t kNameInTemporaryMax = 200;  // of the 255 bytes that a name may have
constexpr int kTemporaryTries = 1000;
constexpr uint32_t kPrivateMode = 0600;  // until a replaced file's own is set

// A name that this process has not used yet. Another process, or an earlier one with the same
// number, may have: CreateNew() tells.
std::string NewTemporaryName(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  const std::string name = FileName(path).substr(0, kNameInTemporaryMax);
  return JoinPath(ParentDirectory(path),
                  fmt::format(".{}.{}-{}.tmp", name, ::getpid(), counter.fetch_add(1)));
}

struct TemporaryFile {
  std::string path;
  std::unique_ptr<File> file;
};

Result<TemporaryFile> CreateTemporary(FileSystem& files, const std::string& path, uint32_t mode) {
  for (int tries = 1;; ++tries) {
    std::string temporary = NewTemporaryName(path);
    Result<std::unique_ptr<File>> file = files.CreateNew(temporary, mode);
    if (file.ok()) return TemporaryFile{std::move(temporary), std::move(file).value()};
    if (file.error().code() != ErrorCode::kAlreadyExists || tries == kTemporaryTries) {
      return std::move(file).error();
    }
  }
}

// Writes the content and makes it durable, before anything gives it its name. With `like`, owner,
// group and mode become those of that file.
Status FillDurably(File& file, ByteSpan data, const FileInfo* like) {
  PGK_TRY(file.WriteAll(data));
  if (like != nullptr) PGK_TRY(file.SetAccess(like->owner, like->group, like->mode));
  PGK_TRY(file.Sync());
  return file.Close();
}

// Gives the temporary file its name. `moved` tells whether it has lost the old one.
Status Publish(FileSystem& files, const std::string& temporary, const std::string& path,
               bool replace, bool& moved) {
  moved = true;
  if (replace) {
    PGK_TRY(files.Rename(temporary, path));
    return Ok();
  }
  Status linked = files.Link(temporary, path);
  if (!linked.ok() && linked.error().code() == ErrorCode::kUnsupported) {
    return files.RenameNoReplace(temporary, path);
  }
  moved = false;
  return linked;
}

// Removes the temporary file after a failure; what goes wrong with that is kept with the failure.
Error CleanUp(FileSystem& files, const std::string& temporary, Error failure) {
  Status removed = files.Remove(temporary);
  if (removed.ok() || removed.error().code() == ErrorCode::kNotFound) return failure;
  return std::move(failure).Attach(std::move(removed).error());
}

// How a file is written.
struct Publication {
  uint32_t mode;         // of the temporary file
  bool replace;          // what is there
  const FileInfo* like;  // whose owner, group and mode the file gets; null: nobody's
};

Status WriteAndPublish(FileSystem& files, const std::string& path, ByteSpan data,
                       const Publication& how) {
  PGK_ASSIGN_OR_RETURN(TemporaryFile temporary, CreateTemporary(files, path, how.mode));
  bool moved = false;
  Status written = FillDurably(*temporary.file, data, how.like);
  if (written.ok()) written = Publish(files, temporary.path, path, how.replace, moved);
  temporary.file.reset();
  if (!written.ok()) return CleanUp(files, temporary.path, std::move(written).error());
  if (!moved) PGK_TRY(files.Remove(temporary.path));
  return files.SyncDirectory(ParentDirectory(path));
}

}  // namespace

Result<Bytes> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t max_bytes) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.OpenRead(path));
  PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  Bytes content;
  // The size that the file claims is a hint only: it may grow, and some special files claim zero.
  // One byte more is asked for, to see the end.
  uint64_t step = std::max(info.size + 1, kReadStep);
  while (true) {
    const size_t before = content.size();
    const uint64_t room = max_bytes - before;
    if (step > room) step = room + 1;
    content.resize(before + static_cast<size_t>(step));
    PGK_ASSIGN_OR_RETURN(const size_t count,
                         file->ReadAt(before, MutableByteSpan(content).subspan(before)));
    content.resize(before + count);
    if (content.size() > max_bytes) {
      return Err(ErrorCode::kLimitExceeded, "reading {}: longer than {} bytes", path, max_bytes);
    }
    if (count < step) return content;
    step = kReadStep;
  }
}

Status WriteFileDurably(FileSystem& files, const std::string& path, ByteSpan data, uint32_t mode,
                        bool replace) {
  return WriteAndPublish(files, path, data, {.mode = mode, .replace = replace, .like = nullptr});
}

Status ReplaceFileDurably(FileSystem& files, const std::string& path, ByteSpan data) {
  PGK_ASSIGN_OR_RETURN(const std::string target, files.Resolve(path));
  PGK_ASSIGN_OR_RETURN(const FileInfo like, files.Stat(target));
  return WriteAndPublish(files, target, data,
                         {.mode = kPrivateMode, .replace = true, .like = &like});
}

bool IsTemporaryName(std::string_view name) {
  // ".<name>.<process>-<counter>.tmp"
  constexpr std::string_view kSuffix = ".tmp";
  if (name.size() <= kSuffix.size() || !name.starts_with('.') || !name.ends_with(kSuffix)) {
    return false;
  }
  name.remove_prefix(1);
  name.remove_suffix(kSuffix.size());
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  name.remove_prefix(dot + 1);
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos) return false;
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return is_number(name.substr(0, dash)) && is_number(name.substr(dash + 1));
}

Status CreateDirectories(FileSystem& files, const std::string& path, uint32_t mode) {
  // Upwards to the deepest directory that is there, then down again.
  std::vector<std::string> missing;
  std::string existing = path;
  while (true) {
    Result<FileInfo> info = files.Stat(existing);
    if (info.ok()) {
      if (info->type == FileInfo::Type::kDirectory) break;
      return Err(ErrorCode::kAlreadyExists, "creating directory {}: {} is not a directory", path,
                 existing);
    }
    if (info.error().code() != ErrorCode::kNotFound) return std::move(info).error();
    missing.push_back(existing);
    std::string parent = ParentDirectory(existing);
    if (parent == existing) return std::move(info).error();
    existing = std::move(parent);
  }
  Status synced = files.SyncDirectory(ParentDirectory(existing));
  const bool impossible = !synced.ok() && (synced.error().code() == ErrorCode::kPermission ||
                                           synced.error().code() == ErrorCode::kUnsupported);
  if (!synced.ok() && !impossible) return synced;
  for (; !missing.empty(); missing.pop_back()) {
    Status created = files.CreateDirectory(missing.back(), mode);
    // Another process was faster, and may not have come to its sync yet.
    const bool raced = !created.ok() && created.error().code() == ErrorCode::kAlreadyExists;
    if (!created.ok() && !raced) return created;
    PGK_TRY(files.SyncDirectory(ParentDirectory(missing.back())));
  }
  return Ok();
}

Result<std::string> CanonicalPath(FileSystem& files, const std::string& path) {
  // Upwards to what is there, then down again by name alone.
  std::vector<std::string> missing;
  std::string existing = path;
  Result<std::string> resolved = files.Resolve(existing);
  while (!resolved.ok() && resolved.error().code() == ErrorCode::kNotFound) {
    std::string parent = ParentDirectory(existing);
    if (parent == existing) return resolved;
    missing.push_back(FileName(existing));
    existing = std::move(parent);
    resolved = files.Resolve(existing);
  }
  PGK_TRY(resolved);
  std::string canonical = *std::move(resolved);
  for (; !missing.empty(); missing.pop_back()) {
    const std::string& name = missing.back();
    if (name == "..") {
      canonical = ParentDirectory(canonical);
    } else if (name != ".") {
      canonical = JoinPath(canonical, name);
    }
  }
  return canonical;
}

std::string ParentDirectory(std::string_view path) {
  const size_t name_end = path.find_last_not_of('/');
  if (name_end == std::string_view::npos) return path.empty() ? "." : "/";
  const size_t slash = path.find_last_of('/', name_end);
  if (slash == std::string_view::npos) return ".";
  const size_t parent_end = path.find_last_not_of('/', slash);
  if (parent_end == std::string_view::npos) return "/";
  return std::string(path.substr(0, parent_end + 1));
}

std::string FileName(std::string_view path) {
  const size_t name_end = path.find_last_not_of('/');
  if (name_end == std::string_view::npos) return "";
  const size_t slash = path.find_last_of('/', name_end);
  const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  return std::string(path.substr(begin, name_end + 1 - begin));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string joined(directory);
  if (!joined.ends_with('/')) joined += '/';
  joined += name;
  return joined;
}

}  // namespace pgkeep
