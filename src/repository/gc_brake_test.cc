// Every brake of the collector: it stops with an error that names the object, and deletes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/key_bundle.h"
#include "repository/protocol_test_kit.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;

class GcBrake : public ::testing::Test {
 protected:
  GcBrake() {
    repository_.Expire(expired_.id);
    // So that the next cycle would really delete.
    EXPECT_TRUE(CollectGarbage(repository_.KeylessContext(), {}).ok());
  }

  // Runs a cycle that must stop: with `code`, naming `key`, with a hint, and without any deletion.
  void ExpectStop(ErrorCode code, const std::string& key, const GcOptions& options = {},
                  storage::ObjectStore* store = nullptr) {
    ExpectStopIn(repository_.KeylessContext(store), code, key, options);
  }

  void ExpectStopIn(const RepositoryContext& context, ErrorCode code, const std::string& key,
                    const GcOptions& options = {}) {
    const std::vector<std::string> before = memory_.store.Keys();
    const Result<GcReport> report = CollectGarbage(context, options);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), code) << report.error().Describe();
    EXPECT_THAT(report.error().ToString(), HasSubstr(key));
    EXPECT_NE(report.error().hint(), "") << report.error().ToString();
    EXPECT_EQ(memory_.store.Keys(), before);
  }

  void Damage(const std::string& key) {
    memory_.store.Tamper(key, [](Bytes& bytes) { bytes[bytes.size() / 2] ^= 0x10; });
  }

  // Replaces an object behind everybody's back.
  void Replace(const std::string& key, const Bytes& object) {
    memory_.store.Tamper(key, [&](Bytes& bytes) { bytes = object; });
  }

  // A key that the configuration does not know.
  static crypto::SigningKey Stranger() {
    testing::SeededRandom random(99);
    return crypto::SigningKey::Generate(random);
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  const DummyBackup live_ = repository_.MakeBackup({}, 10);
  const DummyBackup expired_ = repository_.MakeBackup({}, 1);
};

TEST_F(GcBrake, WithoutAnyTheCycleDeletes) {
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(), {});
  ASSERT_TRUE(report.ok());
  EXPECT_GT(report->deleted, 0u);
}

TEST_F(GcBrake, DamagedDecision) {
  Damage(DecisionKey(live_.id));
  ExpectStop(ErrorCode::kCorruption, DecisionKey(live_.id));
}

TEST_F(GcBrake, DecisionOfAnUnknownSigner) {
  const Result<DecisionObject> decision =
      ControlAccess(repository_.Context()).ReadDecision(live_.id);
  ASSERT_TRUE(decision.ok());
  const crypto::SigningKey stranger = Stranger();
  Replace(DecisionKey(live_.id),
          EncodeDecision(*decision, {repository_.id(), live_.id}, &stranger));
  ExpectStop(ErrorCode::kCorruption, DecisionKey(live_.id));
}

TEST_F(GcBrake, DecisionThatVanishesBetweenTheListings) {
  HookStore hook(memory_.store);
  // The first listing is that of G0, the second D1, the third D2.
  hook.Before("list", "dec/", 3,
              [&] { ASSERT_TRUE(memory_.store.Delete(DecisionKey(live_.id)).ok()); });
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(&hook), {});
  ASSERT_TRUE(hook.fired());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(report.error().ToString(),
            "nothing was deleted: " + DecisionKey(live_.id) + " was listed and is gone");
}

TEST_F(GcBrake, DamagedReferenceList) {
  Damage(ReferenceListKey(live_.id));
  ExpectStop(ErrorCode::kCorruption, ReferenceListKey(live_.id));
}

TEST_F(GcBrake, ExchangedReferenceList) {
  const Bytes empty = *EncodeReferenceList(ReferenceList(), {repository_.id(), live_.id},
                                           repository_.Context().keys->host_signing_key());
  Replace(ReferenceListKey(live_.id), empty);
  ExpectStop(ErrorCode::kCorruption, ReferenceListKey(live_.id));
}

TEST_F(GcBrake, MissingReferenceList) {
  ASSERT_TRUE(memory_.store.Delete(ReferenceListKey(live_.id)).ok());
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().Describe(),
            "nothing was deleted: " + ReferenceListKey(live_.id) +
                " of a backup that has not expired is missing\n"
                "hint: run 'pgkeep verify'; nothing is deleted until the object is restored or the "
                "backup is expired");
  ExpectStop(ErrorCode::kCorruption, ReferenceListKey(live_.id));
}

TEST_F(GcBrake, DamagedReferenceListOfAnExpiredBase) {
  ASSERT_TRUE(repository_.Begin(repository_.Context(), {live_.id}).ok());
  repository_.Expire(live_.id);
  Damage(ReferenceListKey(live_.id));
  ExpectStop(ErrorCode::kCorruption, ReferenceListKey(live_.id), {.force = true});
}

TEST_F(GcBrake, DamagedPin) {
  const WriterId writer = repository_.MakeDeadWriter();
  Damage(PinKey(writer));
  ExpectStop(ErrorCode::kCorruption, PinKey(writer));
}

TEST_F(GcBrake, MissingPinOfAnUndecidedWriter) {
  const WriterId writer = repository_.MakeDeadWriter();
  HookStore hook(memory_.store);
  hook.Before("get", PinKey(writer), 1,
              [&] { ASSERT_TRUE(memory_.store.Delete(PinKey(writer)).ok()); });
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(&hook), {});
  ASSERT_TRUE(hook.fired());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().ToString(),
            "nothing was deleted: " + PinKey(writer) + " of an undecided writer is missing");
}

TEST_F(GcBrake, PinOnSomethingThatIsNoBackup) {
  const WriterId writer{{5}};
  const PinObject pin{
      .bases = {WriterId{{6}}}, .client_version = "", .started = {}, .extensions = {}};
  const Bytes object =
      EncodePin(pin, {repository_.id(), writer}, repository_.Context().keys->host_signing_key());
  ASSERT_TRUE(memory_.store.CreateIfAbsent(PinKey(writer), object).ok());
  ExpectStop(ErrorCode::kCorruption, PinKey(writer));
}

TEST_F(GcBrake, DamagedExpiry) {
  Damage(ExpiryKey(expired_.id));
  ExpectStop(ErrorCode::kCorruption, ExpiryKey(expired_.id));
}

TEST_F(GcBrake, StrangersBelowEveryPrefix) {
  for (const std::string_view prefix :
       {kDecisionPrefix, kExpiryPrefix, kPinPrefix, kDataPackPrefix, kMetaPackPrefix,
        kManifestPrefix, kReferenceListPrefix, kSessionPrefix, kGcPlanPrefix}) {
    const std::string key = std::string(prefix) + "Thumbs.db";
    ASSERT_TRUE(memory_.store.CreateIfAbsent(key, AsBytes("x")).ok());
    ExpectStop(ErrorCode::kCorruption, key);
    ASSERT_TRUE(memory_.store.Delete(key).ok());
  }
}

TEST_F(GcBrake, FeatureThatThisCollectorDoesNotKnow) {
  RepositoryContext context = repository_.KeylessContext();
  ConfigObject config = *context.config;
  config.features.collect = 0x8000'0000;
  context.config = std::make_shared<const ConfigObject>(config);
  ExpectStopIn(context, ErrorCode::kUnsupportedVersion, "");
}

TEST_F(GcBrake, TooManyBytes) {
  repository_.Expire(live_.id);
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().Describe(),
            "nothing was deleted: 13000 of 13000 bytes in packs would be deleted, more than 90 %\n"
            "hint: look at the plan with 'pgkeep gc --dry-run'; if it is right, use --force");
  ExpectStop(ErrorCode::kRefused, "13000 of 13000");
}

TEST_F(GcBrake, ShareIsTheOperatorsChoice) {
  // Two of thirteen packs go: 15.4 %.
  ExpectStop(ErrorCode::kRefused, "2000 of 13000", {.max_delete_fraction = 0.15});
  const Result<GcReport> report =
      CollectGarbage(repository_.KeylessContext(), {.max_delete_fraction = 0.16});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->deleted_bytes, 2000u);
}

TEST_F(GcBrake, ForceOverridesTheShareOnly) {
  repository_.Expire(live_.id);
  Damage(DecisionKey(expired_.id));
  ExpectStop(ErrorCode::kCorruption, DecisionKey(expired_.id), {.force = true});
  Damage(DecisionKey(expired_.id));  // the same bit again: whole
  ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(), {.force = true}).ok());
  ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(), {.force = true}).ok());
  EXPECT_TRUE(KeysBelow(memory_.store, "p/").empty());
}

TEST_F(GcBrake, DryRunShowsWhatTheShareWouldStop) {
  repository_.Expire(live_.id);
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(), {.dry_run = true});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_THAT(report->warnings[0], HasSubstr("13000 of 13000"));
}

TEST_F(GcBrake, NonsenseShareIsRefused) {
  ExpectStopIn(repository_.KeylessContext(), ErrorCode::kInvalidArgument, "1.5",
               {.max_delete_fraction = 1.5});
}

TEST_F(GcBrake, ListingThatLacksALivePack) {
  const std::string lost = live_.references.entries()[3].name.Key();
  ASSERT_TRUE(memory_.store.Delete(lost).ok());
  ExpectStop(ErrorCode::kCorruption, lost + ", which backup " + live_.id.Hex() + " needs");
}

TEST_F(GcBrake, StoreWithWeakListings) {
  HookStore weak(memory_.store);
  storage::StoreFeatures features = memory_.store.features();
  features.strong_list = false;
  weak.SetFeatures(features);
  ExpectStop(ErrorCode::kUnsupported, weak.Url(), {}, &weak);
}

TEST_F(GcBrake, CredentialsThatMayNotDelete) {
  memory_.store.SetCanDelete(false);
  ExpectStop(ErrorCode::kPermission, memory_.store.Url());
  EXPECT_TRUE(CollectGarbage(repository_.KeylessContext(), {.dry_run = true}).ok());
}

}  // namespace
}  // namespace pgkeep::repository
