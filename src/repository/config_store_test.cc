#include "repository/config_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "repository/garbage_collector.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/protocol_test_kit.h"
#include "repository/repository.h"
#include "repository/verify_structure.h"
#include "repository/writer_protocol.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConfigStore : public ::testing::Test {
 protected:
  ConfigStore() {
    options_.clock = &clock_;
    options_.random = &random_;
    auto created = InitRepository(store_, options_, {}, [](const NewRepository&) { return Ok(); });
    PGK_CHECK(created.ok(), "the repository is made");
    created_ = std::make_unique<NewRepository>(*std::move(created));
  }

  std::unique_ptr<Repository> Open(bool with_keys = true) {
    auto opened = TryOpen(with_keys ? &created_->keys : nullptr);
    PGK_CHECK(opened.ok(), "the repository opens");
    return *std::move(opened);
  }
  Result<std::unique_ptr<Repository>> TryOpen(const KeyBundle* keys) {
    return Repository::Open(store_, created_->id, keys, options_);
  }

  // Writes the next generation, which drops the old recipient.
  void Rotate() {
    const auto repository = Open();
    const KeyBundle rotated = created_->keys.Rotated(random_, false);
    ConfigObject config = repository->config();
    ++config.generation;
    config.recipients = {(*KeyRing::FromBundle(rotated, created_->id))->data_public_keys().back()};
    const Status written = WriteConfig(repository->context(), config);
    PGK_CHECK(written.ok(), "the generation is written");
  }

  // What somebody with the right to create objects may put there: signed by his own key.
  void Forge(uint64_t generation) {
    const KeyBundle keys = KeyBundle::Generate(random_);
    const auto ring = *KeyRing::FromBundle(keys, created_->id);
    ConfigObject config = Open()->config();
    config.generation = generation;
    config.operator_public_key = ring->operator_public_key();
    config.signers = {{ring->host_signing_key().public_key(), SignerState::kActive}};
    const auto object = EncodeConfig(config, created_->id, *ring->operator_signing_key());
    PGK_CHECK(object.ok() && store_.CreateIfAbsent(ConfigKey(generation), *object).ok(), "forged");
  }

  void Damage(const std::string& key) {
    store_.Tamper(key, [](Bytes& bytes) { bytes[60] ^= 1; });
  }

  std::vector<std::string> Problems(Repository& repository) {
    const auto report = VerifyStructure(repository.context(), {});
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    std::vector<std::string> keys;
    for (const VerifyProblem& problem : report->problems) keys.push_back(problem.key);
    return keys;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{5};
  const std::unique_ptr<testing::TestStore> owner_ = testing::MakeTestStore(clock_);
  testing::TestStore& store_ = *owner_;
  RepositoryOptions options_;
  std::unique_ptr<NewRepository> created_;
};

TEST_F(ConfigStore, CopyAloneIsARepository) {
  ASSERT_TRUE(store_.Delete("config.1").ok());
  EXPECT_EQ(*PeekRepository(store_), created_->id);
  const auto repository = Open();
  EXPECT_TRUE(Open(false)->context().config_outdated.empty());
  EXPECT_TRUE(BeginWriter(repository->context(), {}).ok());
  EXPECT_THAT(Problems(*repository), ElementsAre("config.1"));
  EXPECT_FALSE(*IsConfigComplete(repository->context()));
  ASSERT_TRUE(CompleteConfig(repository->context()).ok());
  EXPECT_TRUE(*IsConfigComplete(repository->context()));
  EXPECT_THAT(Problems(*repository), IsEmpty());
}

TEST_F(ConfigStore, LostCopyIsMadeAgain) {
  ASSERT_TRUE(store_.Delete("cfgcopy/1").ok());
  const auto repository = Open();
  EXPECT_THAT(Problems(*repository), ElementsAre("cfgcopy/1"));
  ASSERT_TRUE(CompleteConfig(repository->context()).ok());
  EXPECT_THAT(Problems(*repository), IsEmpty());
}

// A rotation that was cut off after the copy has taken place: the keys were kept before.
TEST_F(ConfigStore, CopyOfTheNextGenerationCounts) {
  Rotate();
  ASSERT_TRUE(store_.Delete("config.2").ok());
  const auto repository = Open();
  EXPECT_EQ(repository->config().generation, 2U);
  EXPECT_EQ(repository->context().newest_generation, 2U);
  EXPECT_THAT(Problems(*repository), ElementsAre("config.2"));
}

TEST_F(ConfigStore, EitherOfTheTwoMayBeDamaged) {
  Rotate();
  for (const std::string key : {"config.2", "cfgcopy/2"}) {
    const auto snapshot = store_.Save();
    Damage(key);
    const auto repository = Open();
    EXPECT_EQ(repository->config().generation, 2U) << key;
    EXPECT_TRUE(repository->context().config_outdated.empty());
    EXPECT_THAT(Problems(*repository), ElementsAre(key));
    store_.Restore(*snapshot);
  }
}

// Objects that are too large for what they are count as damaged too.
TEST_F(ConfigStore, OversizedObjectIsPassedOver) {
  Rotate();
  store_.Tamper("config.2", [](Bytes& bytes) { bytes.resize(kMaxConfigObjectBytes + 1); });
  EXPECT_EQ(Open()->config().generation, 2U);
  store_.Tamper("cfgcopy/2", [](Bytes& bytes) { bytes.resize(kMaxConfigObjectBytes + 1); });
  EXPECT_EQ(Open()->config().generation, 1U);
}

// The lost generation dropped a recipient, so whoever writes would seal to a key that is given up.
TEST_F(ConfigStore, OlderGenerationIsForReadingOnly) {
  Rotate();
  Damage("config.2");
  Damage("cfgcopy/2");
  for (const bool with_keys : {true, false}) {
    const auto repository = Open(with_keys);
    EXPECT_EQ(repository->config().generation, 1U);
    EXPECT_EQ(repository->context().newest_generation, 2U);
    const auto collected = CollectGarbage(repository->context(), {});
    ASSERT_FALSE(collected.ok());
    EXPECT_EQ(collected.error().code(), ErrorCode::kRefused);
    EXPECT_TRUE(CollectGarbage(repository->context(), {.dry_run = true}).ok());
  }
  const auto repository = Open();
  const auto ticket = BeginWriter(repository->context(), {});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(ticket.error().message(),
              HasSubstr("the repository has a newer configuration than number 1, which cannot be "
                        "read"));
  EXPECT_THAT(KeysBelow(store_, kPinPrefix), IsEmpty());
  EXPECT_THAT(Problems(*repository), ElementsAre("cfgcopy/2", "config.2"));
}

// With keys and without: who can only create objects cannot take over the repository.
TEST_F(ConfigStore, ConfigurationOfAnotherOperatorIsPassedOver) {
  Rotate();
  const ConfigObject right = Open()->config();
  Forge(9);
  for (const bool with_keys : {true, false}) {
    const auto repository = Open(with_keys);
    EXPECT_EQ(repository->config(), right);
    EXPECT_EQ(repository->context().newest_generation, 9U) << "its number is taken";
    EXPECT_TRUE(repository->context().config_outdated.empty());
    const auto current = ReadConfig(store_, created_->id, repository->context().keys.get(), {},
                                    clock_, std::stop_token());
    ASSERT_TRUE(current.ok());
    EXPECT_THAT(current->warnings, SizeIs(1));
    EXPECT_THAT(current->warnings.at(0), HasSubstr("config.9 was passed over"));
    EXPECT_THAT(Problems(*repository), ElementsAre("cfgcopy/9", "config.9"));
  }
  EXPECT_TRUE(BeginWriter(Open()->context(), {}).ok());
  EXPECT_EQ(*PeekRepository(store_), created_->id);
}

TEST_F(ConfigStore, KeysOfAnotherOperatorAreStillWrong) {
  Rotate();
  const KeyBundle stranger = KeyBundle::Generate(random_);
  EXPECT_EQ(TryOpen(&stranger).error().code(), ErrorCode::kWrongKey);
}

TEST_F(ConfigStore, UnreachableStoreIsNoDamage) {
  testing::FaultyStore faulty(store_, clock_);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = storage::StoreOperation::kGet,
                                      .key_contains = "config.",
                                      .times = 100,
                                      .code = ErrorCode::kPermission});
  const auto config = ReadConfig(faulty, created_->id, nullptr, {}, clock_, std::stop_token());
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code(), ErrorCode::kPermission);
  EXPECT_GT(faulty.fired(rule), 0U);
}

// An init that is cut off after each of its objects: the next one, or attaching, goes on from
// there.
TEST_F(ConfigStore, InitThatWasCutOffIsRecognised) {
  const auto place_owner = testing::MakeTestStore(clock_);
  testing::TestStore& place = *place_owner;
  testing::FaultyStore faulty(place, clock_);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = storage::StoreOperation::kCreateIfAbsent,
                                      .key_contains = "config.",
                                      .times = 100});
  std::unique_ptr<KeyBundle> kept;
  const auto made = InitRepository(faulty, options_, {}, [&](const NewRepository& created) {
    kept = std::make_unique<KeyBundle>(created.keys.Clone());
    return Ok();
  });
  ASSERT_FALSE(made.ok());
  EXPECT_GT(faulty.fired(rule), 0U);
  EXPECT_THAT(place.Keys(), ElementsAre("cfgcopy/1"));
  EXPECT_EQ(CheckEmpty(place, false).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_THAT(CheckEmpty(place, false).error().hint(), HasSubstr("init --attach"));
  const auto opened = Repository::Open(place, *PeekRepository(place), kept.get(), options_);
  ASSERT_TRUE(opened.ok()) << opened.error().Describe();
  ASSERT_TRUE(CompleteConfig((*opened)->context()).ok());
  EXPECT_THAT(place.Keys(), ElementsAre("cfgcopy/1", "config.1"));
}

TEST_F(ConfigStore, WhatAnEarlierInitLeftIsNamed) {
  const auto place_owner = testing::MakeTestStore(clock_);
  testing::TestStore& place = *place_owner;
  ASSERT_TRUE(CheckEmpty(place, false).ok());
  ASSERT_TRUE(place.CreateIfAbsent("key/0c1d2e3f", AsBytes("slot")).ok());
  const Status left = CheckEmpty(place, false);
  ASSERT_FALSE(left.ok());
  EXPECT_EQ(left.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_THAT(left.error().message(),
              HasSubstr("holds what a making of a repository has left: key/0c1d2e3f"));
  EXPECT_THAT(left.error().hint(), HasSubstr("remove these objects"));
  ASSERT_TRUE(place.CreateIfAbsent("letter", AsBytes("hello")).ok());
  EXPECT_THAT(CheckEmpty(place, false).error().message(), HasSubstr("is not empty"));
}

TEST_F(ConfigStore, WhatWasTriedOutWithABucketIsNothing) {
  const auto place_owner = testing::MakeTestStore(clock_);
  testing::TestStore& place = *place_owner;
  ASSERT_TRUE(place.CreateIfAbsent("probe/report.20261122T140000Z", AsBytes("{}")).ok());
  EXPECT_TRUE(CheckEmpty(place, true).ok());
  // No directory is tried out: there it is somebody's own.
  EXPECT_THAT(CheckEmpty(place, false).error().message(), HasSubstr("is not empty"));
  ASSERT_TRUE(place.CreateIfAbsent("probe/notes", AsBytes("hello")).ok());
  EXPECT_THAT(CheckEmpty(place, true).error().message(),
              HasSubstr("is not empty: it holds \"probe/notes\""));
}

}  // namespace
}  // namespace pgkeep::repository
