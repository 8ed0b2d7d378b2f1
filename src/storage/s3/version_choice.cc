#include "storage/s3/version_choice.h"

namespace pgkeep::storage {
namespace {

bool HaveSameContent(const S3Version& a, const S3Version& b) {
  return a.id == b.id || (a.object.size == b.object.size && a.object.etag == b.object.etag);
}

}  // namespace

void VersionChoice::See(const S3Version& version) {
  if (as_of_ && version.time > *as_of_) return;
  if (!newest_) newest_ = version;
  if (!version.deletion) oldest_ = version;
}

std::optional<S3Version> VersionChoice::chosen() const {
  if (rule_ == Rule::kOldest || !newest_) return oldest_;
  if (newest_->deletion) return std::nullopt;
  if (rule_ == Rule::kNewest) return newest_;
  return HaveSameContent(*newest_, *oldest_) ? oldest_ : std::nullopt;
}

}  // namespace pgkeep::storage
