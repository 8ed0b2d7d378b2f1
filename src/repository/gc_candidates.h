#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/gc_keep.h"
#include "repository/gc_view.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// A pack that nobody needs.
struct CandidatePack {
  PackName name;
  uint64_t size = 0;
};

// What may go of one decided writer.
struct WriterRubbish {
  // For the plan: "aborted", "expired" or "unused".
  std::string_view reason;
  std::vector<CandidatePack> packs;  // ascending
  // Everything else, in the order of deletion: manifest, reference list, session, heartbeats, pin.
  std::vector<std::string> rest;

  size_t objects() const { return packs.size() + rest.size(); }
};

// Everything that may go, by writer, and the totals that the brakes look at.
struct GcCandidates {
  std::map<WriterId, WriterRubbish> writers;
  uint64_t objects = 0;
  uint64_t pack_bytes = 0;
  uint64_t all_packs = 0;
  uint64_t all_pack_bytes = 0;
};

// Step G8: lists packs, manifests, reference lists and sessions, and finds what may go. Marks in
// `keep` what was listed. Of every writer of which something goes it settles the decision, and the
// expiry if there is one: reads it (an unreadable one is a brake) and, unless options.dry_run,
// makes sure that it is durable. An error is a brake, objects with strange names included.
Result<GcCandidates> FindCandidates(const ControlAccess& control, const GcOptions& options,
                                    const GcView& view, KeepSet& keep);

}  // namespace pgkeep::repository
