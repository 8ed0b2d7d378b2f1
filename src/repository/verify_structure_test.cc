#include "repository/verify_structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/limits.h"
#include "repository/protocol_test_kit.h"
#include "repository/repository.h"
#include "repository/session_object.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Says about every backup what a test told it to say.
class ScriptedWalker final : public TreeWalker {
 public:
  using Script = std::function<Status(TreeVisitor&)>;
  explicit ScriptedWalker(Script script) : script_(std::move(script)) {}

  Status Walk(const BackupId& id, const Manifest& manifest, const ReferenceList& /*references*/,
              TreeVisitor& visitor) override {
    walked.push_back(id);
    sources.push_back(manifest.source);
    return script_(visitor);
  }

  std::vector<BackupId> walked;
  std::vector<std::string> sources;

 private:
  Script script_;
};

LeafFrame FrameAt(uint32_t offset, uint32_t clen) {
  return {.pack = 0, .offset = offset, .clen = clen, .rlen = 5000, .units = 16, .hash = {}};
}

class VerifyStructureTest : public ::testing::Test {
 protected:
  VerifyReport Verify(const VerifyStructureOptions& options = {}, bool with_keys = false) {
    const RepositoryContext context =
        with_keys ? repository_.Context() : repository_.KeylessContext();
    Result<VerifyReport> report = VerifyStructure(context, options);
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    return report.ok() ? std::move(*report) : VerifyReport{};
  }

  // Exactly one problem, about `key`, which hurts `backups`; found without keys and with them.
  void ExpectProblem(const std::string& key, ErrorCode code, std::vector<BackupId> backups) {
    for (const bool with_keys : {false, true}) {
      const VerifyReport report = Verify({}, with_keys);
      ASSERT_THAT(report.problems, SizeIs(1)) << with_keys;
      EXPECT_EQ(report.problems[0].key, key);
      EXPECT_EQ(report.problems[0].error.code(), code) << report.problems[0].error.Describe();
      EXPECT_THAT(report.problems[0].backups, ::testing::UnorderedElementsAreArray(backups));
      EXPECT_EQ(report.Outcome().error().code(), code);
    }
  }

  void Damage(const std::string& key) {
    memory_.store.Tamper(key, [](Bytes& bytes) { bytes[bytes.size() / 2] ^= 0x10; });
  }
  void Delete(const std::string& key) { ASSERT_TRUE(memory_.store.Delete(key).ok()); }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  const DummyBackup base_ = repository_.MakeBackup({}, 2);
  const DummyBackup next_ = repository_.MakeBackup({base_.id}, 1);
  const std::string shared_pack_ = base_.references.entries()[0].name.Key();
};

TEST_F(VerifyStructureTest, HealthyRepositoryHasNoProblems) {
  repository_.MakeDeadWriter({next_.id});
  for (const bool with_keys : {false, true}) {
    const VerifyReport report = Verify({}, with_keys);
    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_THAT(report.orphans, IsEmpty());
    EXPECT_EQ(report.backups, 2u);
    EXPECT_TRUE(report.Outcome().ok());
  }
}

TEST_F(VerifyStructureTest, SaysHowFarItIs) {
  Progress progress;
  Verify({.progress = &progress});
  EXPECT_EQ(progress.Snapshot().phase, "verifying_structure");
  EXPECT_EQ(progress.Snapshot().objects, 2u);
  EXPECT_EQ(progress.Snapshot().total_objects, 2u);
}

TEST_F(VerifyStructureTest, DamagedConfiguration) {
  Damage(ConfigKey(1));
  // Its copy differs, and is whole: it is what mends it.
  ExpectProblem(ConfigKey(1), ErrorCode::kCorruption, {});
}

TEST_F(VerifyStructureTest, DamagedConfigurationAndCopy) {
  const RepositoryContext context = repository_.Context();
  ConfigObject next = *context.config;
  next.generation = 2;
  ASSERT_TRUE(WriteConfig(context, next).ok());
  Damage(ConfigKey(1));
  Damage(ConfigCopyKey(1));
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(2));
  EXPECT_EQ(report.problems[0].key, ConfigCopyKey(1));
  EXPECT_EQ(report.problems[1].key, ConfigKey(1));
}

TEST_F(VerifyStructureTest, DamagedCopyOfTheConfiguration) {
  Damage(ConfigCopyKey(1));
  ExpectProblem(ConfigCopyKey(1), ErrorCode::kCorruption, {});
}

TEST_F(VerifyStructureTest, MissingConfiguration) {
  Delete(ConfigKey(1));
  ExpectProblem(ConfigKey(1), ErrorCode::kNotFound, {});
}

TEST_F(VerifyStructureTest, DamagedDecision) {
  Damage(DecisionKey(next_.id));
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, DecisionKey(next_.id));
  EXPECT_THAT(report.problems[0].backups, ElementsAre(next_.id));
}

TEST_F(VerifyStructureTest, DamagedExpiryAndPin) {
  repository_.Expire(base_.id);
  const WriterId writer = repository_.MakeDeadWriter();
  Damage(ExpiryKey(base_.id));
  Damage(PinKey(writer));
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(2));
  EXPECT_EQ(report.problems[0].key, ExpiryKey(base_.id));
  EXPECT_EQ(report.problems[1].key, PinKey(writer));
}

TEST_F(VerifyStructureTest, DamagedManifest) {
  Damage(ManifestKey(next_.id));
  ExpectProblem(ManifestKey(next_.id), ErrorCode::kCorruption, {next_.id});
}

TEST_F(VerifyStructureTest, MissingManifest) {
  Delete(ManifestKey(next_.id));
  ExpectProblem(ManifestKey(next_.id), ErrorCode::kNotFound, {next_.id});
}

TEST_F(VerifyStructureTest, DamagedReferenceList) {
  Damage(ReferenceListKey(next_.id));
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, ReferenceListKey(next_.id));
}

TEST_F(VerifyStructureTest, MissingSessionHurtsAllWhoReuseItsPacks) {
  Delete(SessionKey(base_.id));
  ExpectProblem(SessionKey(base_.id), ErrorCode::kNotFound, {base_.id, next_.id});
}

TEST_F(VerifyStructureTest, DamagedSession) {
  Damage(SessionKey(next_.id));
  ExpectProblem(SessionKey(next_.id), ErrorCode::kCorruption, {next_.id});
}

// A well-made session of the right writer that is not the one the manifest names.
TEST_F(VerifyStructureTest, ExchangedSessionIsFoundWithKeys) {
  const RepositoryContext context = repository_.Context();
  SessionObject session = *SealWriterKey(SecretBytes(kKeyBytes), context.config->recipients,
                                         {context.id, next_.id}, *context.random);
  const Bytes object =
      EncodeSession(session, {context.id, next_.id}, context.keys->host_signing_key());
  memory_.store.Tamper(SessionKey(next_.id), [&](Bytes& bytes) { bytes = object; });
  EXPECT_THAT(Verify().problems, IsEmpty());
  const VerifyReport report = Verify({}, true);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, ManifestKey(next_.id));
}

TEST_F(VerifyStructureTest, MissingPackNamesAllBackupsThatNeedIt) {
  Delete(shared_pack_);
  ExpectProblem(shared_pack_, ErrorCode::kNotFound, {base_.id, next_.id});
}

TEST_F(VerifyStructureTest, PackOfAnotherSize) {
  memory_.store.Tamper(shared_pack_, [](Bytes& bytes) { bytes.pop_back(); });
  ExpectProblem(shared_pack_, ErrorCode::kCorruption, {base_.id, next_.id});
}

TEST_F(VerifyStructureTest, StrangerInAListing) {
  ASSERT_TRUE(memory_.store.CreateIfAbsent("p/readme", AsBytes("x")).ok());
  ExpectProblem("p/readme", ErrorCode::kCorruption, {});
}

TEST_F(VerifyStructureTest, ManyProblemsAreCountedInTheOutcome) {
  Delete(shared_pack_);
  Delete(ManifestKey(base_.id));
  EXPECT_THAT(Verify().Outcome().error().ToString(),
              HasSubstr("2 objects are damaged or missing, first " + ManifestKey(base_.id)));
}

TEST_F(VerifyStructureTest, OneBackupCanBeVerifiedAlone) {
  Delete(ManifestKey(base_.id));
  EXPECT_THAT(Verify({.backups = {next_.id}}).problems, IsEmpty());
  EXPECT_THAT(Verify({.backups = {base_.id}}).problems, SizeIs(1));
  const auto unknown =
      VerifyStructure(repository_.Context(), {.walker = nullptr, .backups = {WriterId{{1}}}});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
}

TEST_F(VerifyStructureTest, OrphansAreWhatNobodyNeeds) {
  const DummyBackup gone = repository_.MakeBackup({}, 1);
  repository_.Expire(gone.id);
  const VerifyReport report = Verify();
  EXPECT_THAT(report.orphans,
              UnorderedElementsAre(gone.references.entries()[0].name.Key(),
                                   gone.references.entries()[1].name.Key(), SessionKey(gone.id)));
  EXPECT_EQ(report.orphan_bytes, 2000u);
  EXPECT_TRUE(report.Outcome().ok()) << "orphans only cost space";
}

TEST_F(VerifyStructureTest, ExpiredBaseOfAnUndecidedWriterIsNoOrphan) {
  const DummyBackup base = repository_.MakeBackup({}, 1);
  ASSERT_TRUE(repository_.Begin(repository_.Context(), {base.id}).ok());
  repository_.Expire(base.id);
  EXPECT_THAT(Verify().orphans, IsEmpty());
}

TEST_F(VerifyStructureTest, BackupThatExpiresMeanwhileIsNoProblem) {
  HookStore hook(memory_.store);
  hook.Before("get", "ref/" + base_.id.Hex(), 1, [&] {
    repository_.Expire(base_.id);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(), {.force = true}).ok());
    }
  });
  const auto report = VerifyStructure(repository_.KeylessContext(&hook), {});
  ASSERT_TRUE(hook.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->problems, IsEmpty());
}

TEST_F(VerifyStructureTest, UnreachableStoreIsAnErrorAndNoDamage) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                  .key_contains = "ref/",
                  .times = 100,
                  .code = ErrorCode::kTimeout});
  const auto report = VerifyStructure(repository_.KeylessContext(&faulty), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kTimeout);
}

TEST_F(VerifyStructureTest, WalksTheTreesOfEveryBackup) {
  const PackName meta{base_.id, PackKind::kMeta, 0};
  const PackName data{base_.id, PackKind::kData, 0};
  ScriptedWalker walker([&](TreeVisitor& visitor) {
    visitor.OnNode({meta, 96, 100, 100});
    visitor.OnFrame(data, FrameAt(96, 1000 - 96 - 48));
    return Ok();
  });
  const VerifyReport report = Verify({.walker = &walker}, true);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.nodes, 2u);
  EXPECT_THAT(walker.walked, UnorderedElementsAre(base_.id, next_.id));
  EXPECT_THAT(walker.sources, ElementsAre("app", "app"));
}

TEST_F(VerifyStructureTest, TreeThatNamesAPackOutsideTheListIsDamaged) {
  const PackName outside{WriterId{{7}}, PackKind::kData, 0};
  ScriptedWalker walker([&](TreeVisitor& visitor) {
    visitor.OnFrame(outside, FrameAt(96, 10));
    return Ok();
  });
  const VerifyReport report = Verify({.walker = &walker, .backups = {next_.id}}, true);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, outside.Key());
  EXPECT_THAT(report.problems[0].backups, ElementsAre(next_.id));
}

TEST_F(VerifyStructureTest, FrameBeyondTheEndOfItsPackIsDamage) {
  const PackName data{base_.id, PackKind::kData, 0};
  ScriptedWalker walker([&](TreeVisitor& visitor) {
    visitor.OnFrame(data, FrameAt(96, 1000 - 96 - 48 + 1));
    return Ok();
  });
  EXPECT_THAT(Verify({.walker = &walker, .backups = {next_.id}}, true).problems, SizeIs(1));
}

TEST_F(VerifyStructureTest, DamagedNodesAreReportedAndOthersAreStillWalked) {
  ScriptedWalker walker([&](TreeVisitor& visitor) {
    visitor.OnDamage(Err(ErrorCode::kCorruption, "node of stream x differs"));
    return Ok();
  });
  const VerifyReport report = Verify({.walker = &walker}, true);
  EXPECT_THAT(report.problems, SizeIs(2));
  EXPECT_THAT(walker.walked, SizeIs(2));
}

TEST_F(VerifyStructureTest, WalkerThatCannotGoOnEndsTheWork) {
  ScriptedWalker walker([&](TreeVisitor&) { return Err(ErrorCode::kTimeout, "no answer"); });
  const auto report = VerifyStructure(repository_.Context(), {.walker = &walker, .backups = {}});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kTimeout);
}

}  // namespace
}  // namespace pgkeep::repository
