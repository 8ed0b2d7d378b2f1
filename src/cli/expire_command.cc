#include "repository/expiry.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/space_reserve.h"
#include "repository/backup_list.h"

namespace pgkeep::cli {
namespace {

Json ExpiredJson(const std::vector<repository::ExpiredBackup>& expired) {
  Json list = Json::MakeArray();
  for (const repository::ExpiredBackup& backup : expired) {
    Json json = Json::MakeObject();
    json.Set("id", backup.id.Hex());
    json.Set("source", backup.source);
    json.Set("finished", backup.finished ? Json(FormatUtc(*backup.finished)) : Json());
    json.Set("already", backup.already);
    json.Set("explanation", backup.explanation);
    list.Add(std::move(json));
  }
  return list;
}

}  // namespace

Status RunExpire(const ExpireCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  repository::ExpireOptions options;
  options.reason = command.reason;
  options.dry_run = command.dry_run;
  options.force = command.force;
  for (const std::string& selector : command.backups) {
    PGK_ASSIGN_OR_RETURN(const repository::BackupId id, LookUpBackupId(backups, selector));
    options.backups.push_back(id);
  }
  const auto expire = [&]() -> Result<std::vector<repository::ExpiredBackup>> {
    if (command.dry_run) return repository::ExpireBackups(opened->context(), options);
    PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                         AcquireChangeRight(*opened, context.environment, "expire"));
    return repository::ExpireBackups(right.context, options);
  };
  PGK_ASSIGN_OR_RETURN(const auto expired,
                       command.dry_run ? expire() : WithSpaceReserve(opened->store(), expire));

  context.console.document().Set("dry_run", command.dry_run);
  context.console.document().Set("backups", ExpiredJson(expired));
  for (const repository::ExpiredBackup& backup : expired) {
    context.console.Print(fmt::format("{}: {}", ShortId(backup.id), backup.explanation));
  }
  context.console.Note(command.dry_run ? "dry run: nothing was changed"
                                       : "'pgkeep gc' frees what no other backup needs");
  return Ok();
}

}  // namespace pgkeep::cli
