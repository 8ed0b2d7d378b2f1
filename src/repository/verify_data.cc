#include "repository/verify_data.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/endian.h"
#include "crypto/hash.h"
#include "repository/control_access.h"
#include "repository/frame_opener.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/pack_keys.h"
#include "repository/pack_ledger.h"
#include "repository/pack_scanner.h"
#include "repository/session_object.h"
#include "repository/verify_inventory.h"
#include "repository/verify_maps.h"

namespace pgkeep::repository {
namespace {

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

// Reads packs one after the other. Keeps the key of the writer opened last: facts come by writer.
class PackChecker {
 public:
  PackChecker(const ControlAccess& control, bool open_frames, VerifyFindings& findings)
      : control_(control), open_frames_(open_frames), findings_(findings) {}

  // The frames of the data packs that were opened and found whole. The caller empties it.
  PackLedger& ledger() { return ledger_; }

  // Damage as an error for the caller to judge.
  Status Check(const PackFact& fact) {
    PGK_ASSIGN_OR_RETURN(const Bytes pack, control_.Get(fact.name.Key(), kMaxPackBytes));
    ++findings_.counts().objects;
    findings_.counts().bytes += pack.size();
    if (pack.size() != fact.size) {
      return CorruptObject(fact.name.Key(), "its size is not the one in the reference list");
    }
    if (crypto::Sha256(pack) != fact.sha256) {
      return CorruptObject(fact.name.Key(), "its sha-256 is not the one in the reference list");
    }
    return open_frames_ ? OpenFrames(fact.name, pack) : Ok();
  }

 private:
  Status OpenFrames(const PackName& name, const Bytes& pack) {
    const RepositoryContext& context = control_.context();
    if (pack.size() < kPackHeaderBytes) return CorruptObject(name.Key(), "it has no header");
    const ByteSpan header = ByteSpan(pack).first(kPackHeaderBytes);
    const bool data = name.kind == PackKind::kData;
    if (data) PGK_TRY(LoadWriterKey(name.writer));
    const ByteSpan prk = data ? writer_key_.Expose() : context.keys->meta_key();
    PGK_ASSIGN_OR_RETURN(const PackKeys keys, OpenPackHeader(header, name, context.id, prk));
    std::vector<PackLedger::Frame> frames;
    PGK_TRY(WalkPack(pack, keys, context.id, opener_,
                     data ? &context.keys->content_hmac() : nullptr,
                     [&](const ScannedFrame& frame, const FooterFrame& entry, ByteSpan) {
                       ++findings_.counts().frames;
                       if (data) {
                         frames.push_back({frame.offset, frame.header.clen, frame.header.rlen,
                                           entry.units, entry.hash});
                       }
                       return Ok();
                     }));
    if (data) ledger_.Add(name, std::move(frames));
    return Ok();
  }

  Status LoadWriterKey(const WriterId& writer) {
    if (key_of_ == writer) return Ok();
    key_of_.reset();
    const RepositoryContext& context = control_.context();
    PGK_ASSIGN_OR_RETURN(const Bytes object,
                         control_.Get(SessionKey(writer), kMaxSessionObjectBytes));
    PGK_ASSIGN_OR_RETURN(const SessionObject session,
                         DecodeSession(object, control_.Identity(writer), control_.signers()));
    PGK_ASSIGN_OR_RETURN(writer_key_, context.keys->OpenWriterKey(session, context.id, writer));
    key_of_ = writer;
    return Ok();
  }

  const ControlAccess& control_;
  const bool open_frames_;
  VerifyFindings& findings_;
  FrameOpener opener_;
  PackLedger ledger_;
  std::optional<WriterId> key_of_;
  SecretBytes writer_key_;
};

// Nothing, with a problem unless the backup has expired meanwhile, when the list is damaged.
Result<std::optional<ReferenceList>> ReadListOfLive(const ControlAccess& control,
                                                    const VerifiedBackup& backup,
                                                    VerifyFindings& findings) {
  Result<ReferenceList> references =
      control.ReadReferenceList(backup.id, backup.reference_list_sha256);
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
    PGK_ASSIGN_OR_RETURN(const std::optional<ReferenceList> references,
                         ReadListOfLive(control, backup, findings));
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
  for (const VerifiedBackup& backup : inventory.live) {
    PGK_ASSIGN_OR_RETURN(const std::optional<ReferenceList> references,
                         ReadListOfLive(control, backup, findings));
    if (references) AddFacts(options, *references, backup.id, facts, findings);
  }
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
  Progress unwatched;
  Progress& progress = options.progress != nullptr ? *options.progress : unwatched;
  progress.BeginPhase("verifying_data");
  const ControlAccess control(context);
  VerifyFindings findings;
  PGK_ASSIGN_OR_RETURN(const VerifyInventory inventory,
                       TakeInventory(control, options.backups, findings));
  PGK_ASSIGN_OR_RETURN(const std::vector<PackFact> facts,
                       CollectFacts(control, options, inventory, findings));
  uint64_t bytes = 0;
  for (const PackFact& fact : facts) bytes += fact.size;
  progress.SetTotalBytes(bytes, false);
  progress.SetTotalObjects(facts.size());
  PackChecker checker(control, options.open_frames, findings);
  for (const PackFact& fact : facts) {
    if (context.stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "stopped before all packs were read");
    }
    progress.SetObject(fact.name.Key());
    const Status checked = checker.Check(fact);
    progress.AddBytes(fact.size);
    progress.AddObjects();
    if (!checked.ok()) {
      if (!IsDamage(checked.error())) {
        return Error(checked.error()).WithContext("verifying " + fact.name.Key());
      }
      findings.AddProblem(fact.name.Key(), checked.error());
    }
    if (checker.ledger().full()) {
      PGK_TRY(CompareMaps(control, inventory, checker.ledger(), findings));
      checker.ledger() = {};
    }
  }
  if (!checker.ledger().empty()) {
    PGK_TRY(CompareMaps(control, inventory, checker.ledger(), findings));
  }
  PGK_TRY(AssignBackups(control, inventory, findings));
  return findings.Finish();
}

}  // namespace pgkeep::repository
