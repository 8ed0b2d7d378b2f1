// What happens to backups when memory, compressors, caches and stores do not do what they should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/file_util.h"
#include "codec/codec.h"
#include "repository/backup_list.h"
#include "repository/data_test_kit.h"
#include "repository/expiry.h"
#include "repository/object_names.h"
#include "storage/counting_store.h"
#include "testing/faulty_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using testing::TemporaryDirectory;

TestTree Pages(size_t count) {
  TestTree tree;
  tree["db"]["t"] = TestPages(11, count);
  return tree;
}

bool SameUnits(const TestTree& a, const TestTree& b) {
  return a.at("db").at("t").units == b.at("db").at("t").units;
}

// Compresses rightly until the wanted call, then stores something that decompresses to other bytes.
class LyingCodec : public codec::BlockCodec {
 public:
  explicit LyingCodec(int lie_at) : lie_at_(lie_at) {}
  codec::CodecId id() const override { return codec::CodecId::kZstd; }
  size_t MaxCompressedSize(size_t size) const override { return inner_->MaxCompressedSize(size); }
  Result<size_t> Compress(ByteSpan in, MutableByteSpan out) override {
    if (++calls_ != lie_at_) return inner_->Compress(in, out);
    lied_ = true;
    Bytes wrong = ToBytes(in);
    wrong[wrong.size() / 2] ^= 4;
    return inner_->Compress(wrong, out);
  }
  Status Decompress(ByteSpan in, MutableByteSpan out) override {
    return inner_->Decompress(in, out);
  }
  static bool lied_;

 private:
  std::unique_ptr<codec::BlockCodec> inner_ = codec::MakeZstd(1);
  int calls_ = 0;
  const int lie_at_;
};
bool LyingCodec::lied_ = false;

TEST(BackupFaults, ACompressorThatLiesIsCaughtBeforeAnythingIsCommitted) {
  for (const int lie_at : {1, 2, 5}) {
    TestVault vault;
    const auto repository = vault.Open();
    LyingCodec::lied_ = false;
    WriterOptions options = InlineOptions();
    options.make_codec = [lie_at] { return std::make_unique<LyingCodec>(lie_at); };
    const auto backup = WriteTree(*repository, Pages(100), options);
    EXPECT_TRUE(LyingCodec::lied_);
    ASSERT_FALSE(backup.ok());
    EXPECT_EQ(backup.error().code(), ErrorCode::kCorruption);
    const auto backups = ListBackups(repository->context());
    ASSERT_TRUE(backups.ok());
    EXPECT_TRUE(backups->empty());
    EXPECT_TRUE(WriteTree(*repository, Pages(100)).ok()) << "the next run works";
  }
}

TEST(BackupFaults, AHostThatMayNotReadDataStoresIncrements) {
  TestVault vault;
  vault.own_store.ForbidReading(std::string(kDataPackPrefix));
  const auto host = vault.Open(/*host_key=*/true);
  TestTree tree = Pages(100);
  ASSERT_TRUE(WriteTree(*host, tree).ok());
  tree["db"]["t"].units[7][0] ^= 1;
  const auto second = WriteTree(*host, tree);
  ASSERT_TRUE(second.ok()) << second.error().Describe();
  EXPECT_EQ(second->new_units, 1U);
  const auto refused = ReadTree(*host, second->id);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
}

// Counts what the next incremental stores, for each state of the local cache.
class LocalCache : public ::testing::Test {
 protected:
  void SetUp() override {
    tree_ = Pages(200);
    const auto repository = vault_.Open(false, directory_.path());
    ASSERT_TRUE(WriteTree(*repository, tree_).ok());
    tree_["db"]["t"].units[7][0] ^= 1;
    tree_["db"]["t"].units[180][5] ^= 1;
  }

  std::vector<std::string> CacheFiles() {
    const std::string path = directory_.path() + "/" + vault_.created->id.Hex() + "/cache";
    std::vector<std::string> files;
    const auto entries = PosixFileSystem().ReadDirectory(path);
    if (entries.ok()) {
      for (const DirectoryEntry& entry : *entries) files.push_back(path + "/" + entry.name);
    }
    return files;
  }

  void ExpectSameIncrement(uint64_t* meta_reads = nullptr) {
    storage::CountingStore counting(*vault_.store);
    const auto repository = vault_.Open(false, directory_.path(), &counting);
    const auto second = WriteTree(*repository, tree_);
    ASSERT_TRUE(second.ok()) << second.error().Describe();
    EXPECT_EQ(second->new_units, 2U);
    const auto read = ReadTree(*vault_.Open(), second->id);
    ASSERT_TRUE(read.ok()) << read.error().Describe();
    EXPECT_TRUE(SameUnits(*read, tree_));
    if (meta_reads != nullptr) {
      *meta_reads = counting.Counts().Of(StoreOperation::kGetRange, "m").calls;
    }
  }

  void Damage(const std::function<void(Bytes&)>& change) {
    const std::vector<std::string> files = CacheFiles();
    ASSERT_FALSE(files.empty());
    for (const std::string& file : files) {
      auto bytes = ReadWholeFile(PosixFileSystem(), file, 64 << 20);
      ASSERT_TRUE(bytes.ok());
      change(*bytes);
      ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), file, *bytes, 0600, true).ok());
    }
  }

  TestVault vault_;
  TemporaryDirectory directory_;
  TestTree tree_;
};

TEST_F(LocalCache, IsUsed) {
  ASSERT_FALSE(CacheFiles().empty());
  uint64_t meta_reads = 0;
  ExpectSameIncrement(&meta_reads);
  EXPECT_EQ(meta_reads, 0U);
}

TEST_F(LocalCache, MissingCostsReadsOnly) {
  for (const std::string& file : CacheFiles()) ASSERT_TRUE(PosixFileSystem().Remove(file).ok());
  uint64_t meta_reads = 0;
  ExpectSameIncrement(&meta_reads);
  EXPECT_GT(meta_reads, 0U);
}

TEST_F(LocalCache, WithFlippedBitsCostsReadsOnly) {
  Damage([](Bytes& bytes) {
    for (size_t i = 0; i < bytes.size(); i += 40) bytes[i] ^= 0x10;
  });
  uint64_t meta_reads = 0;
  ExpectSameIncrement(&meta_reads);
  EXPECT_GT(meta_reads, 0U);
}

TEST_F(LocalCache, CutShortCostsReadsOnly) {
  Damage([](Bytes& bytes) { bytes.resize(bytes.size() / 2); });
  ExpectSameIncrement();
}

TEST_F(LocalCache, OfAnotherRepositoryCostsReadsOnly) {
  TestVault other(2);
  TemporaryDirectory other_directory;
  ASSERT_TRUE(WriteTree(*other.Open(false, other_directory.path()), tree_).ok());
  const std::string from = other_directory.path() + "/" + other.created->id.Hex() + "/cache";
  const auto entries = PosixFileSystem().ReadDirectory(from);
  ASSERT_TRUE(entries.ok());
  const auto foreign =
      ReadWholeFile(PosixFileSystem(), from + "/" + entries->front().name, 64 << 20);
  ASSERT_TRUE(foreign.ok());
  Damage([&](Bytes& bytes) { bytes = *foreign; });
  ExpectSameIncrement();
}

TEST_F(LocalCache, LetsGoOfExpiredBackups) {
  const auto repository = vault_.Open(false, directory_.path());
  const std::vector<std::string> first = CacheFiles();
  const auto backups = ListBackups(repository->context());
  ASSERT_TRUE(backups.ok());
  vault_.clock.Advance(std::chrono::hours(1));  // else chance decides which is the newest
  tree_["db"]["t"] = TestPages(99, 200);        // nothing of the first backup stays in use
  ASSERT_TRUE(WriteTree(*repository, tree_).ok());
  EXPECT_THAT(CacheFiles(), IsSupersetOf(first)) << "the first backup is alive";
  ExpireOptions expire;
  expire.backups = {backups->front().id};
  ASSERT_TRUE(ExpireBackups(repository->context(), expire).ok());

  storage::CountingStore counting(*vault_.store);
  ASSERT_TRUE(WriteTree(*vault_.Open(false, directory_.path(), &counting), tree_).ok());
  EXPECT_EQ(counting.Counts().Of(StoreOperation::kGetRange, "m").calls, 0U)
      << "what the base needs stays";
  for (const std::string& file : CacheFiles()) EXPECT_THAT(first, Not(Contains(file)));
}

TEST_F(LocalCache, OfAnOlderBackupUnderANewNameCostsReadsOnly) {
  // Two metadata packs of one writer exchanged: genuine bytes in the wrong place.
  const std::vector<std::string> files = CacheFiles();
  ASSERT_GE(files.size(), 2U);
  const auto first = ReadWholeFile(PosixFileSystem(), files[0], 64 << 20);
  const auto second = ReadWholeFile(PosixFileSystem(), files[1], 64 << 20);
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), files[0], *second, 0600, true).ok());
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), files[1], *first, 0600, true).ok());
  ExpectSameIncrement();
}

std::vector<std::string> KeysWith(TestVault& vault, std::string_view prefix) {
  std::vector<std::string> found;
  for (const std::string& key : vault.own_store.Keys()) {
    if (key.starts_with(prefix)) found.push_back(key);
  }
  return found;
}

TEST(BackupFaults, WhatTheStoreLostIsStoredAgain) {
  for (const std::string_view prefix : {kDataPackPrefix, kMetaPackPrefix}) {
    TestVault vault;
    TemporaryDirectory state;
    const auto repository = vault.Open(false, state.path());
    const TestTree tree = Pages(300);
    ASSERT_TRUE(WriteTree(*repository, tree).ok());
    for (const std::string& key : KeysWith(vault, prefix)) {
      ASSERT_TRUE(vault.own_store.Delete(key).ok());
    }
    const auto second = WriteTree(*vault.Open(false, state.path()), tree);
    ASSERT_TRUE(second.ok()) << second.error().Describe();
    EXPECT_EQ(second->new_units, 300U) << prefix;
    const auto read = ReadTree(*vault.Open(), second->id);
    ASSERT_TRUE(read.ok()) << read.error().Describe();
    EXPECT_TRUE(SameUnits(*read, tree));
    const auto third = WriteTree(*repository, tree);
    ASSERT_TRUE(third.ok());
    EXPECT_EQ(third->new_units, 0U);
  }
}

TEST(BackupFaults, DamagedMapsOfTheBaseAreStoredAgain) {
  TestVault vault;
  const auto repository = vault.Open();
  const TestTree tree = Pages(300);
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  for (const std::string& key : KeysWith(vault, kMetaPackPrefix)) {
    vault.own_store.Tamper(key, [](Bytes& bytes) {
      for (size_t i = 100; i < bytes.size(); i += 50) bytes[i] ^= 1;
    });
  }
  const auto second = WriteTree(*vault.Open(), tree);
  ASSERT_TRUE(second.ok()) << second.error().Describe();
  EXPECT_EQ(second->new_units, 300U);
  const auto read = ReadTree(*vault.Open(), second->id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_TRUE(SameUnits(*read, tree));
}

TEST(BackupFaults, RebaseStoresChosenPacksAgain) {
  TestVault vault;
  const auto repository = vault.Open();
  const TestTree tree = Pages(64);
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  WriterOptions options = InlineOptions();
  options.store_again = [](const PackEntry& entry) {
    return entry.name.kind == PackKind::kData && entry.name.seq == 0;
  };
  const auto second = WriteTree(*repository, tree, options);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->new_units, 64U);
}

TEST(BackupFaults, AFragmentedLeafIsReadBackWhole) {
  // As fragmented as a leaf can be: every second unit is in another pack than its neighbours.
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 5'000, 64);
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  for (size_t i = 0; i < 5'000; i += 2) tree["db"]["t"].units[i][0] ^= 1;
  const auto second = WriteTree(*repository, tree);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->new_units, 2'500U);
  const auto third = WriteTree(*repository, tree);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->new_units, 0U);
  const auto read = ReadTree(*vault.Open(), third->id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_TRUE(SameUnits(*read, tree));
}

TEST(BackupFaults, ALostUploadFailsTheBackupAndTheNextOneWorks) {
  // Every create of a backup in turn is lost for good.
  TestVault vault;
  const TestTree tree = Pages(20);
  uint64_t creates = 0;
  for (uint64_t nth = 1;; ++nth) {
    testing::FaultyStore faulty(vault.own_store, vault.clock);
    const auto repository = vault.Open(false, "", &faulty);
    const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                        .operation = StoreOperation::kCreateIfAbsent,
                                        .nth = nth,
                                        .times = 1'000,
                                        .code = ErrorCode::kIo});
    const auto backup = WriteTree(*repository, tree);
    if (faulty.fired(rule) == 0) {
      EXPECT_TRUE(backup.ok());
      creates = nth - 1;
      break;
    }
    EXPECT_FALSE(backup.ok()) << "create " << nth;
    const auto backups = ListBackups(vault.Open()->context());
    ASSERT_TRUE(backups.ok());
    EXPECT_TRUE(backups->empty());
  }
  EXPECT_GE(creates, 6U) << "pin, ses, data, metadata, man, ref, dec";
}

TEST(BackupFaults, LostAnswersAreResolved) {
  TestVault vault;
  const TestTree tree = Pages(20);
  for (uint64_t nth = 1;; ++nth) {
    testing::FaultyStore faulty(vault.own_store, vault.clock);
    const auto repository = vault.Open(false, "", &faulty);
    const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailAfter,
                                        .operation = StoreOperation::kCreateIfAbsent,
                                        .nth = nth,
                                        .code = ErrorCode::kTimeout});
    const auto backup = WriteTree(*repository, tree);
    ASSERT_TRUE(backup.ok()) << "create " << nth << ": " << backup.error().Describe();
    const auto read = ReadTree(*repository, backup->id);
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(SameUnits(*read, tree));
    if (faulty.fired(rule) == 0) break;
  }
}

}  // namespace
}  // namespace pgkeep::repository
