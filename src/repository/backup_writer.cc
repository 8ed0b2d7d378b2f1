#include "repository/backup_writer.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"
#include "repository/backup_list.h"
#include "repository/base_choice.h"
#include "repository/commit_witness.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/directory_builder.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/local_pack_cache.h"

namespace pgkeep::repository {

namespace {

// A base that expires between the choice and the pin is chosen anew; this often in a row is not
// chance any more.
constexpr int kBeginAttempts = 3;

Status CheckMayWrite(const RepositoryContext& context) {
  PGK_TRY(RequireFeatures(*context.config, FeatureUse::kWrite));
  const SignerSet signers(context.config->signers);
  return signers.RequireActive(context.keys->host_signing_key().public_key());
}

struct Begun {
  WriterTicket ticket;
  SourceSequence sequence;
};

// Without this the copies of expired backups would fill the disk. Those of all live backups stay,
// since other sources of this host share the cache.
void EvictCopies(LocalPackCache& cache, std::span<const BackupSummary> live,
                 std::span<const BaseBackup> bases) {
  std::set<WriterId> writers;
  for (const BackupSummary& backup : live) writers.insert(backup.id);
  cache.Retain([&](const PackName& pack) {
    return writers.contains(pack.writer) || std::ranges::any_of(bases, [&](const BaseBackup& base) {
             return base.references.Find(pack) != nullptr;
           });
  });
}

// A repository that lost backups still takes new ones: stopping would only add to the loss.
Status WarnOfVanishedCommit(const RepositoryContext& context) {
  PGK_ASSIGN_OR_RETURN(const std::optional<BackupId> vanished,
                       FindVanishedCommit(ControlAccess(context)));
  if (vanished) {
    Log(LogLevel::kWarning, "repository", "{}", VanishedCommitError(*vanished).Describe());
  }
  return Ok();
}

Result<Begun> BeginWithBase(const RepositoryContext& context, const BackupSpec& spec,
                            LocalPackCache& cache) {
  for (int attempt = 1;; ++attempt) {
    PGK_ASSIGN_OR_RETURN(const std::vector<BackupSummary> backups, ListBackups(context));
    BaseChoice choice = ChooseBases(backups, spec.source, spec.kind, spec.incremental);
    Result<WriterTicket> ticket =
        BeginWriter(context, {std::move(choice.bases), spec.client_version});
    if (ticket.ok()) {
      EvictCopies(cache, backups, ticket->bases);
      return Begun{*std::move(ticket), choice.sequence};
    }
    if (ticket.error().code() != ErrorCode::kConflict || attempt == kBeginAttempts) {
      return std::move(ticket).error();
    }
  }
}

// Packs of the bases that the store has lost: what was in them is stored again.
Result<std::set<PackName>> FindLostPacks(const RepositoryContext& context,
                                         const WriterTicket& ticket) {
  std::set<PackName> lost;
  for (const BaseBackup& base : ticket.bases) {
    PGK_ASSIGN_OR_RETURN(const std::vector<PackEntry> missing,
                         FindMissingPacks(context, base.references));
    for (const PackEntry& entry : missing) lost.insert(entry.name);
  }
  return lost;
}

Status CheckSpec(const StreamSpec& spec) {
  StreamEntry entry;
  entry.name = spec.name;
  entry.identity = spec.identity;
  entry.attributes = spec.attributes;
  entry.kind = spec.kind;
  entry.unit_size = spec.unit_size;
  const Status valid = ValidateStreamEntry(entry);
  if (!valid.ok()) return Err(ErrorCode::kInvalidArgument, "{}", valid.error().ToString());
  if (spec.unit_size > kMaxUnitBytes) {
    return Err(ErrorCode::kInvalidArgument, "a fixed unit size may be {} at most, not {}",
               kMaxUnitBytes, spec.unit_size);
  }
  return Ok();
}

// In exclusive mode everything is written through the lease's store.
RepositoryContext ContextUnder(ExclusiveLease* lease, const Repository& repository) {
  return lease == nullptr ? repository.context() : WithLease(repository.context(), *lease);
}

}  // namespace

SubtreeWriter::SubtreeWriter(BackupWriter& writer, SubtreeSpec spec, const SubtreeEntry* base)
    : writer_(writer), spec_(std::move(spec)) {
  if (base != nullptr) base_ = std::make_unique<DirectoryMap>(writer.session().nodes(), *base);
}

Result<std::unique_ptr<StreamMap>> SubtreeWriter::BaseStream(const StreamSpec& spec) {
  if (!base_) return nullptr;
  Result<std::optional<StreamEntry>> found = base_->Find(spec.name);
  if (!found.ok()) {
    // A damaged directory costs one full backup of what is below it, not the backup.
    if (IsDamage(found.error())) return nullptr;
    return std::move(found).error();
  }
  if (!found->has_value()) return nullptr;
  StreamEntry& entry = **found;
  if (entry.identity != spec.identity || entry.kind != spec.kind ||
      entry.unit_size != spec.unit_size) {
    return nullptr;
  }
  return std::make_unique<StreamMap>(writer_.session().nodes(), std::move(entry));
}

Result<std::unique_ptr<StreamWriter>> SubtreeWriter::OpenStream(StreamSpec spec) {
  PGK_TRY(CheckSpec(spec));
  {
    const MutexLock lock(mutex_);
    if (!streams_.try_emplace(spec.name, std::nullopt).second) {
      return Err(ErrorCode::kAlreadyExists, "stream \"{}\" is already in the backup",
                 PrintableName(spec.name));
    }
  }
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<StreamMap> base, BaseStream(spec));
  return std::make_unique<StreamWriter>(
      writer_.session(), counters_, std::move(spec), std::move(base),
      [this](StreamEntry entry) { return AddStream(std::move(entry)); });
}

Status SubtreeWriter::AddStream(StreamEntry entry) {
  const MutexLock lock(mutex_);
  std::string name = entry.name;
  streams_.insert_or_assign(std::move(name), std::move(entry));
  return Ok();
}

Status SubtreeWriter::Finish(std::optional<Bytes> attributes) {
  std::map<std::string, StreamEntry> streams;
  {
    const MutexLock lock(mutex_);
    for (auto& [name, entry] : streams_) {
      if (entry) streams.emplace_hint(streams.end(), name, *std::move(entry));
    }
    streams_.clear();
  }
  std::map<NodeId, NodePointer> known;
  if (base_) {
    Result<std::map<NodeId, NodePointer>> nodes = base_->NodesById();
    // What cannot be read cannot be named again; it is then written anew.
    if (nodes.ok()) known = *std::move(nodes);
  }
  SubtreeEntry subtree{.name = spec_.name,
                       .snapshot_time = spec_.snapshot_time,
                       .attributes = attributes ? *std::move(attributes) : spec_.attributes,
                       .directory = {},
                       .streams = streams.size(),
                       .new_units = counters_.new_units,
                       .new_bytes = counters_.new_bytes,
                       .stored_bytes = counters_.stored_bytes};
  for (const auto& [name, entry] : streams) {
    subtree.units += entry.units;
    subtree.bytes += entry.bytes;
  }
  PGK_ASSIGN_OR_RETURN(subtree.directory, BuildDirectory(writer_.session(), streams, known));
  return writer_.AddSubtree(std::move(subtree));
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::Begin(Repository& repository, BackupSpec spec,
                                                          WriterOptions options) {
  PGK_TRY(CheckMayWrite(repository.context()));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<ExclusiveLease> lease,
                       repository.LockIfExclusive("backup of " + spec.source));
  const RepositoryContext context = ContextUnder(lease.get(), repository);
  PGK_TRY(WarnOfVanishedCommit(context));
  PGK_ASSIGN_OR_RETURN(Begun begun, BeginWithBase(context, spec, repository.local_cache()));
  PGK_ASSIGN_OR_RETURN(std::set<PackName> lost, FindLostPacks(context, begun.ticket));
  return std::unique_ptr<BackupWriter>(new BackupWriter(repository, std::move(spec), options,
                                                        std::move(lease), std::move(begun.ticket),
                                                        std::move(lost), begun.sequence));
}

BackupWriter::BackupWriter(Repository& repository, BackupSpec spec, const WriterOptions& options,
                           std::unique_ptr<ExclusiveLease> lease, WriterTicket ticket,
                           std::set<PackName> missing, std::optional<SourceSequence> sequence)
    : context_(ContextUnder(lease.get(), repository)),
      spec_(std::move(spec)),
      lease_(std::move(lease)),
      ticket_(std::move(ticket)),
      sequence_(sequence),
      heartbeat_(context_, ticket_.writer),
      session_(context_, ticket_, options, std::move(missing), &repository.local_cache()) {
  if (options.heartbeat_thread) {
    heartbeat_thread_ = std::make_unique<HeartbeatThread>(context_, ticket_.writer);
  }
}

BackupWriter::~BackupWriter() = default;

Result<std::unique_ptr<SubtreeWriter>> BackupWriter::OpenSubtree(SubtreeSpec spec) {
  if (spec.name.empty() || spec.name.size() > kMaxSubtreeNameBytes) {
    return Err(ErrorCode::kInvalidArgument, "the name of a sub-tree has 1 to {} bytes, not {}",
               kMaxSubtreeNameBytes, spec.name.size());
  }
  const SubtreeEntry* base = nullptr;
  for (const BaseBackup& candidate : ticket_.bases) {
    const auto& subtrees = candidate.manifest.subtrees;
    const auto found = std::ranges::find(subtrees, spec.name, &SubtreeEntry::name);
    if (found == subtrees.end()) continue;
    base = &*found;
    break;
  }
  return std::unique_ptr<SubtreeWriter>(new SubtreeWriter(*this, std::move(spec), base));
}

Status BackupWriter::AddSubtree(SubtreeEntry entry) {
  const MutexLock lock(mutex_);
  std::string name = entry.name;
  if (!subtrees_.try_emplace(std::move(name), std::move(entry)).second) {
    return Err(ErrorCode::kAlreadyExists, "the sub-tree is already in the backup");
  }
  return Ok();
}

Result<Manifest> BackupWriter::BuildManifest(CommitOptions options) {
  Manifest manifest;
  manifest.kind = spec_.kind;
  manifest.state = options.state;
  manifest.started = ticket_.started;
  manifest.finished = context_.clock->Now();
  for (const BaseBackup& base : ticket_.bases) manifest.bases.push_back(base.id);
  manifest.session_sha256 = ticket_.session_sha256;
  manifest.source = spec_.source;
  manifest.label = spec_.label;
  manifest.sequence = sequence_;
  manifest.client_version = spec_.client_version;
  manifest.host = spec_.host;
  manifest.attributes = std::move(options.attributes);
  const MutexLock lock(mutex_);
  for (auto& [name, subtree] : subtrees_) manifest.subtrees.push_back(std::move(subtree));
  subtrees_.clear();
  return manifest;
}

Result<CommitReceipt> BackupWriter::Commit(CommitOptions options) {
  PGK_TRY(session_.Flush());
  PGK_ASSIGN_OR_RETURN(const ReferenceList references, session_.BuildReferences());
  const ObjectIdentity identity{context_.id, ticket_.writer};
  PGK_ASSIGN_OR_RETURN(
      Bytes reference_object,
      EncodeReferenceList(references, identity, context_.keys->host_signing_key()));
  PGK_ASSIGN_OR_RETURN(Manifest manifest, BuildManifest(std::move(options)));
  manifest.reference_list_sha256 = crypto::Sha256(reference_object);
  PGK_ASSIGN_OR_RETURN(Bytes manifest_object,
                       EncodeManifest(manifest, identity, *context_.keys, *context_.random));
  if (lease_) PGK_TRY(lease_->CheckHeld());
  PGK_ASSIGN_OR_RETURN(
      CommitReceipt receipt,
      CommitWriter(context_, ticket_, std::move(manifest_object), std::move(reference_object)));
  WitnessCommit(context_, ticket_.writer);
  return receipt;
}

Status BackupWriter::Abandon(std::string_view reason) {
  return AbortWriter(context_, ticket_.writer, reason);
}

}  // namespace pgkeep::repository
