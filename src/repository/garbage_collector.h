// The collector's half of the protocol (docs/format/protocol.md, G0 to G10): what no live backup
// and no undecided writer can need is deleted, and nothing at the slightest doubt.
//
// Needs no keys: it reads the configuration's public keys, decisions, pins, expiries and reference
// lists, lists, and deletes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/limits.h"
#include "repository/repository_context.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

// How one cycle behaves.
struct GcOptions {
  // Abort nobody, write no plan, delete nothing; report what would go.
  bool dry_run = false;
  // Go on although more than max_delete_fraction would be deleted. Overrides no other brake.
  bool force = false;
  // Brake: the largest part of all bytes in packs that one cycle may delete, 0 to 1.
  double max_delete_fraction = 0.9;
  // Most objects that one cycle plans to delete; the rest waits for later cycles. Never more than
  // fit into one plan.
  size_t max_objects = kMaxGcPlanEntries;
  // Writers to abort whatever their heartbeats say. Each must be undecided and have a pin.
  std::vector<WriterId> abort_writers = {};
  // Undecided writers are aborted when their newest heartbeat is older, by the store's clock.
  Duration stale_after = std::chrono::hours(24);
  // A heartbeat that is more than this ahead of the store's clock proves that one of the two times
  // is wrong: that writer is never aborted by age.
  Duration clock_tolerance = std::chrono::hours(1);
  // Expiries that are younger, by the store's clock, do not count yet: time to notice one that
  // somebody else has made. To all collectors of a repository the same should be given: one that is
  // told to wait yields where another has not waited.
  Duration min_expiry_age = Duration::zero();
  // The same store, listing also those packs that somebody has overwritten, where the context's
  // store leaves them out as missing: they go like all others when nobody needs them. Null: it
  // leaves none out.
  storage::ObjectStore* overwritten_too = nullptr;
  // Told where the cycle stands: phases "reading_decisions", "reading_lists", "planning" and
  // "deleting", in which objects are what was deleted. Null: nobody asks.
  Progress* progress = nullptr;
};

// A writer that this cycle aborted.
struct AbortedWriter {
  WriterId writer;
  std::string reason;
};

// One object that could not be deleted.
struct GcFailure {
  // Empty when the cycle was stopped.
  std::string key;
  Error error;
};

// What one cycle found and did.
struct GcReport {
  // Set when the cycle ended early without fault or deletion because another cycle was at work;
  // says which object showed it. The next cycle starts anew.
  std::optional<std::string> yielded;

  std::vector<AbortedWriter> aborted;
  // For the operator: clocks that cannot be right, candidates left for a later cycle.
  std::vector<std::string> warnings;

  uint64_t live_backups = 0;
  uint64_t undecided_writers = 0;
  // Everything listed under p/ and m/.
  uint64_t packs = 0;
  uint64_t pack_bytes = 0;
  // What nobody needs any more, deleted in this cycle or not.
  uint64_t candidates = 0;
  uint64_t candidate_pack_bytes = 0;

  // The plan that this cycle wrote; empty when there was nothing to plan.
  std::string plan_key;
  // Candidates that wait for the next cycle, since the store keeps no older versions to undo with.
  uint64_t deferred = 0;
  uint64_t deleted = 0;
  uint64_t deleted_bytes = 0;
  std::vector<GcFailure> failures;

  // Ok, or the first failure with the number of all.
  Status Outcome() const;
};

// Runs one cycle. Several may run at once, and any may die anywhere, beside any number of writers.
//
// Returns an error, having deleted nothing, when a brake holds: the message names the object and
// the hint says what to do.
//   kCorruption, kWrongKey      a decision, pin, expiry or reference list that is damaged, badly
//                               signed, contradictory or, if a live backup needs it, missing
//   kUnsupportedVersion         the repository needs a newer collector
//   kRefused                    too much would be deleted (see max_delete_fraction)
//   kNotFound, kConflict        options.abort_writers: no such undecided writer
//   kPermission, kUnsupported   these credentials may not delete; this store cannot list strongly
// Single failing deletions do not end it: they are in the report, whose Outcome() is then an error.
//
// Memory: about 40 bytes per kept pack and 100 per candidate; one reference list at a time.
// Requests: twelve listings, two more with overwritten_too, and one read per decision ever made
// (their bodies are not cached), undecided pin, live reference list, expiry of a backup that still
// has objects, and stale plan; for each decided writer that still has objects to delete a read and
// a create of its decision and of its expiry, which proves that they are durable; with
// min_expiry_age the store's time too.
Result<GcReport> CollectGarbage(const RepositoryContext& context, const GcOptions& options);

}  // namespace pgkeep::repository
