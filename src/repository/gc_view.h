#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "crypto/hash.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/ids.h"
#include "repository/object_names.h"

namespace pgkeep::repository {

// What the collector keeps of one decision.
struct GcDecision {
  bool committed = false;
  crypto::Digest32 reference_list_sha256{};
};

// A writer that may still commit, and the backups whose packs it may name.
struct UndecidedWriter {
  WriterId writer;
  std::vector<BackupId> bases;
};

// One cycle's view of who is decided, expired and at work (steps G1 to G5), read in the order on
// which the proof rests.
struct GcView {
  std::vector<WriterId> expired;             // E, ascending; without what is too young
  std::vector<WriterId> decided;             // D1, ascending: only their objects may go
  std::vector<ObjectName> pins;              // P, pins and heartbeats
  std::map<WriterId, GcDecision> decisions;  // D2
  std::vector<UndecidedWriter> undecided;    // U

  bool IsExpired(const WriterId& writer) const;
  // In D1.
  bool IsDecided(const WriterId& writer) const;
  // COMMIT in D2 and not in E.
  bool IsLive(const WriterId& writer) const;
  // Nothing of this writer is needed but packs that others keep: ABORT, or COMMIT and expired, and
  // no undecided writer stands on it.
  bool IsOver(const WriterId& writer) const;
};

// Reads it. nullopt: yield, with the reason in report.yielded. An error is a brake.
Result<std::optional<GcView>> ReadGcView(const ControlAccess& control, const GcOptions& options,
                                         GcReport& report);

}  // namespace pgkeep::repository
