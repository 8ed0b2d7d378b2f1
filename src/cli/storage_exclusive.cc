// pgkeep storage exclusive
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/repository_access.h"
#include "repository/config_object.h"
#include "repository/exclusive_switch.h"
#include "storage/store_util.h"

namespace pgkeep::cli {

Status RunStorageExclusive(const StorageExclusiveCommand& /*command*/,
                           const CommandContext& context) {
  const Environment& environment = context.environment;
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kRequired));
  PGK_TRY(storage::RequireOwnUser(opened->store()));
  const bool before = opened->context().config->mode == repository::RepositoryMode::kExclusive;
  constexpr char kWork[] = "storage exclusive";
  PGK_TRY(before
              ? CompleteConfig(*opened, environment, kWork)
              : repository::SwitchToExclusive(opened->context(), HolderName(environment, kWork)));
  Console& console = context.console;
  console.document().Set("repository", location.url.ToString());
  console.document().Set("changed", !before);
  console.Print(fmt::format("{} is in exclusive mode{}", location.url.ToString(),
                            before ? " already" : " now"));
  console.Note("One backup or clean-up works at a time; who comes second ends with status 75.");
  return Ok();
}

}  // namespace pgkeep::cli
