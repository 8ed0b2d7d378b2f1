#include "repository/verify_data.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/endian.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "crypto/hash.h"
#include "repository/control_access.h"
#include "repository/frame_opener.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/object_pool.h"
#include "repository/pack_key_cache.h"
#include "repository/pack_ledger.h"
#include "repository/pack_scanner.h"
#include "repository/request_each.h"
#include "repository/verify_inventory.h"
#include "repository/verify_maps.h"

namespace pgkeep::repository {
namespace {

// Packs that are checked at the same time: opening frames is work for two processors, and over a
// network several requests are faster than one.
constexpr unsigned kThreadsMin = 2;
constexpr unsigned kThreadsMax = 4;

// What the reference lists say about one pack: 64 bytes.
struct PackFact {
  PackName name;
  uint64_t size = 0;
  crypto::Digest32 sha256{};
};

// Whether the sample has this pack. Uniform in its name, so a larger share holds a smaller one.
bool InSample(const VerifyDataOptions& options, const PackName& pack) {
  if (options.sample_percent >= 100) return true;
  Bytes input(8);
  StoreLe64(input.data(), options.seed);
  Append(input, AsBytes(pack.Key()));
  const crypto::Digest32 digest = crypto::Sha256(input);
  const double drawn = std::ldexp(static_cast<double>(LoadLe64(digest.data())), -64);
  return drawn * 100 < options.sample_percent;
}

// Adds the chosen packs of one list; contradictions between lists are problems.
void AddFacts(const VerifyDataOptions& options, const ReferenceList& references,
              const BackupId& backup, std::vector<PackFact>& facts, VerifyFindings& findings) {
  const size_t known = facts.size();
  for (const PackEntry& entry : references.entries()) {
    if (!InSample(options, entry.name)) continue;
    const auto begin = facts.begin();
    const auto it = std::lower_bound(
        begin, begin + static_cast<std::ptrdiff_t>(known), entry.name,
        [](const PackFact& fact, const PackName& name) { return fact.name < name; });
    if (it == begin + static_cast<std::ptrdiff_t>(known) || it->name != entry.name) {
      facts.push_back({entry.name, entry.size, entry.sha256});
    } else if (it->size != entry.size || it->sha256 != entry.sha256) {
      findings.AddProblem(
          entry.name.Key(),
          Err(ErrorCode::kCorruption, "{}: reference lists disagree about its size or sha-256",
              entry.name.Key()),
          backup);
    }
  }
  std::ranges::inplace_merge(facts, facts.begin() + static_cast<std::ptrdiff_t>(known), {},
                             &PackFact::name);
}

// Reads packs, several at the same time.
class PackChecker {
 public:
  PackChecker(const ControlAccess& control, const VerifyDataOptions& options,
              VerifyFindings& findings)
      : control_(control),
        options_(options),
        keys_(control.context()),
        openers_([] { return std::make_unique<FrameOpener>(); }),
        findings_(findings),
        pool_("verify",
              std::clamp(control.context().store->features().parallel_requests, kThreadsMin,
                         kThreadsMax),
              1) {}

  // Begins to check a pack; what is wrong with it will be a finding.
  void Start(const PackFact& fact) {
    pool_.Submit([this, &fact] {
      if (failed() || control_.context().stop.stop_requested()) return;
      if (options_.progress != nullptr) options_.progress->SetObject(fact.name.Key());
      Judge(fact, Check(fact));
      if (options_.progress != nullptr) {
        options_.progress->AddBytes(fact.size);
        options_.progress->AddObjects();
      }
    });
  }

  // Whether enough frames were opened to compare them with the maps.
  bool full() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return ledger_.full();
  }

  // Waits for all that was begun; then the findings are the caller's until the next Start().
  // Returns the first error that is no damage.
  Status Finish() PGK_EXCLUDES(mutex_) {
    pool_.Drain();
    const MutexLock lock(mutex_);
    if (error_) return *error_;
    if (control_.context().stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "stopped before all packs were read");
    }
    return Ok();
  }

  // The frames of the data packs that were opened and found whole since this was called last.
  PackLedger TakeLedger() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(ledger_, {});
  }

 private:
  bool failed() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return error_.has_value();
  }

  void Judge(const PackFact& fact, const Status& checked) PGK_EXCLUDES(mutex_) {
    if (checked.ok()) return;
    const MutexLock lock(mutex_);
    if (IsDamage(checked.error())) {
      findings_.AddProblem(fact.name.Key(), checked.error());
    } else if (!error_) {
      error_ = Error(checked.error()).WithContext("verifying " + fact.name.Key());
    }
  }

  Status Check(const PackFact& fact) PGK_EXCLUDES(mutex_) {
    PGK_ASSIGN_OR_RETURN(const Bytes pack, control_.Get(fact.name.Key(), kMaxPackBytes));
    {
      const MutexLock lock(mutex_);
      ++findings_.counts().objects;
      findings_.counts().bytes += pack.size();
    }
    if (pack.size() != fact.size) {
      return CorruptObject(fact.name.Key(), "its size is not the one in the reference list");
    }
    if (crypto::Sha256(pack) != fact.sha256) {
      return CorruptObject(fact.name.Key(), "its sha-256 is not the one in the reference list");
    }
    return options_.open_frames ? OpenFrames(fact.name, pack) : Ok();
  }

  Status OpenFrames(const PackName& name, const Bytes& pack) PGK_EXCLUDES(mutex_) {
    const RepositoryContext& context = control_.context();
    if (pack.size() < kPackHeaderBytes) return CorruptObject(name.Key(), "it has no header");
    const bool data = name.kind == PackKind::kData;
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const PackKeys> keys,
                         keys_.Get(name, [&](const PackName&, MutableByteSpan header) -> Status {
                           std::copy_n(pack.begin(), header.size(), header.begin());
                           return Ok();
                         }));
    std::vector<PackLedger::Frame> frames;
    uint64_t opened = 0;
    const auto opener = openers_.Borrow();
    const Status walked =
        WalkPack(pack, *keys, context.id, *opener, data ? &context.keys->content_hmac() : nullptr,
                 [&](const ScannedFrame& frame, const FooterFrame& entry, ByteSpan) {
                   ++opened;
                   if (data) {
                     frames.push_back({frame.offset, frame.header.clen, frame.header.rlen,
                                       entry.units, entry.hash});
                   }
                   return Ok();
                 });
    const MutexLock lock(mutex_);
    findings_.counts().frames += opened;
    if (walked.ok() && data) ledger_.Add(name, std::move(frames));
    return walked;
  }

  const ControlAccess& control_;
  const VerifyDataOptions& options_;
  PackKeyCache keys_;
  ObjectPool<FrameOpener> openers_;
  Mutex mutex_;
  VerifyFindings& findings_ PGK_GUARDED_BY(mutex_);
  PackLedger ledger_ PGK_GUARDED_BY(mutex_);
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
  WorkerPool pool_;  // last: its jobs use what is above
};

// Nothing, with a problem unless the backup has expired meanwhile, when the list is damaged.
Result<std::optional<ReferenceList>> JudgeListOfLive(const ControlAccess& control,
                                                     const VerifiedBackup& backup,
                                                     Result<ReferenceList> references,
                                                     VerifyFindings& findings) {
  if (references.ok()) return std::optional<ReferenceList>(*std::move(references));
  if (!IsDamage(references.error())) return std::move(references).error();
  PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup.id)));
  if (!expired) findings.AddProblem(ReferenceListKey(backup.id), references.error(), backup.id);
  return std::optional<ReferenceList>();
}

// Which backups a bad pack hurts is looked up afterwards: lists are too large to keep them all. A
// pack that none needs any more, since its backups expired while this ran, is no problem; but only
// when every list was read can that be known.
Status AssignBackups(const ControlAccess& control, const VerifyInventory& inventory,
                     VerifyFindings& findings) {
  std::set<std::string> unassigned;
  for (const auto& [key, problem] : findings.problems()) {
    if (PackName::Parse(key).ok()) unassigned.insert(key);
  }
  if (unassigned.empty()) return Ok();
  bool all_known = !findings.counts().truncated;
  for (const VerifiedBackup& backup : inventory.live) {
    PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup.id)));
    if (expired) continue;
    PGK_ASSIGN_OR_RETURN(
        const std::optional<ReferenceList> references,
        JudgeListOfLive(control, backup,
                        control.ReadReferenceList(backup.id, backup.reference_list_sha256),
                        findings));
    if (!references) {
      PGK_ASSIGN_OR_RETURN(const bool gone, control.Exists(ExpiryKey(backup.id)));
      all_known = all_known && gone;
      continue;
    }
    for (const std::string& key : unassigned) {
      if (references->Find(*PackName::Parse(key)) == nullptr) continue;
      VerifyProblem& problem = findings.problems().at(key);
      findings.AddProblem(key, problem.error, backup.id);
    }
  }
  if (!all_known) return Ok();
  for (const std::string& key : unassigned) {
    if (findings.problems().at(key).backups.empty()) findings.problems().erase(key);
  }
  return Ok();
}

Result<std::vector<PackFact>> CollectFacts(const ControlAccess& control,
                                           const VerifyDataOptions& options,
                                           const VerifyInventory& inventory,
                                           VerifyFindings& findings) {
  std::vector<PackFact> facts;
  PGK_TRY(RequestEach(
      control.context(), inventory.live,
      [&](const VerifiedBackup& backup) {
        return control.ReadReferenceList(backup.id, backup.reference_list_sha256);
      },
      [&](const VerifiedBackup& backup, Result<ReferenceList> read) -> Status {
        PGK_ASSIGN_OR_RETURN(const std::optional<ReferenceList> references,
                             JudgeListOfLive(control, backup, std::move(read), findings));
        if (references) AddFacts(options, *references, backup.id, facts, findings);
        return Ok();
      }));
  return facts;
}

}  // namespace

Result<VerifyReport> VerifyData(const RepositoryContext& context,
                                const VerifyDataOptions& options) {
  if (!(options.sample_percent >= 0 && options.sample_percent <= 100)) {
    return Err(ErrorCode::kInvalidArgument, "a sample of {} %", options.sample_percent)
        .WithHint("give a percentage from 0 to 100");
  }
  if (options.open_frames) {
    if (context.keys == nullptr) {
      return Err(ErrorCode::kRefused, "opening frames needs a key")
          .WithHint("give a key file, or verify the packs' hashes only");
    }
    PGK_TRY(context.keys->RequireReadData("verifying data"));
  }
  if (options.progress != nullptr) options.progress->BeginPhase("verifying_data");
  const ControlAccess control(context);
  VerifyFindings findings;
  PGK_ASSIGN_OR_RETURN(const VerifyInventory inventory,
                       TakeInventory(control, options.backups, findings));
  PGK_ASSIGN_OR_RETURN(const std::vector<PackFact> facts,
                       CollectFacts(control, options, inventory, findings));
  if (options.progress != nullptr) {
    uint64_t bytes = 0;
    for (const PackFact& fact : facts) bytes += fact.size;
    options.progress->SetTotalBytes(bytes, false);
    options.progress->SetTotalObjects(facts.size());
  }
  PackChecker checker(control, options, findings);
  const auto compare = [&]() -> Status {
    PGK_TRY(checker.Finish());
    const PackLedger ledger = checker.TakeLedger();
    return ledger.empty() ? Ok() : CompareMaps(control, inventory, ledger, findings);
  };
  for (const PackFact& fact : facts) {
    checker.Start(fact);
    if (checker.full()) PGK_TRY(compare());
  }
  PGK_TRY(compare());
  PGK_TRY(AssignBackups(control, inventory, findings));
  return findings.Finish();
}

}  // namespace pgkeep::repository
