#include "storage/s3/version_choice.h"

namespace pgkeep::storage {

void VersionChoice::See(const S3Version& version) {
  if (as_of_ && version.time > *as_of_) return;
  if (rule_ == Rule::kOldest) {
    if (!version.deletion) chosen_ = version;
    return;
  }
  if (decided_) return;
  decided_ = true;
  if (!version.deletion) chosen_ = version;
}

}  // namespace pgkeep::storage
