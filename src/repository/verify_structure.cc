#include "repository/verify_structure.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "repository/commit_witness.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/session_object.h"
#include "repository/verify_inventory.h"

namespace pgkeep::repository {
namespace {

// The packs that a listing showed, ascending: 32 bytes each.
struct ListedPack {
  PackName name;
  uint64_t size = 0;
};

// Compares what trees name with the reference list of their backup.
class ListVisitor final : public TreeVisitor {
 public:
  ListVisitor(const ReferenceList& references, const BackupId& backup, VerifyFindings& findings)
      : references_(references), backup_(backup), findings_(findings) {}

  void OnNode(const FramePlace& place) override {
    ++findings_.counts().nodes;
    CheckPlace(place);
  }

  bool OnFrame(const PackName& pack, const LeafFrame& frame) override {
    CheckPlace({pack, frame.offset, frame.clen, frame.rlen});
    return true;
  }

  // Another backup has another list.
  void OnShared(const FramePlace& place) override { CheckPlace(place); }

  void OnDamage(const Error& error) override {
    findings_.AddProblem(ManifestKey(backup_), error, backup_);
  }

 private:
  void CheckPlace(const FramePlace& place) {
    const PackEntry* entry = references_.Find(place.pack);
    if (entry == nullptr) {
      findings_.AddProblem(
          place.pack.Key(),
          Err(ErrorCode::kCorruption, "{} is needed but not in the reference list of backup {}",
              place.pack.Key(), backup_.Hex()),
          backup_);
    } else if (uint64_t{place.offset} + kFrameOverheadBytes + place.clen > entry->size) {
      findings_.AddProblem(place.pack.Key(),
                           Err(ErrorCode::kCorruption, "{} ends before a frame at {} of backup {}",
                               place.pack.Key(), place.offset, backup_.Hex()),
                           backup_);
    }
  }

  const ReferenceList& references_;
  const BackupId& backup_;
  VerifyFindings& findings_;
};

// One structural verification. One thread.
class StructureCheck {
 public:
  StructureCheck(const RepositoryContext& context, const VerifyStructureOptions& options)
      : context_(context),
        control_(context),
        options_(options),
        progress_(options.progress != nullptr ? *options.progress : unwatched_) {}

  Result<VerifyReport> Run() {
    progress_.BeginPhase("verifying_structure");
    PGK_TRY(CheckConfigs());
    PGK_ASSIGN_OR_RETURN(inventory_, TakeInventory(control_, options_.backups, findings_));
    PGK_TRY(ListPacks());
    PGK_TRY(ListSessions());
    progress_.SetTotalObjects(inventory_.live.size());
    for (const VerifiedBackup& backup : inventory_.live) {
      if (context_.stop.stop_requested()) {
        return Err(ErrorCode::kCancelled, "stopped before all backups were verified");
      }
      progress_.SetObject("backup " + backup.id.Hex());
      PGK_TRY(CheckBackup(backup));
      progress_.AddObjects();
    }
    if (options_.backups.empty()) {
      PGK_TRY(FindOrphans());
      // What this machine has seen since then is not in the past.
      if (!context_.store->features().past) PGK_TRY(CheckWitness());
    }
    return findings_.Finish();
  }

 private:
  // Records damage and goes on; returns everything else.
  Status Note(const std::string& key, const Error& error,
              const std::optional<BackupId>& backup = std::nullopt) {
    if (!IsDamage(error)) return Error(error).WithContext("verifying " + key);
    findings_.AddProblem(key, error, backup);
    return Ok();
  }

  // Each generation is there twice. What the writers use may be the copy, or an older generation.
  Status CheckConfigs() {
    std::set<uint64_t> generations = {context_.config->generation};
    for (const std::string_view prefix : {kConfigPrefix, kConfigCopyPrefix}) {
      PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> configs, control_.List(prefix));
      for (const storage::ObjectInfo& info : configs) {
        const Result<ObjectName> name = ObjectName::Parse(info.key);
        if (name.ok()) {
          generations.insert(name->number);
        } else {
          findings_.AddProblem(info.key, StrangerError(info.key));
        }
      }
    }
    for (const uint64_t generation : generations) PGK_TRY(CheckConfig(generation));
    return Ok();
  }

  Status CheckConfig(uint64_t generation) {
    ++findings_.counts().objects;
    const std::string key = ConfigKey(generation);
    const std::string copy_key = ConfigCopyKey(generation);
    PGK_ASSIGN_OR_RETURN(const std::optional<Bytes> object,
                         ReadConfigObject(key, generation, copy_key));
    PGK_ASSIGN_OR_RETURN(const std::optional<Bytes> copy,
                         ReadConfigObject(copy_key, generation, key));
    if (object && copy && !BytesEqual(*copy, *object)) {
      findings_.AddProblem(copy_key, CorruptObject(copy_key, "it differs from " + key));
    }
    return Ok();
  }

  // nullopt when it is no valid configuration, which is noted.
  Result<std::optional<Bytes>> ReadConfigObject(const std::string& key, uint64_t generation,
                                                const std::string& other_key) {
    Result<Bytes> object = control_.Get(key, kMaxConfigObjectBytes);
    if (!object.ok() && object.error().code() == ErrorCode::kNotFound) {
      findings_.AddProblem(
          key,
          Err(ErrorCode::kNotFound, "{} is missing", key).WithHint("restore it from " + other_key));
      return std::optional<Bytes>();
    }
    const Result<ConfigObject> config =
        object.ok()
            ? DecodeConfig(*object, context_.id, generation, &context_.config->operator_public_key)
            : Result<ConfigObject>(object.error());
    if (config.ok()) return std::optional(*std::move(object));
    PGK_TRY(Note(key, config.error()));
    return std::optional<Bytes>();
  }

  Status ListPacks() {
    for (const std::string_view prefix : {kMetaPackPrefix, kDataPackPrefix}) {
      PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control_.List(prefix));
      for (const storage::ObjectInfo& info : objects) {
        const Result<PackName> name = PackName::Parse(info.key);
        if (name.ok()) {
          packs_.push_back({*name, info.size});
        } else {
          findings_.AddProblem(info.key, StrangerError(info.key));
        }
      }
    }
    std::ranges::sort(packs_, {}, &ListedPack::name);
    used_.resize(packs_.size());
    findings_.counts().objects += packs_.size();
    return Ok();
  }

  Status ListSessions() {
    PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> writers,
                         control_.ListWriters(kSessionPrefix, ObjectName::Kind::kSession,
                                              ControlAccess::Strangers::kIgnore));
    sessions_.insert(writers.begin(), writers.end());
    return Ok();
  }

  // A backup that expires while it is verified may fall apart under our eyes: its problems do not
  // count then.
  Status CheckBackup(const VerifiedBackup& backup) {
    VerifyFindings kept = std::exchange(findings_, {});
    findings_.counts() = std::exchange(kept.counts(), {});
    const Status checked = CheckLiveBackup(backup);
    VerifyFindings fresh = std::exchange(findings_, std::move(kept));
    findings_.counts() = std::exchange(fresh.counts(), {});
    PGK_TRY(checked);
    if (fresh.problems().empty()) return Ok();
    PGK_ASSIGN_OR_RETURN(const bool expired, control_.Exists(ExpiryKey(backup.id)));
    if (expired) return Ok();
    for (const auto& [key, problem] : fresh.problems()) {
      findings_.AddProblem(key, problem.error, backup.id);
    }
    return Ok();
  }

  Status CheckLiveBackup(const VerifiedBackup& backup) {
    PGK_TRY(CheckSession(backup.id, backup.id));
    const Result<ReferenceList> references =
        control_.ReadReferenceList(backup.id, backup.reference_list_sha256);
    if (references.ok()) {
      ++findings_.counts().objects;
      PGK_TRY(CheckPacks(*references, backup.id));
    } else {
      PGK_TRY(Note(ReferenceListKey(backup.id), references.error(), backup.id));
    }
    return CheckManifest(backup, references.ok() ? &*references : nullptr);
  }

  // The session of `writer`, which `backup` needs to read that writer's data packs. Each is read
  // once.
  Status CheckSession(const WriterId& writer, const BackupId& backup) {
    const std::string key = SessionKey(writer);
    if (!sessions_.contains(writer)) {
      findings_.AddProblem(key,
                           Err(ErrorCode::kNotFound, "{} is missing", key)
                               .WithHint("data packs of this writer cannot be read without"),
                           backup);
      return Ok();
    }
    auto it = session_hashes_.find(writer);
    if (it == session_hashes_.end()) {
      ++findings_.counts().objects;
      const Result<Bytes> object = control_.Get(key, kMaxSessionObjectBytes);
      if (!object.ok()) return Note(key, object.error(), backup);
      const Result<SessionObject> session =
          DecodeSession(*object, control_.Identity(writer), control_.signers());
      if (!session.ok()) return Note(key, session.error(), backup);
      it = session_hashes_.emplace(writer, crypto::Sha256(*object)).first;
    }
    return Ok();
  }

  Status CheckPacks(const ReferenceList& references, const BackupId& backup) {
    for (const WriterId& writer : references.Writers()) {
      if (writer != backup) PGK_TRY(CheckSession(writer, backup));
    }
    for (const PackEntry& entry : references.entries()) {
      const auto it = std::ranges::lower_bound(packs_, entry.name, {}, &ListedPack::name);
      if (it == packs_.end() || it->name != entry.name) {
        const std::string key = entry.name.Key();
        findings_.AddProblem(key, Err(ErrorCode::kNotFound, "{} is missing", key), backup);
        continue;
      }
      used_[static_cast<size_t>(it - packs_.begin())] = true;
      if (it->size == entry.size) continue;
      findings_.AddProblem(
          entry.name.Key(),
          Err(ErrorCode::kCorruption, "{} has {} bytes, but the reference list says {}",
              entry.name.Key(), it->size, entry.size),
          backup);
    }
    return Ok();
  }

  Status CheckManifest(const VerifiedBackup& backup, const ReferenceList* references) {
    const std::string key = ManifestKey(backup.id);
    ++findings_.counts().objects;
    if (context_.keys == nullptr) {
      const Result<Bytes> object = control_.Get(key, kMaxManifestObjectBytes);
      if (!object.ok()) return Note(key, object.error(), backup.id);
      if (crypto::Sha256(*object) != backup.manifest_sha256) {
        findings_.AddProblem(
            key, CorruptObject(key, "its sha-256 is not the one that the decision names"),
            backup.id);
      }
      return Ok();
    }
    const Result<Manifest> manifest = control_.ReadManifest(backup.id, backup.manifest_sha256);
    if (!manifest.ok()) return Note(key, manifest.error(), backup.id);
    const auto session = session_hashes_.find(backup.id);
    if (session != session_hashes_.end() && manifest->session_sha256 != session->second) {
      findings_.AddProblem(key, CorruptObject(key, "it names another " + SessionKey(backup.id)),
                           backup.id);
    }
    if (manifest->reference_list_sha256 != backup.reference_list_sha256) {
      findings_.AddProblem(
          key, CorruptObject(key, "it names another " + ReferenceListKey(backup.id)), backup.id);
    }
    if (options_.walker == nullptr || references == nullptr) return Ok();
    ListVisitor visitor(*references, backup.id, findings_);
    PGK_TRY_CONTEXT("verifying the trees of backup " + backup.id.Hex(),
                    options_.walker->Walk(backup.id, *manifest, *references, visitor));
    return Ok();
  }

  // Marks the packs of bases of undecided writers, live or expired, as used.
  Status MarkBases() {
    for (const BackupId& base : inventory_.needed_bases) {
      const auto it = inventory_.reference_lists.find(base);
      if (it == inventory_.reference_lists.end()) continue;
      const Result<ReferenceList> references = control_.ReadReferenceList(base, it->second);
      if (!references.ok() && !IsDamage(references.error())) return references.error();
      if (!references.ok()) continue;
      for (const PackEntry& entry : references->entries()) {
        const auto pack = std::ranges::lower_bound(packs_, entry.name, {}, &ListedPack::name);
        if (pack != packs_.end() && pack->name == entry.name) {
          used_[static_cast<size_t>(pack - packs_.begin())] = true;
        }
      }
    }
    return Ok();
  }

  Status CheckWitness() {
    PGK_ASSIGN_OR_RETURN(const std::optional<BackupId> vanished, FindVanishedCommit(control_));
    if (vanished) findings_.AddProblem(DecisionKey(*vanished), VanishedCommitError(*vanished));
    return Ok();
  }

  Status FindOrphans() {
    PGK_TRY(MarkBases());
    std::set<WriterId> writers_in_use = inventory_.undecided;
    for (size_t i = 0; i < packs_.size(); ++i) {
      if (used_[i]) {
        writers_in_use.insert(packs_[i].name.writer);
      } else if (!inventory_.undecided.contains(packs_[i].name.writer)) {
        findings_.AddOrphan(packs_[i].name.Key(), packs_[i].size);
      }
    }
    for (const VerifiedBackup& backup : inventory_.live) writers_in_use.insert(backup.id);
    for (const WriterId& writer : sessions_) {
      if (!writers_in_use.contains(writer)) findings_.AddOrphan(SessionKey(writer), 0);
    }
    return Ok();
  }

  const RepositoryContext& context_;
  const ControlAccess control_;
  const VerifyStructureOptions& options_;
  Progress unwatched_;
  Progress& progress_;
  VerifyFindings findings_;
  VerifyInventory inventory_;
  std::vector<ListedPack> packs_;
  std::vector<bool> used_;  // beside packs_: needed by a backup or an undecided writer
  std::set<WriterId> sessions_;
  std::map<WriterId, crypto::Digest32> session_hashes_;  // of those that decode
};

}  // namespace

Result<VerifyReport> VerifyStructure(const RepositoryContext& context,
                                     const VerifyStructureOptions& options) {
  return StructureCheck(context, options).Run();
}

}  // namespace pgkeep::repository
