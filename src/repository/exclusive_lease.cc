#include "repository/exclusive_lease.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "base/endian.h"
#include "base/file.h"
#include "base/file_util.h"
#include "base/log.h"
#include "base/retry.h"
#include "repository/clean_text.h"
#include "repository/control_access.h"
#include "repository/exclusive_store.h"
#include "repository/key_ring.h"
#include "repository/lease_object.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

// How often a lease is tried for when several begin at the same time, as jobs of one schedule do.
constexpr int kAttempts = 4;
constexpr Duration kYoung = std::chrono::seconds(10);
constexpr Duration kPauseMin = std::chrono::milliseconds(200);
constexpr int kPauseSpreadMs = 1'500;

// The ids of all leases that are announced.
Result<std::vector<LeaseId>> ListLeases(const ControlAccess& control) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(kLeasePrefix));
  std::vector<LeaseId> leases;
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    leases.push_back(name->lease);
  }
  return leases;
}

// Whether none of the leases that there are now is older than kYoung.
Result<bool> AreAllLeasesYoung(const ControlAccess& control) {
  const RepositoryContext& context = control.context();
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> leases, control.List(kLeasePrefix));
  PGK_ASSIGN_OR_RETURN(const Timestamp now, context.store->ServerTime());
  return std::ranges::all_of(
      leases, [&](const storage::ObjectInfo& lease) { return now - lease.modified < kYoung; });
}

std::string BreakCommand(const LeaseId& id) { return "'pgkeep gc --break-lease " + id.Hex() + "'"; }

// What another lease says. One that cannot be read is somebody's all the same.
Error DescribeHolder(const ControlAccess& control, const LeaseId& id) {
  const Result<Bytes> object = control.Get(LeaseKey(id), kMaxLeaseObjectBytes);
  const Result<LeaseObject> lease =
      object.ok() ? DecodeLease(*object, control.context().id, id, control.signers())
                  : object.error();
  std::string who = LeaseKey(id);
  if (lease.ok() && !lease->holder.empty()) who = lease->holder;
  if (lease.ok() && lease->time) who += ", since " + FormatUtc(*lease->time);
  return Err(ErrorCode::kBusy, "{} is in use: {}", control.context().store->Url(), who)
      .WithHint("try again when that has ended; if its process is surely dead, run " +
                BreakCommand(id));
}

// A process of this machine holds the lock: it lives, so that nothing is to be broken. Between its
// lock and its lease nothing tells who it is.
Error DescribeNeighbour(const ControlAccess& control) {
  const Result<std::vector<LeaseId>> leases = ListLeases(control);
  Error error = leases.ok() && !leases->empty()
                    ? DescribeHolder(control, leases->front())
                    : Err(ErrorCode::kBusy, "{} is in use by another process of this machine",
                          control.context().store->Url());
  return std::move(error).WithHint("try again when that has ended");
}

// The local lock of exclusive mode. kBusy while a process of this machine holds it.
Result<std::unique_ptr<FileLock>> TakeLocalLock(const RepositoryContext& context) {
  PGK_TRY(CreateDirectories(*context.files, context.state_directory, 0700));
  Result<std::unique_ptr<FileLock>> lock =
      context.files->TryLock(JoinPath(context.state_directory, "exclusive.lock"));
  if (lock.ok() || lock.error().code() != ErrorCode::kBusy) return lock;
  return DescribeNeighbour(ControlAccess(context));
}

class Lease final : public ExclusiveLease {
 public:
  Lease(const RepositoryContext& context, const std::string& holder,
        std::unique_ptr<FileLock> local_lock)
      : context_(context),
        control_(context_),
        local_lock_(std::move(local_lock)),
        id_(LeaseId::New(*context.random)),
        holder_(CleanText(holder)),
        store_(*context.store, [this](std::string_view key) { return Permit(key); }) {}

  ~Lease() override {
    const Status released = Release();
    if (released.ok()) return;
    Log(LogLevel::kWarning, "lease", "{} stays and bars others: {}", LeaseKey(id_),
        released.error().ToString());
  }

  storage::ObjectStore& store() override { return store_; }

  Status CheckHeld() override {
    if (!lost_) {
      PGK_ASSIGN_OR_RETURN(const bool there, control_.Exists(LeaseKey(id_)));
      lost_ = lost_ || !there;
    }
    return lost_ ? Lost() : Ok();
  }

  Status Release() override {
    if (released_.exchange(true)) return Ok();
    lost_ = true;
    const std::vector<std::string> unsettled = store_.Unsettled();
    if (unsettled.empty()) return Withdraw();
    return Err(ErrorCode::kUnavailable, "the lease cannot be released: no answer came for {}",
               unsettled.front())
        .WithHint("that request may still arrive; run " + BreakCommand(id_) +
                  " when this is impossible, a quarter of an hour from now");
  }

  // Whether Acquire() failed because of other leases.
  bool met_others() const { return met_others_; }

  // X2 and X3: announces, looks, and withdraws when somebody else is there.
  Status Acquire() {
    PGK_TRY(Announce());
    PGK_ASSIGN_OR_RETURN(const std::vector<LeaseId> leases, ListLeases(control_));
    const auto other = std::ranges::find_if(leases, [&](const LeaseId& id) { return id != id_; });
    met_others_ = other != leases.end();
    if (met_others_) return DescribeHolder(control_, *other);
    if (leases.empty()) {
      return Err(ErrorCode::kBusy, "{} was removed as soon as it was announced", LeaseKey(id_))
          .WithHint("somebody breaks leases; try again when that has ended");
    }
    return Ok();
  }

 private:
  // What the store asks before each change: before a decision the announcement must be seen.
  Status Permit(std::string_view key) {
    if (key.starts_with(kDecisionPrefix)) return CheckHeld();
    return lost_ ? Lost() : Ok();
  }

  Error Lost() const {
    return Err(ErrorCode::kRefused, "the exclusive lease {} is lost", id_.Hex())
        .WithHint("somebody broke it or it was released; start again");
  }

  Status Announce() {
    const LeaseObject lease{.time = context_.clock->Now(), .holder = holder_, .extensions = {}};
    const Bytes object = EncodeLease(lease, context_.id, id_,
                                     context_.keys ? &context_.keys->host_signing_key() : nullptr);
    PGK_TRY(Retry(context_.retry, *context_.clock, context_.stop,
                  [&] { return context_.store->Put(LeaseKey(id_), object); }));
    return Ok();
  }

  Status Withdraw() {
    return Retry(context_.retry, *context_.clock, std::stop_token(),
                 [&] { return context_.store->Delete(LeaseKey(id_)); });
  }

  // Constant after construction.
  const RepositoryContext context_;
  const ControlAccess control_;
  const std::unique_ptr<FileLock> local_lock_;
  const LeaseId id_;
  const std::string holder_;

  bool met_others_ = false;
  std::atomic<bool> lost_ = false;
  std::atomic<bool> released_ = false;
  ExclusiveStore store_;
};

// One attempt. `contested` is set when all that bars it was announced just now: whoever did that
// has seen this one and gives way as well.
Result<std::unique_ptr<ExclusiveLease>> TryToAcquire(const RepositoryContext& context,
                                                     const std::string& holder, bool* contested) {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> local_lock, TakeLocalLock(context));
  auto lease = std::make_unique<Lease>(context, holder, std::move(local_lock));
  Status acquired = lease->Acquire();
  if (acquired.ok()) return std::unique_ptr<ExclusiveLease>(std::move(lease));
  Error error = std::move(acquired).error();
  Status withdrawn = lease->Release();
  if (!withdrawn.ok()) return std::move(error).Attach(std::move(withdrawn).error());
  if (lease->met_others()) {
    const Result<bool> young = AreAllLeasesYoung(ControlAccess(context));
    *contested = young.ok() && *young;
  }
  return error;
}

Error MayNotWithdraw(const RepositoryContext& context) {
  return Err(ErrorCode::kPermission, "exclusive mode needs credentials that may delete in {}",
             context.store->Url())
      .WithHint("allow deletion below lease/");
}

Duration RandomPause(crypto::RandomSource& random, int attempt) {
  std::array<uint8_t, 2> drawn{};
  random.Fill(drawn);
  return kPauseMin + std::chrono::milliseconds(LoadLe16(drawn.data()) % kPauseSpreadMs) * attempt;
}

}  // namespace

Status CheckMayWithdrawLease(const RepositoryContext& context) {
  if (!context.store->features().can_delete) return MayNotWithdraw(context);
  const std::string nobodys = LeaseKey(LeaseId::New(*context.random));
  Status deleted = Retry(context.retry, *context.clock, context.stop,
                         [&] { return context.store->Delete(nobodys); });
  if (deleted.ok() || deleted.error().code() != ErrorCode::kPermission) return deleted;
  return MayNotWithdraw(context).Attach(std::move(deleted).error());
}

Result<std::unique_ptr<ExclusiveLease>> AcquireExclusiveLease(const RepositoryContext& context,
                                                              const std::string& holder) {
  PGK_CHECK(!holder.empty(), "a lease names its holder");
  if (context.state_directory.empty()) {
    return Err(ErrorCode::kConfig, "exclusive mode needs a local directory for its lock")
        .WithHint("set the state directory");
  }
  // An announcement that cannot be withdrawn would bar everybody.
  PGK_TRY(CheckMayWithdrawLease(context));
  for (int attempt = 1;; ++attempt) {
    bool contested = false;
    auto lease = TryToAcquire(context, holder, &contested);
    if (lease.ok() || !contested || attempt == kAttempts) return lease;
    Status slept = context.clock->SleepFor(RandomPause(*context.random, attempt), context.stop);
    if (!slept.ok()) return std::move(slept).error().Attach(std::move(lease).error());
  }
}

RepositoryContext WithLease(const RepositoryContext& context, ExclusiveLease& lease) {
  RepositoryContext leased = context;
  leased.store = &lease.store();
  leased.lease = &lease;
  return leased;
}

Status CheckLeaseIsFree(const RepositoryContext& context) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<LeaseId> leases, ListLeases(control));
  return leases.empty() ? Ok() : Status(DescribeHolder(control, leases.front()));
}

Result<Timestamp> LastSignOfLife(const RepositoryContext& context, Timestamp announced) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> pins,
                       ControlAccess(context).List(kPinPrefix));
  Timestamp last = announced;
  for (const storage::ObjectInfo& pin : pins) last = std::max(last, pin.modified);
  return last;
}

Status BreakExclusiveLease(const RepositoryContext& context, const LeaseId& lease) {
  const auto retry = [&](auto attempt) {
    return Retry(context.retry, *context.clock, context.stop, attempt);
  };
  // A living process of this machine needs no clock to be seen.
  std::unique_ptr<FileLock> local_lock;
  if (!context.state_directory.empty()) {
    PGK_ASSIGN_OR_RETURN(local_lock, TakeLocalLock(context));
  }
  const std::string key = LeaseKey(lease);
  const Result<storage::ObjectInfo> info = retry([&] { return context.store->Head(key); });
  if (!info.ok()) {
    if (info.error().code() != ErrorCode::kNotFound) return info.error();
    return Err(ErrorCode::kNotFound, "there is no lease {}", lease.Hex())
        .WithHint("who is told that the repository is in use is told the lease too");
  }
  PGK_ASSIGN_OR_RETURN(const Timestamp last, LastSignOfLife(context, info->modified));
  PGK_ASSIGN_OR_RETURN(const Timestamp now, retry([&] { return context.store->ServerTime(); }));
  if (now - last < kRequestLifetime) {
    return Err(ErrorCode::kRefused, "the holder of lease {} may be alive: it was last seen at {}",
               lease.Hex(), FormatUtc(last))
        .WithHint("make sure that it is dead, and try again after " +
                  FormatUtc(last + kRequestLifetime));
  }
  return retry([&] { return context.store->Delete(key); });
}

}  // namespace pgkeep::repository
