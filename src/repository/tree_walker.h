// The seam between structural verification and whoever can read trees of nodes.
#pragma once

#include "base/error.h"
#include "base/result.h"
#include "repository/frame_place.h"
#include "repository/manifest.h"

namespace pgkeep::repository {

// Receives what a walk finds. Calls come from one thread. A visitor never ends the walk: it counts.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;

  // A node was read, opened, decoded, and has the id that its parent names. Once per distinct node.
  virtual void OnNode(const FramePlace& place) = 0;

  // A leaf or blob names `units` units of a frame of a data pack. Not read, and may come
  // repeatedly.
  virtual void OnFrame(const FramePlace& place, uint32_t units) = 0;

  // Something below the manifest cannot be read or contradicts itself; the error says where. The
  // walk goes on beside it.
  virtual void OnDamage(const Error& error) = 0;
};

// Walks the trees of backups. Implemented by the reader.
class TreeWalker {
 public:
  virtual ~TreeWalker() = default;

  // Visits everything that `manifest` (of backup `id`) reaches. Damage goes to the visitor; fails
  // only for what ends the work as such: kCancelled, kWrongKey, an unreachable store.
  virtual Status Walk(const BackupId& id, const Manifest& manifest, TreeVisitor& visitor) = 0;
};

}  // namespace pgkeep::repository
