// What 'pgkeep check' looks at in the bucket of a repository.
#pragma once

#include <optional>
#include <string>

#include "cli/check_list.h"
#include "cli/environment.h"
#include "storage/s3/object_lock.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// What a bucket has against somebody who may overwrite its objects.
struct BucketProtection {
  bool amazon = true;  // knows policies with s3:if-none-match, which forbid it
  bool versioned = false;
  storage::BucketLock lock = {};
};

// Adds the line for credentials that may overwrite: what protects objects from them, and what
// would.
void ReportOverwriting(const BucketProtection& protection, CheckList& list);

// Adds lines about writing (may objects be created, and may they be overwritten: what
// storage/overwrite_trial.h does leaves one object), and about the rules of the bucket: whether one
// harms backups, and whether ours are there.
// REQUIRES: the address of a bucket.
void CheckBucket(const storage::StoreUrl& url, const Environment& environment, CheckList& list);

// What to warn of after an export into the store: that it stays, or that nobody can find out
// whether it does. nullopt where a rule of the bucket deletes exports in time.
std::optional<std::string> WarningOfExports(const storage::StoreUrl& url,
                                            const Environment& environment);

}  // namespace pgkeep::cli
