#include "repository/local_pack_cache.h"

#include <memory>
#include <utility>
#include <vector>

#include "base/file_util.h"
#include "base/log.h"
#include "base/result.h"

namespace pgkeep::repository {

namespace {

constexpr uint32_t kDirectoryMode = 0700;
constexpr uint32_t kFileMode = 0600;
constexpr char kTemporarySuffix[] = ".part";

// A failure costs speed only; it is worth a line for whoever looks for lost speed.
void Note(const char* doing, const Status& status) {
  if (!status.ok()) {
    Log(LogLevel::kDebug, "cache", "{}: {}", doing, status.error().ToString());
  }
}

// "m-<writer>-<seq8>": the key of a pack with its slashes replaced.
std::string FileNameOf(const PackName& pack) {
  std::string name = pack.Key();
  for (char& c : name) {
    if (c == '/') c = '-';
  }
  return name;
}

std::string KeyOf(std::string name) {
  for (char& c : name) {
    if (c == '-') c = '/';
  }
  return name;
}

Status WriteWhole(FileSystem& files, const std::string& path, ByteSpan bytes) {
  const std::string temporary = path + kTemporarySuffix;
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.OpenWrite(temporary, kFileMode));
  PGK_TRY(file->Truncate(0));
  PGK_TRY(file->WriteAt(0, bytes));
  PGK_TRY(file->Close());
  return files.Rename(temporary, path);
}

}  // namespace

LocalPackCache::LocalPackCache(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

std::string LocalPackCache::PathOf(const PackName& pack) const {
  return directory_ + "/" + FileNameOf(pack);
}

void LocalPackCache::Keep(const PackName& pack, ByteSpan bytes) {
  if (directory_.empty()) return;
  const Status made = CreateDirectories(files_, directory_, kDirectoryMode);
  Note("creating the directory", made);
  if (made.ok()) Note("keeping a pack", WriteWhole(files_, PathOf(pack), bytes));
}

bool LocalPackCache::Read(const PackName& pack, uint64_t offset, MutableByteSpan out) {
  if (directory_.empty()) return false;
  const auto file = files_.OpenRead(PathOf(pack));
  if (!file.ok()) return false;
  const auto read = (*file)->ReadAt(offset, out);
  return read.ok() && *read == out.size();
}

void LocalPackCache::Discard(const PackName& pack) {
  if (!directory_.empty()) Note("discarding a pack", files_.Remove(PathOf(pack)));
}

void LocalPackCache::Retain(const std::function<bool(const PackName&)>& wanted) {
  if (directory_.empty()) return;
  const auto entries = files_.ReadDirectory(directory_);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    const auto pack = PackName::Parse(KeyOf(entry.name));
    if (pack.ok() && wanted(*pack)) continue;
    Note("evicting a pack", files_.Remove(directory_ + "/" + entry.name));
  }
}

}  // namespace pgkeep::repository
