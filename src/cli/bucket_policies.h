// Who may do what in the bucket of a repository: policies in the language of Amazon's IAM, which
// other object stores read too. docs/s3.md tells what each is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/json.h"

namespace pgkeep::cli {

// What the policies are about.
struct PolicySubject {
  std::string bucket = {};
  std::string prefix = {};      // without a slash at its end; may be empty
  std::string region = {};      // decides about the partition: "aws", "aws-cn", "aws-us-gov"
  bool amazon = true;           // knows the condition s3:if-none-match
  uint32_t most_lock_days = 0;  // nobody may lock an object for longer
};

// The policy of a role: "host" writes backups and can neither read nor destroy them, "restore"
// reads, "maintenance" lets backups go, and "bucket" is what the bucket itself denies to all.
// kInvalidArgument for another word.
Result<Json> MakePolicy(std::string_view role, const PolicySubject& subject);

}  // namespace pgkeep::cli
