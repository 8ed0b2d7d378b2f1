// Whether a store refuses to overwrite: what was written once stays only where it does, or where
// older versions are kept.
#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/object_store.h"

namespace pgkeep::storage {

// The object with which it is tried out.
inline constexpr std::string_view kOverwriteTrialKey = "probe/overwrite";

// Tries it out with kOverwriteTrialKey: makes that object if it is not there, and puts the same
// bytes over it. It stays, since not everybody may delete, so that one object serves all trials;
// where versions are kept, each overwriting that is not refused adds one of a few bytes.
//
// True if the overwriting was refused although objects may be created. kPermission if they may not
// even be created; others as the store.
Result<bool> RefusesToOverwrite(ObjectStore& store);

}  // namespace pgkeep::storage
