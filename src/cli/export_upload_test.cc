#include "cli/export_upload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_util.h"
#include "testing/faulty_store.h"
#include "testing/forwarding_file_system.h"
#include "testing/memory_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::cli {
namespace {

// A file system that lists toc.dat first: the order of a directory is nobody's promise.
class ContentsFirst final : public testing::ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) override {
    PGK_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> entries, inner().ReadDirectory(path));
    std::ranges::partition(entries,
                           [](const DirectoryEntry& entry) { return entry.name == "toc.dat"; });
    return entries;
  }
};

// An upload that is cut off anywhere leaves no table of contents, and so nothing that pg_restore
// would take for an archive.
TEST(ExportUpload, StoresTheContentsLast) {
  const testing::TemporaryDirectory directory;
  ContentsFirst files(PosixFileSystem());
  Environment environment;
  environment.files = &files;
  environment.variable = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "PGKEEP_STATE_DIR") return directory.path();
    return std::nullopt;
  };
  const std::vector<std::string> names = {"1.dat.gz", "2.dat.gz", "toc.dat", "zeta.dat"};
  for (size_t stored = 0; stored <= names.size(); ++stored) {
    auto upload = ExportUpload::Begin(environment);
    ASSERT_TRUE(upload.ok()) << upload.error().Describe();
    ASSERT_TRUE(CreateDirectories(files, upload->output(), 0700).ok());
    for (const std::string& name : names) {
      ASSERT_TRUE(
          WriteFileDurably(files, JoinPath(upload->output(), name), AsBytes(name), 0600, false)
              .ok());
    }
    testing::MemoryStore memory;
    testing::FaultyStore store(memory);
    store.AddRule({.operation = storage::StoreOperation::kCreateIfAbsent,
                   .nth = stored + 1,
                   .times = names.size()});
    EXPECT_EQ(upload->Store(store).ok(), stored == names.size());
    EXPECT_EQ(memory.List("", "", 100)->objects.size(), stored);
    EXPECT_EQ(memory.Head(upload->key() + "/toc.dat").ok(), stored == names.size()) << stored;
  }
}

// As it is in plain text.
TEST(ExportUpload, RemovesWhatKilledExportsHaveLeft) {
  const testing::TemporaryDirectory directory;
  Environment environment;
  environment.variable = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "PGKEEP_STATE_DIR") return directory.path();
    return std::nullopt;
  };
  const std::string left = directory.Join("exports/export-" + std::string(32, 'd'));
  FileSystem& files = PosixFileSystem();
  ASSERT_TRUE(CreateDirectories(files, left + "/archive", 0700).ok());
  ASSERT_TRUE(WriteFileDurably(files, left + "/archive/1.dat", AsBytes("x"), 0600, false).ok());
  const auto upload = ExportUpload::Begin(environment);
  ASSERT_TRUE(upload.ok()) << upload.error().Describe();
  EXPECT_FALSE(files.Stat(left).ok());
  EXPECT_TRUE(files.Stat(ParentDirectory(upload->output())).ok());
}

}  // namespace
}  // namespace pgkeep::cli
