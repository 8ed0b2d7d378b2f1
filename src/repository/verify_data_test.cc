#include "repository/verify_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/codec.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/key_bundle.h"
#include "repository/pack_builder.h"
#include "repository/protocol_test_kit.h"
#include "repository/units_payload.h"
#include "storage/counting_store.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class VerifyDataTest : public ::testing::Test {
 protected:
  VerifyReport Verify(const VerifyDataOptions& options = {}, bool with_keys = false) {
    const RepositoryContext context =
        with_keys ? repository_.Context() : repository_.KeylessContext();
    Result<VerifyReport> report = VerifyData(context, options);
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    return report.ok() ? std::move(*report) : VerifyReport{};
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
};

TEST_F(VerifyDataTest, ReadsEveryPackOnceWithoutKeys) {
  const DummyBackup base = repository_.MakeBackup({}, 5);
  repository_.MakeBackup({base.id}, 3);
  storage::CountingStore counting(memory_.store);
  const auto report = VerifyData(repository_.KeylessContext(&counting), {});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->bytes, 10'000u);
  const storage::StoreCounts counts = counting.Counts();
  EXPECT_EQ(counts.Of(storage::StoreOperation::kGet, "p").calls, 8u);
  EXPECT_EQ(counts.Of(storage::StoreOperation::kGet, "m").calls, 2u);
}

TEST_F(VerifyDataTest, SaysHowFarItIs) {
  repository_.MakeBackup({}, 5);
  Progress progress;
  Verify({.progress = &progress});
  const ProgressSnapshot at = progress.Snapshot();
  EXPECT_EQ(at.phase, "verifying_data");
  EXPECT_EQ(at.objects, 6u);
  EXPECT_EQ(at.total_objects, 6u);
  EXPECT_EQ(at.bytes, 6'000u);
  EXPECT_EQ(at.total_bytes, 6'000u);
  EXPECT_FALSE(at.total_is_estimate);
}

TEST_F(VerifyDataTest, FlippedBitIsFoundAndHurtsAllWhoNeedThePack) {
  const DummyBackup base = repository_.MakeBackup({}, 2);
  const DummyBackup next = repository_.MakeBackup({base.id}, 1);
  const std::string key = base.references.entries()[1].name.Key();
  memory_.store.Tamper(key, [](Bytes& bytes) { bytes[500] ^= 1; });
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, key);
  EXPECT_EQ(report.problems[0].error.code(), ErrorCode::kCorruption);
  EXPECT_THAT(report.problems[0].backups, UnorderedElementsAre(base.id, next.id));
}

TEST_F(VerifyDataTest, TruncatedAndMissingPacksAreFound) {
  const DummyBackup backup = repository_.MakeBackup({}, 2);
  memory_.store.Tamper(backup.references.entries()[0].name.Key(),
                       [](Bytes& bytes) { bytes.resize(10); });
  ASSERT_TRUE(memory_.store.Delete(backup.references.entries()[1].name.Key()).ok());
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(2));
  EXPECT_THAT(report.problems[0].error.message(), HasSubstr("its size is not the one"));
  EXPECT_EQ(report.problems[1].error.code(), ErrorCode::kNotFound);
}

TEST_F(VerifyDataTest, ShortReadOfAHealthyPackIsFoundToo) {
  const DummyBackup backup = repository_.MakeBackup({}, 1);
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  faulty.AddRule({.action = testing::FaultAction::kTruncateRead,
                  .key_contains = "p/",
                  .times = 100,
                  .offset = 100});
  const auto report = VerifyData(repository_.KeylessContext(&faulty), {});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->problems, SizeIs(1));
}

TEST_F(VerifyDataTest, OneBackupCanBeVerifiedAlone) {
  const DummyBackup first = repository_.MakeBackup({}, 1);
  const DummyBackup second = repository_.MakeBackup({}, 1);
  memory_.store.Tamper(first.references.entries()[0].name.Key(),
                       [](Bytes& bytes) { bytes[0] ^= 1; });
  EXPECT_THAT(Verify({.backups = {second.id}}).problems, IsEmpty());
  EXPECT_THAT(Verify({.backups = {first.id}}).problems, SizeIs(1));
}

TEST_F(VerifyDataTest, SampleIsRepeatableNestedAndOfAboutTheRightSize) {
  repository_.MakeBackup({}, 399);
  const uint64_t all = Verify().bytes;
  const uint64_t ten = Verify({.sample_percent = 10, .seed = 1}).bytes;
  EXPECT_EQ(Verify({.sample_percent = 10, .seed = 1}).bytes, ten);
  EXPECT_NE(Verify({.sample_percent = 10, .seed = 2}).bytes, ten);
  EXPECT_GT(ten, all / 20);
  EXPECT_LT(ten, all / 5);
  EXPECT_EQ(Verify({.sample_percent = 0}).bytes, 0u);
  // A larger sample of the same seed holds the smaller: what 10 % read, 50 % read as well.
  std::vector<std::string> small;
  std::vector<std::string> large;
  for (const auto& [percent, keys] : {std::pair{10.0, &small}, std::pair{50.0, &large}}) {
    HookStore hook(memory_.store);
    hook.SetHook([keys = keys](std::string_view operation, std::string_view key) {
      if (operation == "get" && key.starts_with("p/")) keys->emplace_back(key);
    });
    ASSERT_TRUE(
        VerifyData(repository_.KeylessContext(&hook), {.sample_percent = percent, .seed = 1}).ok());
  }
  // Several threads read, in no order.
  std::ranges::sort(small);
  std::ranges::sort(large);
  EXPECT_TRUE(std::ranges::includes(large, small));
  EXPECT_LT(small.size(), large.size());
}

TEST_F(VerifyDataTest, NonsensePercentageIsRefused) {
  for (const double percent : {-1.0, 101.0, std::nan("")}) {
    const auto report = VerifyData(repository_.Context(), {.sample_percent = percent});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST_F(VerifyDataTest, DamagedReferenceListIsAProblemAndTheOthersAreRead) {
  const DummyBackup first = repository_.MakeBackup({}, 1);
  repository_.MakeBackup({}, 1);
  memory_.store.Tamper(ReferenceListKey(first.id), [](Bytes& bytes) { bytes[60] ^= 1; });
  const VerifyReport report = Verify();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, ReferenceListKey(first.id));
  EXPECT_EQ(report.bytes, 2000u);
}

TEST_F(VerifyDataTest, BackupThatExpiresMeanwhileIsNoProblem) {
  const DummyBackup first = repository_.MakeBackup({}, 3);
  repository_.MakeBackup({}, 3);
  HookStore hook(memory_.store);
  hook.Before("get", "p/" + first.id.Hex(), 1, [&] {
    repository_.Expire(first.id);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(), {.force = true}).ok());
    }
  });
  const auto report = VerifyData(repository_.KeylessContext(&hook), {});
  ASSERT_TRUE(hook.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->problems, IsEmpty());
}

// Who needs a bad pack is looked up in the lists once more: that may fail as well, and must not
// make the pack a good one.
TEST_F(VerifyDataTest, BadPackIsNotForgottenWhenTheListsCannotBeReadAgain) {
  const DummyBackup backup = repository_.MakeBackup({}, 1);
  const std::string key = backup.references.entries()[0].name.Key();
  memory_.store.Tamper(key, [](Bytes& bytes) { bytes[500] ^= 1; });
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kTimeout, ErrorCode::kPermission}) {
    testing::FaultyStore faulty(memory_.store, memory_.clock);
    const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                        .operation = storage::StoreOperation::kGet,
                                        .key_contains = ReferenceListKey(backup.id),
                                        .nth = 2,
                                        .times = 100,
                                        .code = code});
    const auto report = VerifyData(repository_.KeylessContext(&faulty), {});
    EXPECT_GT(faulty.fired(rule), 0U);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), code);
  }
}

TEST_F(VerifyDataTest, BadPackIsNotForgottenWhenItsListIsDamagedMeanwhile) {
  const DummyBackup backup = repository_.MakeBackup({}, 1);
  const std::string key = backup.references.entries()[0].name.Key();
  memory_.store.Tamper(key, [](Bytes& bytes) { bytes[500] ^= 1; });
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFlipRead,
                                      .operation = storage::StoreOperation::kGet,
                                      .key_contains = ReferenceListKey(backup.id),
                                      .nth = 2,
                                      .times = 100,
                                      .offset = 70});
  const auto report = VerifyData(repository_.KeylessContext(&faulty), {});
  EXPECT_GT(faulty.fired(rule), 0U);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_FALSE(report->Outcome().ok());
  ASSERT_THAT(report->problems, SizeIs(2));
  EXPECT_EQ(report->problems[0].key, key);
  EXPECT_EQ(report->problems[1].key, ReferenceListKey(backup.id));
}

TEST_F(VerifyDataTest, UnreachableStoreIsAnErrorAndNoDamage) {
  repository_.MakeBackup({}, 1);
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                  .operation = storage::StoreOperation::kGet,
                  .key_contains = "p/",
                  .times = 100,
                  .code = ErrorCode::kPermission});
  const auto report = VerifyData(repository_.KeylessContext(&faulty), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kPermission);
}

// Real packs, whose frames can be opened.
class VerifyFrames : public VerifyDataTest {
 protected:
  // Stores one backup with a pack of each kind.
  void Store() {
    Result<TestRepository::Writer> writer = repository_.Begin(context_);
    EXPECT_TRUE(writer.ok());
    id_ = writer->ticket.writer;
    StorePack(*writer, PackKind::kMeta);
    StorePack(*writer, PackKind::kData);
    EXPECT_TRUE(repository_.Commit(context_, *writer).ok());
  }

  // A pack with three frames.
  void StorePack(TestRepository::Writer& writer, PackKind kind) {
    const bool data = kind == PackKind::kData;
    PackBuilder::Options options;
    options.repository = context_.id;
    options.writer = id_;
    options.kind = kind;
    options.prk = data ? writer.ticket.writer_key.Expose() : context_.keys->meta_key();
    options.random = context_.random;
    std::unique_ptr<PackBuilder> builder = *PackBuilder::Create(std::move(options));
    const std::unique_ptr<codec::BlockCodec> codec = codec::MakeNone();
    for (uint8_t i = 0; i < 3; ++i) {
      UnitsPayloadBuilder units;
      units.Add(Bytes(100, i));
      const Bytes payload = ToBytes(units.Finish());
      const Result<FramePlace> place = builder->Store(
          *codec, data ? FrameKind::kUnits : FrameKind::kFingerprints, data ? 1 : 0, payload,
          data ? ComputeContentHash(
                     content_key_ != nullptr ? *content_key_ : context_.keys->content_hmac(),
                     payload)
               : ContentHash{});
      ASSERT_TRUE(place.ok()) << place.error().Describe();
    }
    PackBuilder::Finished pack = *builder->Finish();
    PackEntry entry;
    entry.name = pack.name;
    entry.size = pack.bytes.size();
    entry.sha256 = pack.sha256;
    if (data) {
      entry.live_units = entry.all_units = 3;
      entry.fingerprints = FingerprintPlace{.meta_seq = 0, .offset = 96, .clen = 100, .rlen = 100};
    }
    ASSERT_TRUE(memory_.store.CreateIfAbsent(pack.name.Key(), pack.bytes).ok());
    writer.entries.push_back(entry);
  }

  const RepositoryContext context_ = repository_.Context();
  // Makes the content hashes of the data pack when set.
  const crypto::HmacSha256Key* content_key_ = nullptr;
  WriterId id_;
};

TEST_F(VerifyFrames, OpensEveryFrameOfDataAndMetadata) {
  Store();
  const VerifyReport report = Verify({.open_frames = true}, true);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.frames, 6u);
}

TEST_F(VerifyFrames, NeedsKeysThatCanRead) {
  Store();
  const auto keyless = VerifyData(repository_.KeylessContext(), {.open_frames = true});
  ASSERT_FALSE(keyless.ok());
  EXPECT_EQ(keyless.error().code(), ErrorCode::kRefused);

  testing::SeededRandom random(5);
  RepositoryContext host = context_;
  host.keys =
      *KeyRing::FromBundle(KeyBundle::Generate(random).ToHostBundle(context_.id), context_.id);
  const auto report = VerifyData(host, {.open_frames = true});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
}

TEST_F(VerifyFrames, LostSessionIsAProblemOfItsDataPacks) {
  Store();
  ASSERT_TRUE(memory_.store.Delete(SessionKey(id_)).ok());
  const VerifyReport report = Verify({.open_frames = true}, true);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, PackName({id_, PackKind::kData, 0}).Key());
  EXPECT_THAT(report.problems[0].backups, ElementsAre(id_));
  EXPECT_EQ(report.frames, 3u) << "metadata needs no session";
}

// A pack whose bytes are as its writer made them, but whose content is not what its hash promises.
TEST_F(VerifyFrames, WrongContentHashIsFoundOnlyByOpening) {
  const crypto::HmacSha256Key wrong(AsBytes("another key"));
  content_key_ = &wrong;
  Store();
  EXPECT_THAT(Verify({}, true).problems, IsEmpty());
  const VerifyReport report = Verify({.open_frames = true}, true);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].key, PackName({id_, PackKind::kData, 0}).Key());
}

}  // namespace
}  // namespace pgkeep::repository
