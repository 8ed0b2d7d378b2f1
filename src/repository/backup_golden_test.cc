// A repository as an earlier pgkeep wrote it, kept in tests/golden: this pgkeep must read it,
// verify it, add to it and collect it. PGKEEP_WRITE_GOLDEN=DIRECTORY writes such a repository anew;
// until the first release that is allowed, with a line in the changelog.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file_util.h"
#include "repository/backup_list.h"
#include "repository/backup_tree_walker.h"
#include "repository/data_test_kit.h"
#include "repository/expiry.h"
#include "repository/garbage_collector.h"
#include "repository/key_file.h"
#include "repository/verify_data.h"
#include "repository/verify_structure.h"
#include "storage/directory_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

// What the first and the second backup hold.
TestTree GoldenTree(int backup) {
  TestTree tree;
  tree["appdb"]["pages"] = TestPages(1, 60, 512);
  tree["appdb"]["wide"].units = {TestUnit(2, 100), Bytes((1 << 20) + 5, 'w'), {}};
  for (int i = 0; i < 30; ++i) {
    tree["appdb"]["table " + std::to_string(i)] = TestPages(static_cast<uint64_t>(50 + i), 2, 64);
  }
  TestStream file = TestPages(3, 2, 4'096);
  file.units[0].assign(4'096, 0);
  file.units[1].resize(77);
  tree["globals"]["roles.sql"] = file;
  if (backup == 2) {
    tree["appdb"]["pages"].units[7][3] ^= 1;
    tree["appdb"]["table 30"] = TestPages(99, 5, 64);
    tree["appdb"].erase("table 4");
  }
  return tree;
}

std::unique_ptr<storage::ObjectStore> OpenStore(const std::string& path, bool create) {
  storage::DirectoryStoreOptions options;
  options.path = path;
  options.create = create;
  auto store = storage::OpenDirectoryStore(PosixFileSystem(), options);
  EXPECT_TRUE(store.ok()) << store.error().Describe();
  return *std::move(store);
}

void CopyTree(const std::string& from, const std::string& to) {
  FileSystem& files = PosixFileSystem();
  ASSERT_TRUE(CreateDirectories(files, to, 0700).ok());
  const auto entries = files.ReadDirectory(from);
  ASSERT_TRUE(entries.ok()) << entries.error().Describe();
  for (const DirectoryEntry& entry : *entries) {
    const std::string source = from + "/" + entry.name;
    const std::string target = to + "/" + entry.name;
    if (entry.type == FileInfo::Type::kDirectory) {
      CopyTree(source, target);
      continue;
    }
    const auto bytes = ReadWholeFile(files, source, 64 << 20);
    ASSERT_TRUE(bytes.ok());
    ASSERT_TRUE(WriteFileDurably(files, target, *bytes, 0600, false).ok());
  }
}

void WriteGolden(const std::string& directory) {
  const auto store = OpenStore(directory + "/objects", true);
  TestVault vault(1'234, store.get());
  for (const int backup : {1, 2}) {
    const auto written = WriteTree(*vault.Open(), GoldenTree(backup));
    ASSERT_TRUE(written.ok()) << written.error().Describe();
  }
  const SecretBytes text = FormatKeyFile(vault.created->keys, vault.created->id);
  ASSERT_TRUE(
      WriteFileDurably(PosixFileSystem(), directory + "/key.txt", text.Expose(), 0644, true).ok());
}

class BackupGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string golden = std::string(PGKEEP_GOLDEN_DIR) + "/repository-v1";
    CopyTree(golden + "/objects", directory_.path() + "/objects");
    // An empty directory that a version control system may have dropped.
    ASSERT_TRUE(
        CreateDirectories(PosixFileSystem(), directory_.path() + "/objects/+tmp", 0700).ok());
    store_ = OpenStore(directory_.path() + "/objects", false);
    const auto text = ReadWholeFile(PosixFileSystem(), golden + "/key.txt", 65'536);
    ASSERT_TRUE(text.ok());
    const auto file = ParseKeyFile(*text);
    ASSERT_TRUE(file.ok()) << file.error().Describe();
    const auto bundle = UnlockKeyFile(*file, nullptr);
    ASSERT_TRUE(bundle.ok());
    auto opened = Repository::Open(*store_, file->repository, &*bundle, {});
    ASSERT_TRUE(opened.ok()) << opened.error().Describe();
    repository_ = *std::move(opened);
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<storage::ObjectStore> store_;
  std::unique_ptr<Repository> repository_;
};

TEST_F(BackupGolden, IsReadVerifiedContinuedAndCollected) {
  const auto backups = ListBackups(repository_->context());
  ASSERT_TRUE(backups.ok()) << backups.error().Describe();
  ASSERT_EQ(backups->size(), 2U);
  for (const BackupSummary& backup : *backups) {
    ASSERT_TRUE(backup.manifest.ok()) << backup.manifest.error().Describe();
    const auto read = ReadTree(*repository_, backup.id);
    ASSERT_TRUE(read.ok()) << read.error().Describe();
    EXPECT_TRUE(*read == GoldenTree(static_cast<int>(backup.manifest->sequence->counter)));
  }
  BackupTreeWalker walker(repository_->context());
  VerifyStructureOptions structure;
  structure.walker = &walker;
  const auto verified = VerifyStructure(repository_->context(), structure);
  ASSERT_TRUE(verified.ok()) << verified.error().Describe();
  EXPECT_TRUE(verified->Outcome().ok()) << verified->Outcome().error().Describe();
  VerifyDataOptions data;
  data.open_frames = true;
  const auto bytes = VerifyData(repository_->context(), data);
  ASSERT_TRUE(bytes.ok()) << bytes.error().Describe();
  EXPECT_TRUE(bytes->Outcome().ok()) << bytes->Outcome().error().Describe();

  const auto third = WriteTree(*repository_, GoldenTree(2));
  ASSERT_TRUE(third.ok()) << third.error().Describe();
  EXPECT_EQ(third->new_units, 0U) << "the old pgkeep's fingerprints are understood";
  ExpireOptions expire;
  expire.backups = {(*backups)[0].id, (*backups)[1].id};
  ASSERT_TRUE(ExpireBackups(repository_->context(), expire).ok());
  for (int cycle = 0; cycle < 2; ++cycle) {
    const auto report = CollectGarbage(repository_->context(), {});
    ASSERT_TRUE(report.ok()) << report.error().Describe();
  }
  const auto read = ReadTree(*repository_, third->id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_TRUE(*read == GoldenTree(2));
}

TEST(BackupGoldenWriter, WritesARepositoryWhenAskedTo) {
  const char* target = std::getenv("PGKEEP_WRITE_GOLDEN");
  const testing::TemporaryDirectory scratch;
  const std::string directory = target != nullptr ? target : scratch.path();
  WriteGolden(directory);
  const auto store = OpenStore(directory + "/objects", false);
  EXPECT_TRUE(PeekRepository(*store).ok());
}

}  // namespace
}  // namespace pgkeep::repository
