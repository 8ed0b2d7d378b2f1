#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/shell_word.h"
#include "cli/bucket_check.h"
#include "cli/check_list.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/source_access.h"
#include "cli/source_check.h"
#include "cli/text_format.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/exclusive_lease.h"
#include "repository/key_ring.h"
#include "storage/store_util.h"

namespace pgkeep::cli {
namespace {

// With less than this no pack can be stored.
constexpr uint64_t kLeastFree = uint64_t{64} << 20;

void CheckSpace(storage::ObjectStore& store, std::optional<uint64_t> source_bytes,
                CheckList& list) {
  const auto free = store.FreeBytes();
  if (!free.ok()) return list.Bad("space", free.error());
  if (!*free) return;
  const std::string text = fmt::format(
      "{} are free{}", FormatBytes(**free),
      source_bytes ? fmt::format(", the databases have {}", FormatBytes(*source_bytes)) : "");
  if (**free < kLeastFree) {
    list.Bad("space", text, "free space, or move the repository to a larger disk");
  } else if (source_bytes && **free < *source_bytes) {
    list.Warn("space", text,
              "a first backup is smaller than the databases, but nobody knows how much: watch it, "
              "or take a larger disk");
  } else {
    list.Good("space", text);
  }
}

void CheckKeys(const OpenedRepository& opened, CheckList& list) {
  const repository::KeyRing& ring = *opened.context().keys;
  const std::string name =
      fmt::format("{} key {}", repository::KeyKindName(ring.kind()), ring.key_id());
  if (opened.keys_are_outdated()) {
    list.Warn("keys", name + ": older than the last rotation",
              "take the key file that 'pgkeep key rotate' wrote");
  } else if (ring.can_read_data()) {
    list.Good("keys", name +
                          ": this machine can read its backups, and so can whoever takes its "
                          "files");
  } else {
    list.Good("keys", name +
                          ": this machine writes backups that it cannot read; restore them where "
                          "the full key is kept");
  }
}

void CheckAccess(const storage::StoreUrl& url, const storage::ObjectStore& store, CheckList& list) {
  const Status own = storage::RequireOwnUser(store);
  if (!own.ok()) return list.Bad("access", own.error());
  if (url.kind == storage::StoreUrl::Kind::kS3) {
    return list.Good("access", url.ToString() + " can be listed and read");
  }
  if (faccessat(AT_FDCWD, url.path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return list.Bad("access", ErrnoError(errno, "writing to " + url.path)
                                  .WithHint("run pgkeep as the owner of " + ShellWord(url.path)));
  }
  list.Good("access", url.ToString() + " can be read and written");
}

// Nothing to say where several may work at the same time, and can.
void CheckMode(const repository::RepositoryContext& context, CheckList& list) {
  if (context.config->mode != repository::RepositoryMode::kExclusive) {
    const Status creates = repository::CheckCanCreate(context);
    if (!creates.ok()) list.Bad("mode", creates.error());
    return;
  }
  const Status may = repository::CheckMayWithdrawLease(context);
  if (!may.ok()) return list.Bad("mode", may.error());
  const Status free = repository::CheckLeaseIsFree(context);
  if (free.ok()) return list.Good("mode", "exclusive: one backup or clean-up works at a time");
  if (free.error().code() != ErrorCode::kBusy) return list.Bad("mode", free.error());
  list.Warn("mode", "exclusive, and " + free.error().ToString(), free.error().hint());
}

void CheckRepository(const Setup& setup, const Environment& environment,
                     std::optional<uint64_t> source_bytes, CheckList& list) {
  list.Begin("repository");
  const auto opened = OpenedRepository::Open(setup.repository, environment, KeyNeed::kRequired);
  if (!opened.ok()) return list.Bad("access", opened.error());
  CheckAccess(setup.repository.url, (*opened)->store(), list);
  CheckKeys(**opened, list);
  CheckMode((*opened)->context(), list);
  CheckSpace((*opened)->store(), source_bytes, list);
  if (setup.repository.url.kind == storage::StoreUrl::Kind::kS3) {
    CheckBucket(setup.repository.url, environment, list);
  }
}

void CheckCatalog(const Setup& setup, const Environment& environment, CheckList& list) {
  list.Begin("catalog");
  const auto catalog = OpenHistory(setup, environment);
  if (!catalog.ok()) return list.Bad("history", catalog.error());
  const Status whole = (*catalog)->CheckIntegrity();
  if (!whole.ok()) return list.Bad("history", whole.error());
  list.Good("history", setup.configuration->catalog_url);
}

Result<std::vector<const config::SourceSettings*>> SourcesToCheck(const CheckCommand& command,
                                                                  const Setup& setup) {
  std::vector<const config::SourceSettings*> sources;
  if (!command.source.empty() || !setup.configuration) {
    PGK_ASSIGN_OR_RETURN(const config::SourceSettings* source, FindSource(setup, command.source));
    sources.push_back(source);
    return sources;
  }
  for (const config::SourceSettings& source : setup.configuration->sources) {
    sources.push_back(&source);
  }
  return sources;
}

}  // namespace

Status RunCheck(const CheckCommand& command, const CommandContext& context) {
  const Environment& environment = context.environment;
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, environment));
  PGK_ASSIGN_OR_RETURN(const auto sources, SourcesToCheck(command, setup));
  CheckList list;
  std::optional<uint64_t> bytes = 0;
  for (const config::SourceSettings* source : sources) {
    const auto size = CheckSource(*source, environment, list);
    bytes = bytes && size ? std::optional(*bytes + *size) : std::nullopt;
    if (environment.stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "the check was interrupted");
    }
  }
  if (sources.empty()) {
    list.Begin("sources");
    list.Warn("none", "the configuration has no [source.NAME]",
              "add one with conninfo = \"host=... user=... dbname=...\"");
    bytes.reset();
  }
  CheckRepository(setup, environment, bytes, list);
  CheckCatalog(setup, environment, list);
  list.Show(context.options.quiet, context.console);
  const size_t bad = list.Number(CheckState::kBad);
  if (bad == 0) {
    const size_t warnings = list.Number(CheckState::kWarning);
    context.console.Note(warnings == 0
                             ? "all is well"
                             : fmt::format("a backup works; {}", Count(warnings, "warning")));
    return Ok();
  }
  return Err(ErrorCode::kUnavailable, "{} in the way of a backup",
             bad == 1 ? "1 thing is" : fmt::format("{} things are", bad))
      .WithHint("mend what the lines with FAIL say, then check again");
}

}  // namespace pgkeep::cli
