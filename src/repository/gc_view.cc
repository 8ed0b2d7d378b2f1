#include "repository/gc_view.h"

#include <algorithm>
#include <utility>

#include "base/retry.h"
#include "repository/protocol_mutants.h"
#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

Result<std::vector<WriterId>> ListDecided(const ControlAccess& control) {
  return control.ListWriters(kDecisionPrefix, ObjectName::Kind::kDecision,
                             ControlAccess::Strangers::kRefuse);
}

Result<std::vector<ObjectName>> ListPins(const ControlAccess& control) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(kPinPrefix));
  std::vector<ObjectName> pins;
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    pins.push_back(*name);
  }
  return pins;
}

// Step G1. An expiry that is left out for its age is one that came later, as far as the proof goes.
Result<std::vector<WriterId>> ListExpired(const ControlAccess& control, const GcOptions& options) {
  if (options.min_expiry_age <= Duration::zero()) {
    return control.ListWriters(kExpiryPrefix, ObjectName::Kind::kExpiry,
                               ControlAccess::Strangers::kRefuse);
  }
  const RepositoryContext& context = control.context();
  PGK_ASSIGN_OR_RETURN(const Timestamp now, Retry(context.retry, *context.clock, context.stop,
                                                  [&] { return context.store->ServerTime(); }));
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(kExpiryPrefix));
  std::vector<WriterId> expired;
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    if (now - info.modified >= options.min_expiry_age) expired.push_back(name->writer);
  }
  return expired;
}

// Steps G1 to G4: the order is the proof. Returns D2.
Result<std::vector<WriterId>> ListInOrder(const ControlAccess& control, const GcOptions& options,
                                          GcView& view) {
  const bool pins_first = MutantActive(Mutant::kPinsListedFirst);
  if (pins_first) {
    PGK_ASSIGN_OR_RETURN(view.pins, ListPins(control));
  }
  PGK_ASSIGN_OR_RETURN(view.expired, ListExpired(control, options));
  PGK_ASSIGN_OR_RETURN(view.decided, ListDecided(control));
  if (!pins_first) {
    PGK_ASSIGN_OR_RETURN(view.pins, ListPins(control));
  }
  if (MutantActive(Mutant::kOneDecisionListing)) return view.decided;
  return ListDecided(control);
}

Error DecisionVanished(const WriterId& writer) {
  return Err(ErrorCode::kCorruption, "{} was listed and is gone", DecisionKey(writer))
      .WithHint(
          "decisions are never deleted: find out who does it, and restore the object from an "
          "older version or a copy of the repository");
}

Status ReadDecisions(const ControlAccess& control, const std::vector<WriterId>& decided,
                     GcView& view) {
  for (const WriterId& writer : view.decided) {
    if (!std::ranges::binary_search(decided, writer)) return DecisionVanished(writer);
  }
  return RequestEach(
      control.context(), decided,
      [&](const WriterId& writer) { return control.ReadDecision(writer); },
      [&](const WriterId& writer, Result<DecisionObject> decision) -> Status {
        if (!decision.ok()) {
          if (decision.error().code() == ErrorCode::kNotFound) return DecisionVanished(writer);
          return std::move(decision).error();
        }
        view.decisions[writer] = {.committed = decision->verdict == Verdict::kCommit,
                                  .reference_list_sha256 = decision->reference_list_sha256};
        return Ok();
      });
}

Status CheckBases(const GcView& view, const UndecidedWriter& undecided) {
  for (const BackupId& base : undecided.bases) {
    const auto it = view.decisions.find(base);
    if (it != view.decisions.end() && it->second.committed) continue;
    return Err(ErrorCode::kCorruption, "{} stands on {}, which is no committed backup",
               PinKey(undecided.writer), base.Hex())
        .WithHint("run 'pgkeep verify'; if that writer is dead, abort it with --abort-writer");
  }
  return Ok();
}

// Step G5 for one id: false = yield.
Result<bool> ReadUndecided(const ControlAccess& control, const WriterId& writer, GcView& view,
                           GcReport& report) {
  Result<PinObject> pin = control.ReadPin(writer);
  if (!pin.ok()) {
    if (pin.error().code() != ErrorCode::kNotFound) return std::move(pin).error();
    PGK_ASSIGN_OR_RETURN(const bool decided, control.Exists(DecisionKey(writer)));
    if (!decided) {
      return Err(ErrorCode::kCorruption, "{} of an undecided writer is missing", PinKey(writer))
          .WithHint("pins of undecided writers are never deleted: find out who does it");
    }
    report.yielded = PinKey(writer) + " was deleted by another collector";
    return false;
  }
  UndecidedWriter undecided{writer, std::move(pin->bases)};
  PGK_TRY(CheckBases(view, undecided));
  view.undecided.push_back(std::move(undecided));
  return true;
}

}  // namespace

bool GcView::IsExpired(const WriterId& writer) const {
  return std::ranges::binary_search(expired, writer);
}

bool GcView::IsDecided(const WriterId& writer) const {
  return std::ranges::binary_search(decided, writer);
}

bool GcView::IsLive(const WriterId& writer) const {
  const auto it = decisions.find(writer);
  return it != decisions.end() && it->second.committed && !IsExpired(writer);
}

bool GcView::IsOver(const WriterId& writer) const {
  const auto it = decisions.find(writer);
  if (!IsDecided(writer) || it == decisions.end()) return false;
  if (!it->second.committed) return true;
  return IsExpired(writer) && std::ranges::none_of(undecided, [&](const UndecidedWriter& other) {
           return std::ranges::find(other.bases, writer) != other.bases.end();
         });
}

Result<std::optional<GcView>> ReadGcView(const ControlAccess& control, const GcOptions& options,
                                         GcReport& report) {
  GcView view;
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> decided, ListInOrder(control, options, view));
  PGK_TRY(ReadDecisions(control, decided, view));
  for (const ObjectName& pin : view.pins) {
    // Heartbeats alone do not count: they may arrive late, after their pin was deleted.
    if (pin.kind != ObjectName::Kind::kPin || view.decisions.contains(pin.writer)) continue;
    PGK_ASSIGN_OR_RETURN(const bool go_on, ReadUndecided(control, pin.writer, view, report));
    if (!go_on) return std::nullopt;
  }
  return view;
}

}  // namespace pgkeep::repository
