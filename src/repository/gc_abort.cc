#include "repository/gc_abort.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "repository/abort_decision.h"

namespace pgkeep::repository {
namespace {

// The signs of life of one undecided writer, by the store's clock.
struct Life {
  bool has_pin = false;
  Timestamp newest = Timestamp::min();
};

// Pins first, decisions second: a writer that decides in between is not called undecided.
Result<std::map<WriterId, Life>> ReadUndecided(const ControlAccess& control,
                                               std::vector<WriterId>& decided) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> pins, control.List(kPinPrefix));
  PGK_ASSIGN_OR_RETURN(decided, control.ListWriters(kDecisionPrefix, ObjectName::Kind::kDecision,
                                                    ControlAccess::Strangers::kRefuse));
  std::map<WriterId, Life> writers;
  for (const storage::ObjectInfo& info : pins) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    if (std::ranges::binary_search(decided, name->writer)) continue;
    Life& life = writers[name->writer];
    life.has_pin = life.has_pin || name->kind == ObjectName::Kind::kPin;
    life.newest = std::max(life.newest, info.modified);
  }
  // Only ids with a pin may be aborted.
  std::erase_if(writers, [](const auto& entry) { return !entry.second.has_pin; });
  return writers;
}

// Logged as well, since a brake later in the cycle takes the place of the report.
void NoteAborted(const GcOptions& options, const WriterId& writer, const std::string& reason,
                 GcReport& report) {
  if (!options.dry_run) Log(LogLevel::kInfo, "gc", "aborted writer {}: {}", writer.Hex(), reason);
  report.aborted.push_back({writer, reason});
}

Status AbortNamed(const ControlAccess& control, const GcOptions& options,
                  const std::map<WriterId, Life>& undecided, const std::vector<WriterId>& decided,
                  GcReport& report) {
  for (const WriterId& writer : options.abort_writers) {
    if (std::ranges::binary_search(decided, writer)) {
      return Err(ErrorCode::kConflict, "writer {} is not at work: it has ended", writer.Hex())
          .WithHint("run 'pgkeep gc --dry-run' to see which writers are undecided");
    }
    if (!undecided.contains(writer)) {
      return Err(ErrorCode::kNotFound, "there is no writer {}", writer.Hex())
          .WithHint("run 'pgkeep gc --dry-run' to see which writers are undecided");
    }
    const std::string reason = "by order of the operator";
    if (!options.dry_run) PGK_TRY(DecideAbort(control, writer, reason));
    NoteAborted(options, writer, reason, report);
  }
  return Ok();
}

// Aborts one writer for `reason`; a failure is a warning, as the next cycle tries again.
void AbortQuietly(const ControlAccess& control, const GcOptions& options, const WriterId& writer,
                  const std::string& reason, GcReport& report) {
  if (!options.dry_run) {
    const Status aborted = DecideAbort(control, writer, reason);
    // It has committed since the listing.
    if (!aborted.ok() && aborted.error().code() == ErrorCode::kConflict) return;
    if (!aborted.ok()) {
      report.warnings.push_back(fmt::format("writer {} could not be aborted: {}", writer.Hex(),
                                            aborted.error().ToString()));
      return;
    }
  }
  NoteAborted(options, writer, reason, report);
}

bool IsNamed(const GcOptions& options, const WriterId& writer) {
  return std::ranges::find(options.abort_writers, writer) != options.abort_writers.end();
}

// Under the lease of exclusive mode nobody else is at work, so whoever is undecided is dead.
void AbortAll(const ControlAccess& control, const GcOptions& options,
              const std::map<WriterId, Life>& undecided, GcReport& report) {
  for (const auto& [writer, life] : undecided) {
    if (IsNamed(options, writer)) continue;
    AbortQuietly(control, options, writer, "left over by a writer that died", report);
  }
}

// The newest sign of life of one writer, looked up after the time was asked: had this collector
// slept between its first listing and that, the listing would make a healthy writer look old.
Result<Timestamp> LastSign(const ControlAccess& control, const WriterId& writer) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> pins, control.List(PinKey(writer)));
  Timestamp newest = Timestamp::min();
  for (const storage::ObjectInfo& info : pins) newest = std::max(newest, info.modified);
  return newest;
}

Status AbortStale(const ControlAccess& control, const GcOptions& options,
                  const std::map<WriterId, Life>& undecided, GcReport& report) {
  if (undecided.empty()) return Ok();
  const Result<Timestamp> now = control.context().store->ServerTime();
  if (!now.ok()) {
    report.warnings.push_back("the store tells no time, so no stale writer was aborted: " +
                              now.error().ToString());
    return Ok();
  }
  for (const auto& [writer, life] : undecided) {
    if (IsNamed(options, writer)) continue;
    if (life.newest > *now + options.clock_tolerance) {
      report.warnings.push_back(
          fmt::format("writer {} was last seen in the future, at {}: it is left alone",
                      writer.Hex(), FormatUtc(life.newest)));
      continue;
    }
    if (*now - life.newest <= options.stale_after) continue;
    PGK_ASSIGN_OR_RETURN(const Timestamp newest, LastSign(control, writer));
    // Without any, another collector has just swept them: it was decided.
    if (newest == Timestamp::min() || *now - newest <= options.stale_after) continue;
    AbortQuietly(control, options, writer, "no sign of life since " + FormatUtc(newest), report);
  }
  return Ok();
}

}  // namespace

Status AbortDeadWriters(const ControlAccess& control, const GcOptions& options, GcReport& report) {
  std::vector<WriterId> decided;
  PGK_ASSIGN_OR_RETURN(const auto undecided, ReadUndecided(control, decided));
  PGK_TRY(AbortNamed(control, options, undecided, decided, report));
  if (control.context().lease != nullptr) {
    AbortAll(control, options, undecided, report);
    return Ok();
  }
  return AbortStale(control, options, undecided, report);
}

}  // namespace pgkeep::repository
