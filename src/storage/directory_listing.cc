#include "storage/directory_listing.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file_util.h"
#include "storage/directory_layout.h"

namespace pgkeep::storage {
namespace {

// Fewest names selected by one reading of a directory, so that small pages over many empty
// directories do not read the directory above once for each.
constexpr size_t kMinWindow = 256;

std::string_view WithoutLastSlash(std::string_view directory) {
  return directory.substr(0, directory.size() - 1);
}

// Collects one page by walking the tree in key order.
//
// Directories cannot be walked in the order of their names: '-' and '.' come before '/', so the
// keys "a-b" and "a.b" belong before "a/b", whose directory is called "a". Giving every directory
// its slash ("a/") makes the order of the entries that of the keys, because no entry's text begins
// with another directory's.
class PageCollector {
 public:
  PageCollector(FileSystem& files, const std::string& root, std::string_view prefix,
                std::string_view start_after, size_t max_keys)
      : files_(files),
        root_(root),
        prefix_(prefix),
        start_after_(start_after),
        wanted_(std::min(max_keys, kMaxListKeys) + 1) {}  // one more tells whether there is more

  // Collects what is below `directory`, a key prefix that is empty or ends with a slash.
  Status Walk(const std::string& directory);

  ListPage Finish() &&;

 private:
  bool full() const { return objects_.size() == wanted_; }
  bool IsCandidate(std::string_view text) const;
  Result<std::vector<std::string>> ReadWindow(const std::string& directory,
                                              const std::string& after, size_t limit) const;
  Status CheckStranger(const std::string& text) const;
  Status AddObject(const std::string& key);

  FileSystem& files_;
  const std::string& root_;
  const std::string_view prefix_;
  const std::string_view start_after_;
  const size_t wanted_;
  std::vector<ObjectInfo> objects_;
};

// Whether `text`, a key or a directory with its slash, is or may hold a key of this page.
bool PageCollector::IsCandidate(std::string_view text) const {
  if (text.size() > kMaxKeyBytes) return false;
  if (!text.ends_with('/')) return text > start_after_ && text.starts_with(prefix_);
  return (text > start_after_ || start_after_.starts_with(text)) &&
         (text.starts_with(prefix_) || prefix_.starts_with(text));
}

// The `limit` smallest candidates of a directory that are greater than `after`, ascending. A heap
// of at most that size keeps the smallest while the directory streams by.
Result<std::vector<std::string>> PageCollector::ReadWindow(const std::string& directory,
                                                           const std::string& after,
                                                           size_t limit) const {
  std::vector<std::string> window;
  std::string text;
  const std::string path = directory.empty() ? root_ : JoinPath(root_, WithoutLastSlash(directory));
  const Status read = files_.VisitDirectory(path, [&](const DirectoryEntry& entry) -> Status {
    if (!IsKeyComponent(entry.name)) return Ok();
    text = directory;
    text += entry.name;
    if (entry.type == FileInfo::Type::kOther) return CheckStranger(text);
    if (entry.type == FileInfo::Type::kDirectory) text += '/';
    if (text <= after || !IsCandidate(text)) return Ok();
    if (window.size() == limit) {
      if (text >= window.front()) return Ok();
      std::pop_heap(window.begin(), window.end());
      window.pop_back();
    }
    window.push_back(text);
    std::push_heap(window.begin(), window.end());
    return Ok();
  });
  if (!read.ok()) return read.error();
  std::sort_heap(window.begin(), window.end());
  return window;
}

// A link or special file under a name that a wanted object, or a directory of such, could have:
// without it the page would be short, and a page that is short looks like objects that are gone.
Status PageCollector::CheckStranger(const std::string& text) const {
  if (!IsCandidate(text) && !IsCandidate(text + '/')) return Ok();
  return NotOurs(JoinPath(root_, text));
}

Status PageCollector::AddObject(const std::string& key) {
  const Result<FileInfo> info = files_.StatNoFollow(JoinPath(root_, key));
  if (!info.ok()) {
    // Deleted since the directory was read.
    if (info.error().code() == ErrorCode::kNotFound) return Ok();
    return info.error();
  }
  if (info->type != FileInfo::Type::kFile) return Ok();
  objects_.push_back({.key = key, .size = info->size, .etag = "", .modified = info->modified});
  return Ok();
}

Status PageCollector::Walk(const std::string& directory) {
  std::string after;
  while (!full()) {
    const size_t limit = std::max(wanted_ - objects_.size(), kMinWindow);
    const Result<std::vector<std::string>> window = ReadWindow(directory, after, limit);
    if (!window.ok()) {
      // Removed by hand meanwhile, or never there: no keys.
      if (window.error().code() == ErrorCode::kNotFound) return Ok();
      return window.error();
    }
    for (const std::string& text : *window) {
      if (full()) return Ok();
      PGK_TRY(text.ends_with('/') ? Walk(text) : AddObject(text));
    }
    if (window->size() < limit) return Ok();
    after = window->back();
  }
  return Ok();
}

ListPage PageCollector::Finish() && {
  ListPage page;
  page.objects = std::move(objects_);
  if (page.objects.size() == wanted_) {
    page.objects.pop_back();
    page.next = page.objects.back().key;
  }
  return page;
}

// The directory that holds every key with this prefix, with its slash; nullopt when no key can have
// the prefix.
std::optional<std::string> DirectoryOf(std::string_view prefix) {
  const size_t slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return std::string();
  if (!ValidateKey(prefix.substr(0, slash)).ok()) return std::nullopt;
  return std::string(prefix.substr(0, slash + 1));
}

}  // namespace

Result<ListPage> ListDirectoryTree(FileSystem& files, const std::string& root,
                                   std::string_view prefix, std::string_view start_after,
                                   size_t max_keys) {
  const std::optional<std::string> top = DirectoryOf(prefix);
  if (!top) return ListPage{};
  const Status reachable =
      CheckDirectoryPath(files, root, top->empty() ? "" : WithoutLastSlash(*top));
  if (!reachable.ok()) {
    // A link may hide all that is wanted behind it, so nobody may take it for an empty directory.
    if (reachable.error().code() == ErrorCode::kNotFound) return ListPage{};
    return reachable.error();
  }
  PageCollector collector(files, root, prefix, start_after, max_keys);
  PGK_TRY(collector.Walk(*top));
  return std::move(collector).Finish();
}

}  // namespace pgkeep::storage
