// How a backup begins: on which backups it stands, and what of them is fit for use.
#pragma once

#include <set>

#include "base/result.h"
#include "repository/ids.h"
#include "repository/local_pack_cache.h"
#include "repository/manifest.h"
#include "repository/repository_context.h"
#include "repository/writer_protocol.h"

namespace pgkeep::repository {

struct BackupSpec;

// A writer that was admitted.
struct BegunBackup {
  WriterTicket ticket;
  SourceSequence sequence;
  // Packs of the bases that are gone, or whose writer key is: their units are stored again.
  std::set<PackName> lost;
};

// What can be refused before anything is asked or locked: kInvalidArgument for a source whose name
// is not clean text (no backup of it would be found again), kRefused for a host key that is
// retired.
Status CheckMayBegin(const RepositoryContext& context, const BackupSpec& spec);

// Chooses the bases and begins a writer, anew when a base expires at that moment, and without a
// base that turns out to be damaged. Lets go of local copies that no live backup needs. Warns of
// damage; it is no error. Errors as BeginWriter. REQUIRES: CheckMayBegin; in exclusive mode, the
// lease.
Result<BegunBackup> BeginBackup(const RepositoryContext& context, const BackupSpec& spec,
                                LocalPackCache& cache);

}  // namespace pgkeep::repository
