// The seam between verification and whoever can read trees of nodes.
#pragma once

#include "base/error.h"
#include "base/result.h"
#include "repository/frame_place.h"
#include "repository/frame_table.h"
#include "repository/manifest.h"
#include "repository/reference_list.h"

namespace pgkeep::repository {

// Receives what a walk finds. Calls come from one thread. A visitor never ends the walk: it counts.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;

  // A node was read, opened, decoded, and has the id that its parent names. Once per visit.
  virtual void OnNode(const FramePlace& place) = 0;

  // A leaf or blob names a frame of the data pack `pack` (LeafFrame::pack means nothing here). Not
  // read, and may come repeatedly. False if something is wrong with it: what names it is then not
  // passed over when another backup shares it.
  virtual bool OnFrame(const PackName& pack, const LeafFrame& frame) = 0;

  // A leaf is passed over, because it was visited for another backup with nothing wrong. Called
  // once for each pack that it needs, with its frame or node that ends last there.
  virtual void OnShared(const FramePlace& place) = 0;

  // Something below the manifest cannot be read or contradicts itself; the error says where. The
  // walk goes on beside it.
  virtual void OnDamage(const Error& error) = 0;
};

// Walks the trees of backups. Implemented by the reader.
class TreeWalker {
 public:
  virtual ~TreeWalker() = default;

  // Visits everything that `manifest` (of backup `id`, with this list) reaches. Damage goes to the
  // visitor; fails only for what ends the work as such: kCancelled, kWrongKey, an unreachable
  // store.
  virtual Status Walk(const BackupId& id, const Manifest& manifest, const ReferenceList& references,
                      TreeVisitor& visitor) = 0;
};

}  // namespace pgkeep::repository
