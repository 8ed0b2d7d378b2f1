#include "storage/s3/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "testing/fake_clock.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;

// Hands out numbered credentials, or what it is told.
class FakeSource final : public CredentialSource {
 public:
  explicit FakeSource(Clock& clock) : clock_(clock) {}

  Result<std::optional<S3Credentials>> Load() override {
    ++loads;
    if (fails) return Err(ErrorCode::kUnavailable, "the source is down");
    if (none) return std::optional<S3Credentials>();
    S3Credentials made;
    made.access_key = "key" + std::to_string(loads.load());
    if (lifetime > Duration::zero()) made.expires = clock_.Now() + lifetime;
    return std::optional(std::move(made));
  }

  std::atomic<int> loads = 0;
  std::atomic<bool> fails = false;
  std::atomic<bool> none = false;
  Duration lifetime = Duration::zero();

 private:
  Clock& clock_;
};

class CredentialCacheTest : public ::testing::Test {
 protected:
  CredentialCacheTest() {
    auto source = std::make_unique<FakeSource>(clock_);
    source_ = source.get();
    cache_ = std::make_unique<CredentialCache>(std::move(source), clock_);
  }

  std::string Key() {
    const auto found = cache_->Get();
    return found.ok() ? (*found)->access_key : std::string(CodeName(found.error().code()));
  }

  FakeClock clock_;
  FakeSource* source_ = nullptr;
  std::unique_ptr<CredentialCache> cache_;
};

TEST_F(CredentialCacheTest, AsksOnceForWhatNeverExpires) {
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::hours(24 * 365));
  EXPECT_EQ(Key(), "key1");
  EXPECT_EQ(source_->loads, 1);
}

TEST_F(CredentialCacheTest, RenewsFiveMinutesBeforeTheEnd) {
  source_->lifetime = std::chrono::hours(1);
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::minutes(54));
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CredentialCacheTest, GoesOnWithValidOnesWhileTheSourceIsDown) {
  source_->lifetime = std::chrono::hours(1);
  EXPECT_EQ(Key(), "key1");
  source_->fails = true;
  clock_.Advance(std::chrono::minutes(58));
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Key(), "unavailable");
  source_->fails = false;
  EXPECT_EQ(Key(), "key4");
}

TEST_F(CredentialCacheTest, GoesOnWithValidOnesWhileTheSourceHasNone) {
  source_->lifetime = std::chrono::hours(1);
  EXPECT_EQ(Key(), "key1");
  source_->none = true;
  clock_.Advance(std::chrono::minutes(58));
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Key(), "unauthenticated");
}

TEST_F(CredentialCacheTest, AsksForBetterOnesNowAndThen) {
  source_->lifetime = std::chrono::minutes(4);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Key(), "key1");
  EXPECT_EQ(source_->loads, 1);
  clock_.Advance(std::chrono::seconds(30));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Key(), "key2");
}

TEST_F(CredentialCacheTest, RejectedOnesAreNotUsedAgain) {
  const auto first = cache_->Get();
  ASSERT_TRUE(first.ok());
  cache_->Reject(*first);
  EXPECT_EQ(Key(), "key2");
  // A second thread whose request had been signed with the first ones.
  cache_->Reject(*first);
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CredentialCacheTest, HavingNoneIsAnErrorWithAHint) {
  source_->none = true;
  const auto found = cache_->Get();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kUnauthenticated);
  EXPECT_NE(found.error().hint().find("AWS_ACCESS_KEY_ID"), std::string::npos);
}

TEST_F(CredentialCacheTest, ManyThreadsAskTheSourceOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_EQ(Key(), "key1"); });
  threads.clear();
  EXPECT_EQ(source_->loads, 1);
}

}  // namespace
}  // namespace pgkeep::storage
