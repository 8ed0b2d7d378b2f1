#include "repository/gc_candidates.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/retry.h"
#include "repository/limits.h"
#include "repository/protocol_mutants.h"

namespace pgkeep::repository {
namespace {

// Whether the objects of this id may be looked at. Undecided writers and archivers are never
// touched.
bool MayTouch(const GcView& view, const WriterId& writer) {
  return view.IsDecided(writer) || MutantActive(Mutant::kUndecidedNotKept);
}

// What one complete listing of packs shows.
struct PackListing {
  std::vector<CandidatePack> candidates;
  uint64_t packs = 0;
  uint64_t bytes = 0;
};

// Whether a pack that was listed must stay.
using KeepQuestion = std::function<bool(const PackName&)>;

Result<PackListing> ListPacksOnce(storage::ObjectStore& store, std::string_view prefix,
                                  const GcView& view, const KeepQuestion& kept) {
  PackListing listing;
  PGK_TRY(storage::ListAll(store, prefix, [&](const storage::ObjectInfo& info) -> Status {
    const Result<PackName> name = PackName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    ++listing.packs;
    listing.bytes += info.size;
    if (!kept(*name) && MayTouch(view, name->writer)) {
      listing.candidates.push_back({*name, info.size});
    }
    return Ok();
  }));
  return listing;
}

// What is kept must be in the listing of the context's store, whole; what may go is found in the
// larger one, if there is one. It depends on names alone, so neither order nor time between the two
// matters.
Status FindPacks(const ControlAccess& control, const GcOptions& options, std::string_view prefix,
                 const GcView& view, KeepSet& keep, GcCandidates& candidates) {
  const RepositoryContext& context = control.context();
  const auto list = [&](storage::ObjectStore& store, const KeepQuestion& kept) {
    return Retry(context.retry, *context.clock, context.stop,
                 [&] { return ListPacksOnce(store, prefix, view, kept); });
  };
  PGK_ASSIGN_OR_RETURN(PackListing listing, list(*context.store, [&](const PackName& pack) {
                         return keep.ContainsListed(pack);
                       }));
  if (options.overwritten_too != nullptr) {
    PGK_ASSIGN_OR_RETURN(listing, list(*options.overwritten_too,
                                       [&](const PackName& pack) { return keep.Contains(pack); }));
  }
  candidates.all_packs += listing.packs;
  candidates.all_pack_bytes += listing.bytes;
  for (const CandidatePack& pack : listing.candidates) {
    candidates.writers[pack.name.writer].packs.push_back(pack);
    candidates.pack_bytes += pack.size;
  }
  return Ok();
}

// Objects of which a writer has one, where they go once the writer is over.
Status FindSingles(const ControlAccess& control, std::string_view prefix, ObjectName::Kind kind,
                   const GcView& view, const KeepSet& keep, GcCandidates& candidates) {
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> writers,
                       control.ListWriters(prefix, kind, ControlAccess::Strangers::kRefuse));
  for (const WriterId& writer : writers) {
    if (!view.IsOver(writer)) continue;
    // A kept pack can be read only with the key in its writer's session.
    if (kind == ObjectName::Kind::kSession && keep.HoldsPackOf(writer) &&
        !MutantActive(Mutant::kSessionWithLivePacks)) {
      continue;
    }
    candidates.writers[writer].rest.push_back(
        ObjectName{.kind = kind, .writer = writer, .lease = {}, .number = 0}.Key());
  }
  return Ok();
}

// A decided writer needs no pin, over or not. Heartbeats first: a pin without them is still a pin.
void FindPins(const GcView& view, GcCandidates& candidates) {
  for (const ObjectName::Kind kind : {ObjectName::Kind::kHeartbeat, ObjectName::Kind::kPin}) {
    for (const ObjectName& pin : view.pins) {
      if (pin.kind == kind && view.IsDecided(pin.writer)) {
        candidates.writers[pin.writer].rest.push_back(pin.Key());
      }
    }
  }
}

void AddMutantRests(const GcView& view, GcCandidates& candidates) {
  for (auto& [writer, rubbish] : candidates.writers) {
    if (!view.IsOver(writer)) continue;
    if (MutantActive(Mutant::kDecisionDeleted)) rubbish.rest.push_back(DecisionKey(writer));
    if (MutantActive(Mutant::kExpiryDeleted)) rubbish.rest.push_back(ExpiryKey(writer));
  }
}

// Reads what deletions rest on and makes sure that it is durable. That it can be read is not
// enough: whoever created it may have died, or failed, before it was on the disk, and a power cut
// could take it back after the packs have gone. A create of the same bytes is answered only when it
// is.
Result<Bytes> ReadDurably(const ControlAccess& control, const std::string& key, size_t max_bytes,
                          bool dry_run) {
  PGK_ASSIGN_OR_RETURN(Bytes object, control.Get(key, max_bytes));
  if (dry_run) return object;
  const RepositoryContext& context = control.context();
  if (context.lease == nullptr) {
    PGK_TRY(control.Create(key, object));
    return object;
  }
  // Creating is looking and putting there, and looking proves nothing.
  PGK_TRY(Retry(context.retry, *context.clock, context.stop,
                [&] { return context.store->Put(key, object); }));
  return object;
}

// Names the reasons, and settles the decisions and expiries on which deletions rest.
Status Justify(const ControlAccess& control, const GcView& view, bool dry_run,
               GcCandidates& candidates) {
  for (auto& [writer, rubbish] : candidates.writers) {
    candidates.objects += rubbish.objects();
    const auto decision = view.decisions.find(writer);
    const bool committed = decision != view.decisions.end() && decision->second.committed;
    rubbish.reason = !committed ? "aborted" : view.IsOver(writer) ? "expired" : "unused";
    if (decision != view.decisions.end() && !dry_run) {
      PGK_TRY_CONTEXT("checking the decision of " + writer.Hex(),
                      ReadDurably(control, DecisionKey(writer), kMaxDecisionObjectBytes, false));
    }
    if (!committed || !view.IsOver(writer)) continue;
    const Result<Bytes> object =
        ReadDurably(control, ExpiryKey(writer), kMaxExpiryObjectBytes, dry_run);
    const Result<ExpiryObject> expiry =
        object.ok() ? DecodeExpiry(*object, control.Identity(writer), control.signers())
                    : object.error();
    if (expiry.ok()) continue;
    return Error(expiry.error()).WithContext("checking the expiry of backup " + writer.Hex());
  }
  return Ok();
}

}  // namespace

Result<GcCandidates> FindCandidates(const ControlAccess& control, const GcOptions& options,
                                    const GcView& view, KeepSet& keep) {
  GcCandidates candidates;
  PGK_TRY(FindPacks(control, options, kDataPackPrefix, view, keep, candidates));
  PGK_TRY(FindPacks(control, options, kMetaPackPrefix, view, keep, candidates));
  using Kind = ObjectName::Kind;
  PGK_TRY(FindSingles(control, kManifestPrefix, Kind::kManifest, view, keep, candidates));
  PGK_TRY(FindSingles(control, kReferenceListPrefix, Kind::kReferenceList, view, keep, candidates));
  PGK_TRY(FindSingles(control, kSessionPrefix, Kind::kSession, view, keep, candidates));
  FindPins(view, candidates);
  AddMutantRests(view, candidates);
  PGK_TRY(Justify(control, view, options.dry_run, candidates));
  return candidates;
}

}  // namespace pgkeep::repository
