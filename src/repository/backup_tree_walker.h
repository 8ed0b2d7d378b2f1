#pragma once

#include "base/result.h"
#include "repository/repository_context.h"
#include "repository/shared_leaves.h"
#include "repository/tree_walker.h"

namespace pgkeep::repository {

// Walks the trees of backups for verification: directories, indexes, leaves, blobs. Compares every
// node with what its parent says of it, and the sums over a directory with the manifest.
//
// Leaves that several backups share are read for the first of them only: use one walker for all
// backups of a verification, with visitors that judge alike. One thread at a time. Nodes come from
// the store: a local copy must not hide damage there. Memory: one path of nodes, that of NodeStore
// and of SharedLeaves.
class BackupTreeWalker : public TreeWalker {
 public:
  // `context` must outlive this. REQUIRES: context.keys.
  explicit BackupTreeWalker(const RepositoryContext& context) : context_(context) {}

  Status Walk(const BackupId& id, const Manifest& manifest, const ReferenceList& references,
              TreeVisitor& visitor) override;

 private:
  const RepositoryContext& context_;
  SharedLeaves shared_;
};

}  // namespace pgkeep::repository
