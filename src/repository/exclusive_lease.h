// Exclusive mode: for stores that cannot create conditionally. One writer or collector at a time,
// and everybody else is told to come back (exit status 75). Normative: docs/format/protocol.md, X1
// to X6.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

// How long a request may be under way: the life of a signed one.
inline constexpr Duration kRequestLifetime = std::chrono::minutes(15);

// The right to change a repository in exclusive mode, held until destroyed.
//
// Two locks: a local file lock, which is exact among the processes of one machine, and an announced
// `lease/<id>` object, which keeps machines apart: announce, then list; whoever sees another lease
// withdraws. Announcing before looking means that of two at least one sees the other; both may
// withdraw, nobody is let in twice. A lease does not age: that of a process that died must be
// broken by an operator (BreakExclusiveLease).
//
// Thread-safe. The destructor releases, and logs a lease that must stay.
class ExclusiveLease {
 public:
  virtual ~ExclusiveLease() = default;

  // The store through which everything is written while the lease is held: it can create
  // conditionally, and refuses changes once the lease is lost. Lives as long as the lease.
  virtual storage::ObjectStore& store() = 0;

  // Asks the store whether the announcement is still there. kRefused when it is not (somebody
  // broke the lease): it stays lost, and every later change is refused. Done before every decision
  // anyway.
  virtual Status CheckHeld() = 0;

  // Withdraws the announcement; the destructor then does nothing. kUnavailable when the outcome of
  // a request is unknown: then the lease stays, since that request may still arrive.
  virtual Status Release() = 0;
};

// Takes both locks for `holder`, a text for the other side such as "backup on db1, process 42"; not
// empty.
//   kBusy        somebody holds one of them; says who and since when
//   kConfig      context.state_directory is empty: the local lock has no place
//   kPermission  these credentials may not delete, so the lease could not be released
//   others       as the store and the file system; an announcement may have stayed behind
// `context` is copied; what it points to must outlive the lease.
Result<std::unique_ptr<ExclusiveLease>> AcquireExclusiveLease(const RepositoryContext& context,
                                                              const std::string& holder);

// Ok while nobody holds a lease; else kBusy, with who does and what can be done. For reports: it
// may have changed already.
Status CheckLeaseIsFree(const RepositoryContext& context);

// `context` for work under the lease: everything goes through its store. Valid while the lease
// lives.
RepositoryContext WithLease(const RepositoryContext& context, ExclusiveLease& lease);

// When the store last heard of anybody, by its clock: `announced`, or any pin or heartbeat that
// came later. Errors as the store.
Result<Timestamp> LastSignOfLife(const RepositoryContext& context, Timestamp announced);

// Removes a lease by order of an operator, who thereby asserts that its holder is dead and that no
// request of it is under way.
//   kNotFound  there is no such lease
//   kBusy      a process of this machine is at work
//   kRefused   the holder was seen, by the lease or by any heartbeat, within kRequestLifetime
Status BreakExclusiveLease(const RepositoryContext& context, const LeaseId& lease);

}  // namespace pgkeep::repository
