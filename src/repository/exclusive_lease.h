// Exclusive mode: for stores that cannot create conditionally. One writer or collector at a time,
// and everybody else is told to come back (exit status 75).
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// The right to change a repository in exclusive mode, held until destroyed.
//
// Two locks: a local file lock, which is exact among the processes of one machine, and an announced
// `lease/<id>` object, which keeps two machines apart: announce, then list; whoever sees another
// live lease withdraws. Announcing before looking means that of two at least one sees the other;
// both may withdraw, nobody is let in twice. See docs/format/protocol.md for what this mode cannot
// promise.
//
// One thread at a time. The destructor withdraws the announcement, best effort.
class ExclusiveLease {
 public:
  virtual ~ExclusiveLease() = default;

  // Ok while the lease is held. Once lost (this process slept too long) it stays lost: kConflict.
  virtual Status CheckHeld() = 0;

  // Withdraws now and reports whether it worked; the destructor then does nothing.
  virtual Status Release() = 0;
};

// Takes both locks for `holder` (a text for the other side's message, such as "backup on db1,
// process 42"). kBusy when somebody holds one of them, with the holder's text. Others as the store;
// nothing stays behind but perhaps an announcement that goes stale. Uses context.store's Put, List,
// Delete.
Result<std::unique_ptr<ExclusiveLease>> AcquireExclusiveLease(const RepositoryContext& context,
                                                              const std::string& holder);

}  // namespace pgkeep::repository
