#include "repository/backup_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "repository/data_test_kit.h"
#include "repository/leaf_node.h"
#include "repository/node_store.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;

#define ASSERT_OK(expression)                                    \
  do {                                                           \
    const auto& ok_result = (expression);                        \
    ASSERT_TRUE(ok_result.ok()) << ok_result.error().Describe(); \
  } while (false)

TestTree SmallTree() {
  TestTree tree;
  tree["appdb"]["pages"] = TestPages(1, 100);
  tree["appdb"]["empty"] = {};
  TestStream rows;
  for (size_t i = 0; i < 500; ++i) rows.units.push_back(TestUnit(7'000 + i, 1 + i * 37 % 20'000));
  rows.units[3].clear();
  tree["appdb"]["rows"] = rows;
  TestStream file = TestPages(3, 3, 65'536);
  file.units.push_back(TestUnit(99, 100));  // a short last unit
  file.units[1].assign(65'536, 0);          // a hole
  tree["other"]["file \"1\"\n"] = file;
  return tree;
}

TEST(BackupWriter, WhatWasWrittenIsRead) {
  TestVault vault;
  const auto repository = vault.Open();
  const TestTree tree = SmallTree();
  const Result<TestBackup> backup = WriteTree(*repository, tree);
  ASSERT_OK(backup);
  const Result<TestTree> read = ReadTree(*repository, backup->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

TEST(BackupWriter, UnchangedDataStoresNothingAndNamesTheSameTree) {
  TestVault vault;
  const auto repository = vault.Open();
  const TestTree tree = SmallTree();
  ASSERT_OK(WriteTree(*repository, tree));
  const Result<TestBackup> second = WriteTree(*repository, tree);
  ASSERT_OK(second);
  EXPECT_EQ(second->bases, 1U);
  EXPECT_EQ(second->new_units, 0U);
  const std::string own = PackPrefix(PackKind::kData, second->id);
  for (const std::string& key : vault.own_store.Keys()) {
    EXPECT_FALSE(key.starts_with(own)) << key;
    EXPECT_FALSE(key.starts_with(PackPrefix(PackKind::kMeta, second->id))) << key;
  }
  const Result<TestTree> read = ReadTree(*repository, second->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

TEST(BackupWriter, OneChangedUnitIsOneStoredUnit) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree = SmallTree();
  ASSERT_OK(WriteTree(*repository, tree));
  tree["appdb"]["pages"].units[50][8191] ^= 1;
  const Result<TestBackup> second = WriteTree(*repository, tree);
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 1U);
  EXPECT_EQ(second->new_bytes, 8192U);
  const Result<TestTree> read = ReadTree(*repository, second->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

// Every fourth unit changes, so no run of unchanged ones is longer than three.
TEST(BackupWriter, ScatteredChangesStoreNoMoreThanTheChanges) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 12'000, 64);
  ASSERT_OK(WriteTree(*repository, tree));
  for (size_t i = 0; i < 12'000; i += 4) tree["db"]["t"].units[i][0] ^= 1;
  const Result<TestBackup> changed = WriteTree(*repository, tree);
  ASSERT_OK(changed);
  EXPECT_EQ(changed->new_units, 3'000U);
  const Result<TestBackup> unchanged = WriteTree(*repository, tree);
  ASSERT_OK(unchanged);
  EXPECT_EQ(unchanged->new_units, 0U);
  const Result<TestTree> read = ReadTree(*repository, unchanged->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

// Day after day another fifth of the units changes at random.
TEST(BackupWriter, ManyScatteredIncrementsStoreLittleMoreThanTheChanges) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 4'000, 64);
  ASSERT_OK(WriteTree(*repository, tree));
  uint64_t changed = 0;
  uint64_t stored = 0;
  for (int day = 0; day < 30; ++day) {
    for (Bytes& unit : tree["db"]["t"].units) {
      if (vault.random.Next() % 5 != 0) continue;
      unit = TestUnit(vault.random.Next(), 64);
      ++changed;
    }
    const Result<TestBackup> backup = WriteTree(*repository, tree);
    ASSERT_OK(backup);
    stored += backup->new_units;
    if (day % 10 != 9) continue;
    const Result<TestTree> read = ReadTree(*repository, backup->id);
    ASSERT_OK(read);
    ASSERT_EQ(*read, tree) << day;
  }
  EXPECT_GT(stored, changed) << "no frame was given up although nearly all of it was dead";
  EXPECT_LE(stored, changed + changed / 10);
}

TEST(BackupWriter, TheLastLiveUnitOfAFrameIsStoredAgain) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 32, 64);
  ASSERT_OK(WriteTree(*repository, tree));
  for (size_t i = 1; i < 16; ++i) tree["db"]["t"].units[i][0] ^= 1;   // one is left
  for (size_t i = 18; i < 32; ++i) tree["db"]["t"].units[i][0] ^= 1;  // two are left
  const Result<TestBackup> changed = WriteTree(*repository, tree);
  ASSERT_OK(changed);
  EXPECT_EQ(changed->new_units, 29U);
  const Result<TestBackup> next = WriteTree(*repository, tree);
  ASSERT_OK(next);
  EXPECT_EQ(next->new_units, 1U);
  const Result<TestBackup> last = WriteTree(*repository, tree);
  ASSERT_OK(last);
  EXPECT_EQ(last->new_units, 0U);
  const Result<TestTree> read = ReadTree(*repository, last->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

TEST(BackupWriter, GrowingAndShrinkingStoresOnlyTheDifference) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree = SmallTree();
  ASSERT_OK(WriteTree(*repository, tree));
  tree["appdb"]["pages"].units.push_back(TestUnit(4711, 8192));
  tree["appdb"]["rows"].units.resize(200);
  const Result<TestBackup> second = WriteTree(*repository, tree);
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 1U);
  const Result<TestTree> read = ReadTree(*repository, second->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

TEST(BackupWriter, AnotherIdentityIsAnotherStream) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 20);
  ASSERT_OK(WriteTree(*repository, tree));
  tree["db"]["t"].identity = ToBytes(AsBytes("a, b, c"));
  const Result<TestBackup> second = WriteTree(*repository, tree);
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 20U);
}

TEST(BackupWriter, BigUnitsAreStoredByPieces) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  TestStream& stream = tree["db"]["wide"];
  stream.units = {TestUnit(1, 10), TestUnit(2, (5 << 20) + 123), TestUnit(3, 1 << 20),
                  TestUnit(4, (1 << 20) + 1)};
  const Result<TestBackup> first = WriteTree(*repository, tree);
  ASSERT_OK(first);
  EXPECT_EQ(first->new_units, 1U + 6U + 1U + 2U);
  stream.units[1][3 << 20] ^= 0x40;
  const Result<TestBackup> second = WriteTree(*repository, tree);
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 1U);
  const Result<TestTree> read = ReadTree(*repository, second->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);
}

TEST(BackupWriter, SeveralThreadsDeliverRangesInAnyOrder) {
  TestVault vault;
  const auto repository = vault.Open();
  const TestStream stream = TestPages(5, 3 * 16'384 + 77, 64);
  BackupSpec spec;
  spec.source = "app";
  WriterOptions options = InlineOptions();
  options.encode_threads = 2;
  options.upload_threads = 2;
  const auto writer = BackupWriter::Begin(*repository, spec, options);
  ASSERT_OK(writer);
  SubtreeSpec subtree_spec;
  subtree_spec.name = "db";
  const auto subtree = (*writer)->OpenSubtree(subtree_spec);
  ASSERT_OK(subtree);
  StreamSpec stream_spec;
  stream_spec.name = "s";
  stream_spec.unit_size = 64;
  const auto target = (*subtree)->OpenStream(stream_spec);
  ASSERT_OK(target);
  {
    std::vector<std::jthread> threads;
    for (const size_t first : {size_t{2 * 16'384}, size_t{0}}) {
      threads.emplace_back([&, first] {
        const auto range = (*target)->OpenRange(first);
        const size_t end = first == 0 ? 2 * 16'384 : stream.units.size();
        for (size_t i = first; i < end; ++i) EXPECT_TRUE((*range)->Append(stream.units[i]).ok());
        EXPECT_TRUE((*range)->Close().ok());
      });
    }
  }
  ASSERT_OK((*target)->Finish());
  ASSERT_OK((*subtree)->Finish());
  const auto receipt = (*writer)->Commit({});
  ASSERT_OK(receipt);
  const Result<TestTree> read = ReadTree(*repository, receipt->backup);
  ASSERT_OK(read);
  EXPECT_EQ(read->at("db").at("s"), stream);
}

// Two streams that grow by turns: a reader of one of them should not have to step over the other.
TEST(BackupWriter, EachThreadFillsAPackOfItsOwnBeyondAFewMegabytes) {
  constexpr size_t kUnit = size_t{256} << 10;  // a frame
  constexpr int kTurns = 60;
  constexpr uint64_t kShared = uint64_t{8} << 20;
  TestVault vault;
  const auto repository = vault.Open();
  BackupSpec spec;
  spec.source = "app";
  WriterOptions options = InlineOptions();
  options.deliver_threads = 2;
  struct Stored {
    std::thread::id thread;
    uint64_t offset;
  };
  std::map<PackName, std::vector<Stored>> packs;
  std::mutex mutex;
  options.after_frame = [&](const StoredFrame& frame) {
    const std::scoped_lock lock(mutex);
    packs[frame.pack.name()].push_back({std::this_thread::get_id(), frame.frame.offset});
  };
  const auto writer = BackupWriter::Begin(*repository, spec, options);
  ASSERT_OK(writer);
  SubtreeSpec subtree_spec;
  subtree_spec.name = "db";
  const auto subtree = (*writer)->OpenSubtree(subtree_spec);
  ASSERT_OK(subtree);
  Bytes unit(kUnit);
  vault.random.Fill(unit);
  {
    std::barrier turn(2);
    std::vector<std::jthread> threads;
    for (const int number : {0, 1}) {
      threads.emplace_back([&, number] {
        StreamSpec stream_spec;
        stream_spec.name = std::to_string(number);
        stream_spec.unit_size = kUnit;
        const auto stream = (*subtree)->OpenStream(stream_spec);
        const auto range = (*stream)->OpenRange(0);
        for (int i = 0; i < 2 * kTurns; ++i) {
          if (i % 2 == number) {
            EXPECT_TRUE((*range)->Append(unit).ok());
          }
          turn.arrive_and_wait();
        }
        EXPECT_TRUE((*range)->Close().ok());
        EXPECT_TRUE((*stream)->Finish().ok());
      });
    }
  }
  EXPECT_THAT(packs, ::testing::SizeIs(2));
  for (const auto& [pack, frames] : packs) {
    std::set<std::thread::id> threads;
    for (const Stored& frame : frames) {
      if (frame.offset > kShared) threads.insert(frame.thread);
    }
    EXPECT_THAT(threads, ::testing::SizeIs(1)) << pack.Key();
  }
  // What is small shares a pack.
  const auto first = std::ranges::count_if(
      packs.begin()->second, [&](const Stored& frame) { return frame.offset < kShared; });
  EXPECT_GE(first, static_cast<int64_t>(kShared / (kUnit + 1024)));
  ASSERT_OK((*subtree)->Finish());
  ASSERT_OK((*writer)->Commit({}));
}

// A subtree with one open stream, for tests of wrong use.
class WrongUse : public ::testing::Test {
 protected:
  void SetUp() override {
    BackupSpec spec;
    spec.source = "app";
    auto writer = BackupWriter::Begin(*repository_, spec, InlineOptions());
    ASSERT_OK(writer);
    writer_ = *std::move(writer);
    SubtreeSpec subtree_spec;
    subtree_spec.name = "db";
    auto subtree = writer_->OpenSubtree(subtree_spec);
    ASSERT_OK(subtree);
    subtree_ = *std::move(subtree);
    StreamSpec stream_spec;
    stream_spec.name = "s";
    stream_spec.unit_size = 64;
    auto stream = subtree_->OpenStream(stream_spec);
    ASSERT_OK(stream);
    stream_ = *std::move(stream);
  }

  std::unique_ptr<RangeWriter> Range(uint64_t first) {
    auto range = stream_->OpenRange(first);
    EXPECT_TRUE(range.ok());
    return *std::move(range);
  }

  TestVault vault_;
  std::unique_ptr<Repository> repository_ = vault_.Open();
  std::unique_ptr<BackupWriter> writer_;
  std::unique_ptr<SubtreeWriter> subtree_;
  std::unique_ptr<StreamWriter> stream_;
};

TEST_F(WrongUse, AGapBetweenRangesIsRefused) {
  const auto first = Range(0);
  ASSERT_OK(first->Append(TestUnit(1, 64)));
  ASSERT_OK(first->Close());
  const auto second = Range(16'384);
  ASSERT_OK(second->Append(TestUnit(2, 64)));
  ASSERT_OK(second->Close());
  const Status finished = stream_->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.error().ToString(), HasSubstr("was not delivered"));
}

TEST_F(WrongUse, AMissingBeginningIsRefused) {
  const auto range = Range(16'384);
  ASSERT_OK(range->Append(TestUnit(2, 64)));
  ASSERT_OK(range->Close());
  EXPECT_FALSE(stream_->Finish().ok());
}

TEST_F(WrongUse, OverlappingRangesAreRefused) {
  for (int i = 0; i < 2; ++i) {
    const auto range = Range(0);
    ASSERT_OK(range->Append(TestUnit(2, 64)));
    (void)range->Close();
  }
  const Status finished = stream_->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.error().ToString(), HasSubstr("delivered twice"));
}

TEST_F(WrongUse, AnOpenRangeIsRefused) {
  const auto range = Range(0);
  EXPECT_FALSE(stream_->Finish().ok());
  ASSERT_OK(range->Close());
}

TEST_F(WrongUse, ARangeThatWasGivenUpFailsItsStream) {
  {
    const auto range = Range(0);
    ASSERT_OK(range->Append(TestUnit(2, 64)));
  }
  EXPECT_FALSE(stream_->Finish().ok());
  EXPECT_FALSE(writer_->Commit({}).ok()) << "as complete";
}

TEST_F(WrongUse, WrongUnitSizesAreRefused) {
  EXPECT_FALSE(Range(0)->Append(TestUnit(1, 65)).ok());
  EXPECT_FALSE(Range(0)->Append({}).ok());
}

TEST_F(WrongUse, AUnitAfterTheShortLastOneIsRefused) {
  const auto range = Range(0);
  ASSERT_OK(range->Append(TestUnit(1, 63)));
  EXPECT_FALSE(range->Append(TestUnit(1, 64)).ok());
  EXPECT_FALSE(range->Close().ok());
}

TEST_F(WrongUse, AShortUnitInTheMiddleIsRefused) {
  const auto second = Range(16'384);
  ASSERT_OK(second->Append(TestUnit(1, 64)));
  ASSERT_OK(second->Close());
  const auto first = Range(0);
  ASSERT_OK(first->AppendHoles(16'383));
  ASSERT_OK(first->Append(TestUnit(1, 10)));
  ASSERT_OK(first->Close());
  const Status finished = stream_->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.error().ToString(), HasSubstr("shorter than 64"));
}

TEST_F(WrongUse, ARangeThatDoesNotBeginAtALeafIsRefused) {
  EXPECT_FALSE(stream_->OpenRange(1).ok());
}

TEST_F(WrongUse, TheSameStreamTwiceIsRefused) {
  StreamSpec spec;
  spec.name = "s";
  const auto again = subtree_->OpenStream(spec);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kAlreadyExists);
}

// 16,384 big units whose nodes all stand inline would make their leaf too long; a small limit shows
// the same with six.
TEST(BackupWriter, NodesOfBigUnitsStandInlineOnlyWhileTheLeafIsShort) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  for (uint64_t i = 0; i < 6; ++i) {
    tree["db"]["wide"].units.push_back(TestUnit(i, (1 << 20) + 100 + i));
  }
  WriterOptions options = InlineOptions();
  options.inline_blob_bytes = 200;  // two nodes
  const auto inline_nodes = [&](const BackupId& id) -> Result<size_t> {
    PGK_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(*repository, id));
    PGK_ASSIGN_OR_RETURN(const StreamEntry entry, reader->FindStream("db", "wide"));
    NodeStore nodes(repository->context(), nullptr);
    PGK_ASSIGN_OR_RETURN(const Bytes payload, nodes.ReadNode(FrameKind::kLeaf, entry.root));
    PGK_ASSIGN_OR_RETURN(const LeafNode leaf, DecodeLeaf(payload));
    EXPECT_EQ(leaf.blobs.size(), 6U);
    return std::ranges::count_if(
        leaf.blobs, [](const LeafBlob& blob) { return blob.node.inline_payload() != nullptr; });
  };
  const Result<TestBackup> first = WriteTree(*repository, tree, options);
  ASSERT_OK(first);
  const Result<size_t> few = inline_nodes(first->id);
  ASSERT_OK(few);
  EXPECT_EQ(*few, 2U);
  const Result<TestTree> read = ReadTree(*repository, first->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree);

  const Result<TestBackup> second = WriteTree(*repository, tree, options);
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 0U);
  for (const std::string& key : vault.own_store.Keys()) {
    EXPECT_FALSE(key.starts_with(PackPrefix(PackKind::kMeta, second->id)))
        << "the leaf is the same";
  }
}

// A leaf may say more bytes than its units have (the format cannot tell without the frames); a
// reader must notice, or it would hand out a buffer that nobody filled.
TEST(BackupWriter, ALeafThatClaimsMoreBytesThanItsUnitsHaveIsDamage) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["db"]["rows"].units = {TestUnit(1, 10), TestUnit(2, 20), TestUnit(3, 30)};
  const Result<TestBackup> backup = WriteTree(*repository, tree);
  ASSERT_OK(backup);
  const auto reader = BackupReader::Open(*repository, backup->id);
  ASSERT_OK(reader);
  Result<StreamEntry> entry = (*reader)->FindStream("db", "rows");
  ASSERT_OK(entry);
  NodeStore nodes(repository->context(), nullptr);
  const auto payload = nodes.ReadNode(FrameKind::kLeaf, entry->root);
  ASSERT_OK(payload);
  Result<LeafNode> leaf = DecodeLeaf(*payload);
  ASSERT_OK(leaf);
  leaf->bytes += 2;
  entry->bytes += 2;
  entry->root = NodePointer::Inline(EncodeLeaf(*leaf));
  const auto stream = (*reader)->OpenStream(*entry);
  ASSERT_OK(stream);
  Bytes out(62);
  const Status read = (*stream)->ReadAt(0, out);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  const Status units =
      (*stream)->ReadUnits(0, 3, [](const UnitPart&) -> Result<bool> { return true; });
  ASSERT_FALSE(units.ok());
  EXPECT_EQ(units.error().code(), ErrorCode::kCorruption);
  Bytes whole(60);
  EXPECT_TRUE((*stream)->ReadAt(0, whole).ok()) << "what is there is right";
}

TEST(BackupWriter, SparseStreamsOfAnySizeCostNothing) {
  TestVault vault;
  const auto repository = vault.Open();
  BackupSpec spec;
  spec.source = "app";
  const auto writer = BackupWriter::Begin(*repository, spec, InlineOptions());
  ASSERT_OK(writer);
  SubtreeSpec subtree_spec;
  subtree_spec.name = "db";
  const auto subtree = (*writer)->OpenSubtree(subtree_spec);
  ASSERT_OK(subtree);
  StreamSpec stream_spec;
  stream_spec.name = "s";
  stream_spec.unit_size = 8192;
  const auto stream = (*subtree)->OpenStream(stream_spec);
  ASSERT_OK(stream);
  // 300 leaves, so the index has two levels.
  const uint64_t units = 300 * uint64_t{16'384} + 5;
  const auto range = (*stream)->OpenRange(0);
  ASSERT_OK(range);
  ASSERT_OK((*range)->AppendHoles(units - 2));
  const Bytes page = TestUnit(1, 8192);
  ASSERT_OK((*range)->Append(page));
  ASSERT_OK((*range)->Append(ByteSpan(page).first(100)));
  ASSERT_OK((*range)->Close());
  ASSERT_OK((*stream)->Finish());
  ASSERT_OK((*subtree)->Finish());
  const auto receipt = (*writer)->Commit({});
  ASSERT_OK(receipt);

  const auto reader = BackupReader::Open(*repository, receipt->backup);
  ASSERT_OK(reader);
  const auto entry = (*reader)->FindStream("db", "s");
  ASSERT_OK(entry);
  EXPECT_EQ(entry->units, units);
  EXPECT_EQ(entry->bytes, (units - 1) * 8192 + 100);
  EXPECT_EQ(entry->height, 2);
  const auto units_reader = (*reader)->OpenStream(*entry);
  ASSERT_OK(units_reader);
  Bytes out(8192 + 100 + 10);
  ASSERT_OK((*units_reader)->ReadAt((units - 2) * 8192 - 10, out));
  EXPECT_TRUE(std::all_of(out.begin(), out.begin() + 10, [](uint8_t b) { return b == 0; }));
  EXPECT_TRUE(BytesEqual(ByteSpan(out).subspan(10, 8192), page));
  EXPECT_TRUE(BytesEqual(ByteSpan(out).subspan(10 + 8192), ByteSpan(page).first(100)));
}

TEST(BackupWriter, ADatabaseThatFailedIsComparedWithTheBackupBefore) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree both;
  both["a"]["t"] = TestPages(1, 30);
  both["b"]["t"] = TestPages(2, 40);
  ASSERT_OK(WriteTree(*repository, both));
  TestTree only_a;
  only_a["a"] = both["a"];
  ASSERT_OK(WriteTree(*repository, only_a, InlineOptions(), BackupState::kPartial));
  const Result<TestBackup> third = WriteTree(*repository, both);
  ASSERT_OK(third);
  EXPECT_EQ(third->bases, 2U);
  EXPECT_EQ(third->new_units, 0U);
  const Result<TestTree> read = ReadTree(*repository, third->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, both);
}

TEST(BackupWriter, OtherSourcesAreNoBase) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  tree["a"]["t"] = TestPages(1, 30);
  ASSERT_OK(WriteTree(*repository, tree));
  const Result<TestBackup> other =
      WriteTree(*repository, tree, InlineOptions(), BackupState::kComplete, "elsewhere");
  ASSERT_OK(other);
  EXPECT_EQ(other->bases, 0U);
  EXPECT_EQ(other->new_units, 30U);
}

}  // namespace
}  // namespace pgkeep::repository
