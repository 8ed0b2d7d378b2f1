// Which keys below kProbePrefix pgkeep makes itself.
#pragma once

#include <string_view>

namespace pgkeep::storage {

// Whether a key of a store is one that pgkeep makes while it tries out what a bucket can do: the
// object of storage/overwrite_trial.h, a kept report ("probe/report.<time>", also with a dot and 16
// hex digits behind it), an object of a probe that might not be deleted ("probe/<hex digits>" and
// what is below that). Everything else below kProbePrefix is somebody's own.
bool IsProbeKey(std::string_view key);

}  // namespace pgkeep::storage
