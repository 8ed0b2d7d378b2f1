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
#include "repository/pack_scanner.h"
#include "repository/session_object.h"
#include "repository/verify_inventory.h"

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
    return WalkPack(pack, keys, context.id, opener_, data ? &context.keys->content_hmac() : nullptr,
                    [this](const ScannedFrame&, const FooterFrame&, ByteSpan) {
                      ++findings_.counts().frames;
                      return Ok();
                    });
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
  std::optional<WriterId> key_of_;
  SecretBytes writer_key_;
};

// Which backups a bad pack hurts is looked up afterwards: lists are too large to keep them all. A
// pack that none needs any more, since its backups expired while this ran, is no problem.
Status AssignBackups(const ControlAccess& control, const VerifyInventory& inventory,
                     VerifyFindings& findings) {
  std::set<std::string> unassigned;
  for (const auto& [key, problem] : findings.problems()) {
    if (PackName::Parse(key).ok()) unassigned.insert(key);
  }
  if (unassigned.empty()) return Ok();
  for (const VerifiedBackup& backup : inventory.live) {
    PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup.id)));
    if (expired) continue;
    const Result<ReferenceList> references =
        control.ReadReferenceList(backup.id, backup.reference_list_sha256);
    if (!references.ok()) continue;  // a problem of its own, reported before
    for (const std::string& key : unassigned) {
      if (references->Find(*PackName::Parse(key)) == nullptr) continue;
      VerifyProblem& problem = findings.problems().at(key);
      findings.AddProblem(key, problem.error, backup.id);
    }
  }
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
    const Result<ReferenceList> references =
        control.ReadReferenceList(backup.id, backup.reference_list_sha256);
    if (references.ok()) {
      AddFacts(options, *references, backup.id, facts, findings);
      continue;
    }
    if (!IsDamage(references.error())) return references.error();
    PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup.id)));
    if (!expired) {
      findings.AddProblem(ReferenceListKey(backup.id), references.error(), backup.id);
    }
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
  const ControlAccess control(context);
  VerifyFindings findings;
  PGK_ASSIGN_OR_RETURN(const VerifyInventory inventory,
                       TakeInventory(control, options.backups, findings));
  PGK_ASSIGN_OR_RETURN(const std::vector<PackFact> facts,
                       CollectFacts(control, options, inventory, findings));
  PackChecker checker(control, options.open_frames, findings);
  for (const PackFact& fact : facts) {
    if (context.stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "stopped before all packs were read");
    }
    const Status checked = checker.Check(fact);
    if (checked.ok()) continue;
    if (!IsDamage(checked.error())) {
      return Error(checked.error()).WithContext("verifying " + fact.name.Key());
    }
    findings.AddProblem(fact.name.Key(), checked.error());
  }
  PGK_TRY(AssignBackups(control, inventory, findings));
  return findings.Finish();
}

}  // namespace pgkeep::repository
