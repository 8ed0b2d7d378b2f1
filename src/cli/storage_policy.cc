#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "cli/bucket_policies.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "storage/s3/address.h"

namespace pgkeep::cli {
namespace {

// Room for a round of maintenance that comes late.
constexpr uint32_t kLockSlackDays = 31;

}  // namespace

Status RunStoragePolicy(const StoragePolicyCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  const storage::StoreUrl& url = location.url;
  if (url.kind != storage::StoreUrl::Kind::kS3) {
    return Err(ErrorCode::kInvalidArgument, "{} is in no bucket", url.ToString())
        .WithHint("this command is for s3:// repositories");
  }
  PGK_ASSIGN_OR_RETURN(
      Json policy,
      MakePolicy(command.role, {.bucket = url.bucket,
                                .prefix = url.prefix,
                                .region = url.s3.region,
                                .amazon = storage::IsAmazon(url.s3),
                                .most_lock_days = url.s3.lifecycle.lock_days + kLockSlackDays}));
  Console& console = context.console;
  // Line by line, since a line break within a line is not shown as one.
  const std::string text = policy.Print();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    console.Print(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  console.document().Set("role", command.role);
  console.document().Set("repository", url.ToString());
  console.document().Set("policy", std::move(policy));
  if (command.role == "bucket" && !storage::IsAmazon(url.s3)) {
    console.Warn(
        "the policy has no condition s3:if-none-match, since only Amazon is known to have it: "
        "objects can be overwritten here, and only their older versions protect them");
  }
  return Ok();
}

}  // namespace pgkeep::cli
