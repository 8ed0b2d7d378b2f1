// Listings of very large directories: memory, cost, and agreement with sorting.
#include "storage/directory_listing.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <filesystem>
#include <random>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/file_util.h"
#include "testing/forwarding_file_system.h"
#include "testing/store_conformance_cases.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

using testing::ForwardingFileSystem;

// A root whose directory "p" has any number of files that exist only in its listing, in an order
// that is neither ascending nor descending.
class HugeDirectory : public ForwardingFileSystem {
 public:
  explicit HugeDirectory(size_t files) : ForwardingFileSystem(PosixFileSystem()), files_(files) {}

  Result<FileInfo> StatNoFollow(const std::string& path) override {
    FileInfo info;
    info.type = path.ends_with("/p") ? FileInfo::Type::kDirectory : FileInfo::Type::kFile;
    ++stats_;
    return info;
  }

  Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) override {
    return Err(ErrorCode::kInternal, "all names of {} at once", path);
  }

  Status VisitDirectory(const std::string& path,
                        const std::function<Status(const DirectoryEntry&)>& visit) override {
    if (!path.ends_with("/p")) {
      return visit({.name = "p", .type = FileInfo::Type::kDirectory});
    }
    ++visits_;
    DirectoryEntry entry{.name = "", .type = FileInfo::Type::kFile};
    for (size_t i = 0; i < files_; ++i) {
      entry.name = NameOf(i * kStride % files_);
      PGK_TRY(visit(entry));
      if (i % 1000 == 0) heap_peak_ = std::max(heap_peak_, HeapInUse());
    }
    return Ok();
  }

  // The number with leading zeros; written by hand because it is called a million times.
  static std::string NameOf(size_t i) {
    std::string name(8, '0');
    for (size_t at = name.size(); i > 0; i /= 10) name[--at] = static_cast<char>('0' + i % 10);
    return name;
  }

  size_t visits() const { return visits_; }
  size_t stats() const { return stats_; }
  // Most bytes in use on the heap while names were delivered.
  size_t heap_peak() const { return heap_peak_; }

  static size_t HeapInUse() { return ::mallinfo2().uordblks; }

 private:
  // A prime, so that every number below any smaller count comes once.
  static constexpr size_t kStride = 1'000'003;

  const size_t files_;
  size_t visits_ = 0;
  size_t stats_ = 0;
  size_t heap_peak_ = 0;
};

TEST(DirectoryListing, PagesOfAHugeDirectoryAreCompleteAndCheap) {
  constexpr size_t kFiles = 100'000;
  HugeDirectory files(kFiles);
  size_t next = 0;
  std::string start_after;
  do {
    const auto page = ListDirectoryTree(files, "/root", "p/", start_after, kMaxListKeys);
    ASSERT_TRUE(page.ok()) << page.error().Describe();
    for (const ObjectInfo& object : page->objects) {
      ASSERT_EQ(object.key, "p/" + HugeDirectory::NameOf(next++));
    }
    start_after = page->next;
  } while (!start_after.empty());
  EXPECT_EQ(next, kFiles);
  // One reading of the names for each page, and one look at each file and at each page's directory.
  EXPECT_EQ(files.visits(), kFiles / kMaxListKeys);
  EXPECT_LE(files.stats(), kFiles + 3 * kFiles / kMaxListKeys);
}

TEST(DirectoryListing, HoldsNoMoreThanItsPageInMemory) {
  constexpr size_t kPage = 1000;
  HugeDirectory files(100'000);
  const size_t before = HugeDirectory::HeapInUse();
  const auto page = ListDirectoryTree(files, "/root", "", "p/00050000", kPage);
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  ASSERT_EQ(page->objects.size(), kPage);
  EXPECT_EQ(page->objects[0].key, "p/00050001");
  EXPECT_EQ(page->next, "p/00051000");
  EXPECT_LE(files.stats(), kPage + 3);
  // All names would take 3.2 MB. Sanitizers report no heap at all and so prove nothing here.
  EXPECT_LT(files.heap_peak(), before + 200 * kPage);
}

// Random trees against the obvious: sort all keys, filter, cut.
TEST(DirectoryListing, EqualsSortingOnRandomTrees) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr std::string_view kAlphabet = "-.0/az/_";
  for (int tree = 0; tree < 12; ++tree) {
    const testing::TemporaryDirectory directory;
    std::set<std::string> keys;
    while (keys.size() < 60) {
      std::string key;
      for (size_t size = 1 + random() % 9; key.size() < size;) {
        key += kAlphabet[random() % kAlphabet.size()];
      }
      if (!ValidateKey(key).ok()) continue;
      const std::string path = directory.Join(key);
      std::error_code taken;
      std::filesystem::create_directories(ParentDirectory(path), taken);
      if (!taken && PosixFileSystem().CreateNew(path, 0600).ok()) keys.insert(key);
    }
    const std::vector<std::string> sorted(keys.begin(), keys.end());
    for (int query = 0; query < 200; ++query) {
      const std::string& one = sorted[random() % sorted.size()];
      const std::string& other = sorted[random() % sorted.size()];
      const std::string prefix =
          random() % 2 == 0 ? "" : one.substr(0, random() % (one.size() + 1));
      const std::string start =
          random() % 3 == 0 ? "" : other.substr(0, random() % (other.size() + 2));
      const size_t max_keys = 1 + random() % 20;
      std::vector<std::string> expected;
      for (const std::string& key : sorted) {
        if (key.starts_with(prefix) && key > start) expected.push_back(key);
      }
      const bool more = expected.size() > max_keys;
      if (more) expected.resize(max_keys);
      const auto page =
          ListDirectoryTree(PosixFileSystem(), directory.path(), prefix, start, max_keys);
      ASSERT_TRUE(page.ok()) << page.error().Describe();
      std::vector<std::string> listed;
      for (const ObjectInfo& object : page->objects) listed.push_back(object.key);
      ASSERT_EQ(listed, expected) << "prefix '" << prefix << "' behind '" << start << "'";
      ASSERT_EQ(page->next, more ? expected.back() : "");
    }
  }
}

}  // namespace
}  // namespace pgkeep::storage
