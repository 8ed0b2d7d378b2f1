// Structural verification: does everything that the live backups name exist and agree? Reads
// control objects and, with keys, nodes; never data packs.
#pragma once

#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"
#include "repository/tree_walker.h"
#include "repository/verify_report.h"

namespace pgkeep::repository {

// How deep to look.
struct VerifyStructureOptions {
  // Reads the trees; null: stop at the manifests. Used only with keys.
  TreeWalker* walker = nullptr;
  // Restrict to these live backups; empty: all. Orphans, and a commit of this machine that has
  // vanished (commit_witness.h), are reported only for all.
  std::vector<BackupId> backups = {};
  // Told where the work stands: phase "verifying_structure", backups as objects. Null: nobody asks.
  Progress* progress = nullptr;
};

// Without keys: the configuration, its copy and generations; every decision, expiry and pin decodes
// with a good signature; for each live backup `ses`, `man` and `ref` are there, `man` and `ref`
// have the hashes of the decision, and every pack of `ref` is listed with its size. With
// context.keys also: manifests decode and name the same `ref` and `ses`; with a walker, every node
// of every tree decodes, has its id and is what its parent says, and every frame that it names lies
// within a pack of `ref`. Whether a frame begins at that place, and has that content, is not seen
// here: what tells it is sealed with keys for data, or takes a request for each frame. VerifyData
// with open_frames compares that.
//
// Damage is in the report; errors are for what ends the work: kNotFound (a requested backup), an
// unreachable store, kCancelled, kWrongKey. Safe beside writers and the collector: what vanishes
// because its backup expired meanwhile is no problem.
Result<VerifyReport> VerifyStructure(const RepositoryContext& context,
                                     const VerifyStructureOptions& options);

}  // namespace pgkeep::repository
