// Verification of whole backups: what the writer's, the memory's and the store's mistakes look like
// to it, and what it costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "repository/backup_tree_walker.h"
#include "repository/data_test_kit.h"
#include "repository/directory_map.h"
#include "repository/object_names.h"
#include "repository/verify_data.h"
#include "repository/verify_structure.h"
#include "storage/counting_store.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TestTree Pages(size_t count) {
  TestTree tree;
  tree["db"]["t"] = TestPages(11, count);
  return tree;
}

VerifyReport Structure(Repository& repository) {
  BackupTreeWalker walker(repository.context());
  VerifyStructureOptions options;
  options.walker = &walker;
  auto report = VerifyStructure(repository.context(), options);
  EXPECT_TRUE(report.ok()) << report.error().Describe();
  return report.ok() ? *std::move(report) : VerifyReport{};
}

VerifyReport Data(Repository& repository, double percent = 100) {
  VerifyDataOptions options;
  options.sample_percent = percent;
  options.open_frames = true;
  auto report = VerifyData(repository.context(), options);
  EXPECT_TRUE(report.ok()) << report.error().Describe();
  return report.ok() ? *std::move(report) : VerifyReport{};
}

// Writes down what a walk says.
struct NotingVisitor final : TreeVisitor {
  void OnNode(const FramePlace& /*place*/) override { ++nodes; }
  bool OnFrame(const PackName& /*pack*/, const LeafFrame& /*frame*/) override {
    ++frames;
    return true;
  }
  void OnShared(const FramePlace& /*place*/) override { ++shared; }
  void OnDamage(const Error& error) override { damage.push_back(error.ToString()); }

  int nodes = 0;
  int frames = 0;
  int shared = 0;
  std::vector<std::string> damage;
};

struct Flip {
  const char* name;
  std::function<void(LeafFrame&)> flip;
};

// Each field of what a map says of a frame. Units of the last frame only: it is not full, so that
// the leaf is valid with one more.
std::vector<Flip> Flips() {
  return {{"offset", [](LeafFrame& frame) { frame.offset ^= 8; }},
          {"stored length", [](LeafFrame& frame) { frame.clen ^= 1; }},
          {"length", [](LeafFrame& frame) { frame.rlen ^= 1; }},
          {"units", [](LeafFrame& frame) { frame.units ^= 1; }},
          {"content hash", [](LeafFrame& frame) { frame.hash[5] ^= 0x40; }}};
}

// Units of which the last frame is the only one with this many.
constexpr size_t kUnits = 300;
constexpr uint8_t kLastFrameUnits = kUnits % 16;

// A mistake that happens before the writer can see it.
TEST(BackupVerify, AMapThatIsWrongAboutAFrameIsFoundByReadingTheData) {
  for (const Flip& flip : Flips()) {
    TestVault vault;
    const auto repository = vault.Open();
    WriterOptions options = InlineOptions();
    int fired = 0;
    options.after_frame = [&](StoredFrame& stored) {
      if (stored.frame.units != kLastFrameUnits) return;
      ++fired;
      flip.flip(stored.frame);
      stored.checksum = FrameChecksum(stored.pack, stored.frame);
    };
    const auto written = WriteTree(*repository, Pages(kUnits), options);
    ASSERT_TRUE(written.ok()) << flip.name << ": " << written.error().Describe();
    const BackupId id = written->id;
    ASSERT_EQ(fired, 1) << flip.name;
    EXPECT_FALSE(ReadTree(*repository, id).ok()) << flip.name;
    const VerifyReport report = Data(*repository);
    ASSERT_THAT(report.problems, SizeIs(1)) << flip.name;
    EXPECT_EQ(report.problems[0].key, ManifestKey(id)) << flip.name;
    EXPECT_EQ(report.problems[0].error.code(), ErrorCode::kCorruption) << flip.name;
    EXPECT_THAT(report.problems[0].backups, ElementsAre(id)) << flip.name;
    EXPECT_THAT(Data(*repository, 0).problems, IsEmpty()) << "no pack of it was read";
  }
}

// The leaf is shared: both backups are hurt, and only they.
TEST(BackupVerify, EveryBackupThatSharesTheWrongMapIsNamed) {
  TestVault vault;
  const auto repository = vault.Open();
  const auto healthy = WriteTree(*repository, Pages(40));
  ASSERT_TRUE(healthy.ok());
  WriterOptions options = InlineOptions();
  options.after_frame = [&](StoredFrame& stored) {
    if (stored.frame.units != kLastFrameUnits) return;
    stored.frame.hash[0] ^= 1;
    stored.checksum = FrameChecksum(stored.pack, stored.frame);
  };
  TestTree other;
  other["db"]["u"] = TestPages(5, kUnits);
  const auto first = WriteTree(*repository, other, options);
  ASSERT_TRUE(first.ok());
  const auto second = WriteTree(*repository, other);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->new_units, 0U);
  std::vector<BackupId> hurt;
  for (const VerifyProblem& problem : Data(*repository).problems) {
    hurt.insert(hurt.end(), problem.backups.begin(), problem.backups.end());
  }
  EXPECT_THAT(hurt, ::testing::UnorderedElementsAre(first->id, second->id));
}

// A mistake while the frame waits for its leaf: the writer compares.
TEST(BackupVerify, ABitThatFlipsBeforeTheLeafIsWrittenFailsTheBackup) {
  TestTree big;
  big["db"]["t"].units = {TestUnit(3, size_t{3} << 20)};
  for (const bool blob : {false, true}) {
    for (const Flip& flip : Flips()) {
      TestVault vault;
      const auto repository = vault.Open();
      WriterOptions options = InlineOptions();
      int fired = 0;
      options.after_frame = [&](StoredFrame& stored) {
        if (fired++ == 0) flip.flip(stored.frame);
      };
      const auto written = WriteTree(*repository, blob ? big : Pages(kUnits), options);
      EXPECT_GT(fired, 0) << flip.name;
      ASSERT_FALSE(written.ok()) << flip.name;
      EXPECT_EQ(written.error().code(), ErrorCode::kCorruption) << flip.name;
      EXPECT_THAT(written.error().ToString(), HasSubstr("changed after it was stored"));
      EXPECT_TRUE(WriteTree(*repository, Pages(kUnits)).ok()) << "the next run works";
    }
  }
}

TEST(BackupVerify, HealthyBackupsHaveNoProblems) {
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree = Pages(kUnits);
  tree["db"]["big"].units = {TestUnit(3, size_t{3} << 20), Bytes(), TestUnit(4, 100)};
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  tree["db"]["t"].units[7] = TestUnit(99, 8192);
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  EXPECT_THAT(Structure(*repository).problems, IsEmpty());
  const VerifyReport data = Data(*repository);
  EXPECT_THAT(data.problems, IsEmpty());
  EXPECT_GT(data.frames, 0U);
  EXPECT_GT(data.nodes, 0U);
}

// 600 small streams in several directory nodes, and one with a leaf of its own at the end.
class ManyStreams : public ::testing::Test {
 protected:
  ManyStreams() {
    for (int i = 0; i < 600; ++i) {
      tree_["db"]["s" + std::to_string(1000 + i)] = TestPages(static_cast<uint64_t>(i), 1, 64);
    }
    tree_["db"]["z"] = TestPages(11, kUnits, 64);
    const auto written = WriteTree(*repository_, tree_);
    EXPECT_TRUE(written.ok());
    reader_ = *BackupReader::Open(*repository_, written->id);
  }

  const SubtreeEntry& subtree() const { return reader_->manifest().subtrees[0]; }

  void Damage(const NodePointer& pointer) {
    ASSERT_NE(pointer.reference(), nullptr);
    const NodeRef ref = *pointer.reference();
    vault_.own_store.Tamper(ref.pack().Key(), [&](Bytes& bytes) { bytes[ref.offset + 40] ^= 1; });
  }

  NotingVisitor Walk(const Manifest& manifest) {
    BackupTreeWalker walker(repository_->context());
    NotingVisitor visitor;
    const Status walked = walker.Walk(reader_->id(), manifest, reader_->references(), visitor);
    EXPECT_TRUE(walked.ok()) << walked.error().Describe();
    return visitor;
  }

  TestVault vault_;
  TestTree tree_;
  std::unique_ptr<Repository> repository_ = vault_.Open();
  std::unique_ptr<BackupReader> reader_;
};

TEST_F(ManyStreams, AreWalkedBesideADamagedDirectoryNode) {
  const NotingVisitor whole = Walk(reader_->manifest());
  EXPECT_THAT(whole.damage, IsEmpty());
  NodeStore nodes(repository_->context(), nullptr);
  DirectoryMap directory(nodes, subtree());
  const auto root = directory.Read(subtree().directory, directory.RootClaim());
  ASSERT_TRUE(root.ok());
  ASSERT_GT((*root)->children.size(), 2U) << "the test needs several directory nodes";
  Damage((*root)->children[0].node);
  const auto last = directory.Find("z");
  ASSERT_TRUE(last.ok() && last->has_value());
  Damage((*last)->root);
  const NotingVisitor visitor = Walk(reader_->manifest());
  ASSERT_THAT(visitor.damage, SizeIs(2));
  EXPECT_THAT(visitor.damage[1], HasSubstr("stream \"z\""));
  EXPECT_EQ(visitor.nodes, whole.nodes - 2);
  EXPECT_GT(visitor.frames, 0);
}

TEST_F(ManyStreams, AreWhatTheManifestCounts) {
  for (uint64_t SubtreeEntry::*const field :
       {&SubtreeEntry::streams, &SubtreeEntry::units, &SubtreeEntry::bytes}) {
    Manifest manifest = reader_->manifest();
    manifest.subtrees[0].*field += 1;
    EXPECT_THAT(Walk(manifest).damage, SizeIs(1));
    NodeStore nodes(repository_->context(), nullptr);
    DirectoryMap directory(nodes, manifest.subtrees[0]);
    const Status walked = directory.Walk([](const StreamEntry&) { return Ok(); });
    ASSERT_FALSE(walked.ok());
    EXPECT_EQ(walked.error().code(), ErrorCode::kCorruption);
  }
}

TEST_F(ManyStreams, AreInNodesThatAreWhatTheirParentSays) {
  NodeStore nodes(repository_->context(), nullptr);
  DirectoryMap directory(nodes, subtree());
  const auto root = directory.Read(subtree().directory, directory.RootClaim());
  ASSERT_TRUE(root.ok());
  const DirectoryChild& child = (*root)->children[1];
  const DirectoryClaim claim = DirectoryMap::ChildClaim(**root, child);
  // Before the node is held, and after.
  for (int pass = 0; pass < 2; ++pass) {
    DirectoryClaim wrong_level = claim;
    wrong_level.level = static_cast<uint8_t>(*claim.level + 1);
    DirectoryClaim wrong_name = claim;
    *wrong_name.first_name += "x";
    DirectoryClaim wrong_streams = claim;
    --wrong_streams.streams;
    for (const DirectoryClaim& wrong : {wrong_level, wrong_name, wrong_streams}) {
      const auto node = directory.Read(child.node, wrong);
      ASSERT_FALSE(node.ok());
      EXPECT_EQ(node.error().code(), ErrorCode::kCorruption);
    }
    EXPECT_TRUE(directory.Read(child.node, claim).ok());
  }
}

// Leaves come in windows of 256 KiB, and those that backups share are read once.
TEST(BackupVerify, CostsOneRequestPerWindowAndNothingForWhatIsShared) {
  constexpr uint64_t kStreams = 100;
  TestVault vault;
  TestTree tree;
  for (uint64_t i = 0; i < kStreams; ++i) {
    tree["db"]["s" + std::to_string(i)] = TestPages(i, 800, 64);
  }
  const auto repository = vault.Open();
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  storage::CountingStore counting(vault.own_store);
  const auto counted = vault.Open(false, "", &counting);
  const auto verify = [&](uint64_t* requests) {
    counting.Reset();
    const VerifyReport report = Structure(*counted);
    EXPECT_THAT(report.problems, IsEmpty());
    const storage::StoreCounts counts = counting.Counts();
    EXPECT_EQ(counts.Of(StoreOperation::kGetRange, "p").calls, 0U);
    *requests = counts.Of(StoreOperation::kGetRange, "m").calls;
    return report.nodes;
  };
  uint64_t alone = 0;
  const uint64_t nodes = verify(&alone);
  EXPECT_GE(nodes, kStreams);
  uint64_t meta_bytes = 0;
  for (const std::string& key : vault.own_store.Keys()) {
    if (key.starts_with("m/")) meta_bytes += vault.own_store.Head(key)->size;
  }
  EXPECT_LE(alone, 2 * (meta_bytes / (256 << 10) + 1) + 2);

  tree["db"]["s7"].units[3] = TestUnit(77, 64);
  ASSERT_TRUE(WriteTree(*repository, tree).ok());
  uint64_t both = 0;
  EXPECT_LE(verify(&both), nodes + 10) << "one leaf, and the directory";
  EXPECT_LE(both, alone + 6);
}

}  // namespace
}  // namespace pgkeep::repository
