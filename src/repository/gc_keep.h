#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/gc_view.h"
#include "repository/ids.h"
#include "repository/reference_list.h"

namespace pgkeep::repository {

// The packs that must stay, as a sorted array: 28 bytes per pack, twice that while it is built.
//
// States: collecting (Add) -> sealed (Seal); everything else needs a sealed set. One thread at a
// time.
class KeepSet {
 public:
  // Adds all packs of a list. `live`: a live backup needs them, so each must be found by the
  // listing; otherwise they are kept for an undecided writer, whose base may go under the
  // collector's eyes.
  void Add(const ReferenceList& references, bool live);

  void Seal();

  bool Contains(const PackName& pack) const;

  // The same; if so, notes that the listing showed the pack.
  bool ContainsListed(const PackName& pack);

  // Whether the set has any pack of this writer.
  bool HoldsPackOf(const WriterId& writer) const;

  // A pack of a live backup that was not listed; null when there is none. Borrows.
  const PackName* FirstUnlisted() const;

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PackName name;
    bool live = false;
    bool listed = false;
  };
  void Compact();
  // Where the pack is; entries_.size() if it is not there.
  size_t IndexOf(const PackName& pack) const;

  std::vector<Entry> entries_;
  size_t compact_at_ = size_t{1} << 16;
  bool sealed_ = false;
};

// Steps G6 and G7: reads the reference lists of all live backups and of the bases of undecided
// writers. A writer whose base is gone is aborted here (with dry_run: treated so), and its bases
// are dropped from `view`. False: yield, with the reason in report.yielded. An error is a brake.
Result<bool> CollectKept(const ControlAccess& control, const GcOptions& options, GcView& view,
                         KeepSet& keep, GcReport& report);

// After the packs were listed: every pack of a live backup must have been seen. False: yield, since
// a backup has expired meanwhile. kCorruption names a missing pack and a backup that needs it.
Result<bool> CheckKeptWereListed(const ControlAccess& control, const GcView& view,
                                 const KeepSet& keep, GcReport& report);

}  // namespace pgkeep::repository
