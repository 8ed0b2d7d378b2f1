#include "storage/s3/credentials.h"

#include <utility>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

// A request takes minutes at most, and new credentials are there long before the old ones end.
constexpr Duration kRefreshBefore = std::chrono::minutes(5);

// Between two tries to replace what is still valid.
constexpr Duration kAskAgainAfter = std::chrono::seconds(30);

Error NoCredentials() {
  return Err(ErrorCode::kUnauthenticated, "there are no S3 credentials")
      .WithHint(
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials");
}

}  // namespace

CredentialCache::CredentialCache(std::unique_ptr<CredentialSource> source, Clock& clock)
    : source_(std::move(source)), clock_(clock) {}

bool CredentialCache::IsFresh() const {
  return current_ != nullptr &&
         (!current_->expires || *current_->expires - clock_.Now() > kRefreshBefore);
}

bool CredentialCache::IsUsable() const {
  return current_ != nullptr && (!current_->expires || *current_->expires > clock_.Now());
}

Result<std::shared_ptr<const S3Credentials>> CredentialCache::Get() {
  {
    const MutexLock lock(mutex_);
    const bool wait = loading_ || clock_.Now() < ask_again_;
    if (IsFresh() || (wait && IsUsable())) return current_;
    changed_.Wait(mutex_, {}, [this]() PGK_REQUIRES(mutex_) { return !loading_; });
    if (IsFresh()) return current_;
    loading_ = true;
  }
  Result<std::optional<S3Credentials>> loaded = source_->Load();
  const MutexLock lock(mutex_);
  loading_ = false;
  changed_.NotifyAll();
  ask_again_ = clock_.Now() + kAskAgainAfter;
  if (loaded.ok() && *loaded) {
    current_ = std::make_shared<const S3Credentials>(**std::move(loaded));
    return current_;
  }
  // A source that has none any more may be one that does not answer in passing.
  if (IsUsable()) return current_;
  return loaded.ok() ? NoCredentials() : std::move(loaded).error();
}

void CredentialCache::Reject(const std::shared_ptr<const S3Credentials>& credentials) {
  const MutexLock lock(mutex_);
  // Another thread may have got new ones already.
  if (current_ == credentials) current_ = nullptr;
}

}  // namespace pgkeep::storage
