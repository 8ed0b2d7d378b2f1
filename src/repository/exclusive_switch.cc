#include "repository/exclusive_switch.h"

#include <memory>

#include "base/check.h"
#include "base/error.h"
#include "repository/config_object.h"
#include "repository/config_store.h"
#include "repository/exclusive_lease.h"

namespace pgkeep::repository {
namespace {

// A writer of before is no holder of a lease, so only its pin and heartbeats tell of it.
Status RequireSilence(const RepositoryContext& context) {
  PGK_ASSIGN_OR_RETURN(const Timestamp last, LastSignOfLife(context, Timestamp::min()));
  if (last == Timestamp::min()) return Ok();
  PGK_ASSIGN_OR_RETURN(const Timestamp now, context.store->ServerTime());
  if (now - last >= kRequestLifetime) return Ok();
  return Err(ErrorCode::kRefused, "a backup may be at work: one was last seen at {}",
             FormatUtc(last))
      .WithHint("make sure that all have ended, and try again after " +
                FormatUtc(last + kRequestLifetime));
}

Status WriteNextConfig(const RepositoryContext& context) {
  PGK_TRY(RequireSilence(context));
  PGK_TRY(CompleteConfig(context));
  ConfigObject config = *context.config;
  config.generation = context.newest_generation + 1;
  config.mode = RepositoryMode::kExclusive;
  return WriteConfig(context, config);
}

}  // namespace

Status SwitchToExclusive(const RepositoryContext& context, const std::string& holder) {
  PGK_CHECK(context.config->mode != RepositoryMode::kExclusive, "it is in exclusive mode already");
  if (context.store->features().conditional_create) {
    return Err(ErrorCode::kRefused,
               "{} creates objects conditionally, so that several may work at the same time",
               context.store->Url())
        .WithHint("leave it as it is: exclusive mode would gain nothing");
  }
  PGK_TRY(CheckConfigIsCurrent(context));
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<ExclusiveLease> lease,
                       AcquireExclusiveLease(context, holder));
  PGK_TRY(WriteNextConfig(WithLease(context, *lease)));
  return lease->Release();
}

}  // namespace pgkeep::repository
