#pragma once

#include "base/result.h"
#include "repository/repository.h"
#include "repository/tree_walker.h"

namespace pgkeep::repository {

// Walks the trees of backups for structural verification: directories, indexes, leaves, blobs.
//
// One thread at a time. Nodes come from the store: a local copy must not hide damage there. Memory:
// one path of nodes, and 40 bytes for each distinct node of the backup.
class BackupTreeWalker : public TreeWalker {
 public:
  // `repository` must outlive this. REQUIRES: it has keys.
  explicit BackupTreeWalker(Repository& repository) : repository_(repository) {}

  Status Walk(const BackupId& id, const Manifest& manifest, TreeVisitor& visitor) override;

 private:
  Repository& repository_;
};

}  // namespace pgkeep::repository
