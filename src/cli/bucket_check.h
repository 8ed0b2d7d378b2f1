// What 'pgkeep check' looks at in the bucket of a repository.
#pragma once

#include "cli/check_list.h"
#include "cli/environment.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// Adds lines about the rules of the bucket: whether one harms backups, and whether ours are there.
// REQUIRES: the address of a bucket.
void CheckBucket(const storage::StoreUrl& url, const Environment& environment, CheckList& list);

}  // namespace pgkeep::cli
