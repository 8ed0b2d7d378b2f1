#include "repository/backup_writer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "repository/backup_begin.h"
#include "repository/commit_witness.h"
#include "repository/control_access.h"
#include "repository/directory_builder.h"
#include "repository/key_ring.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

// What the sub-trees may take in the manifest, so that everything else fits as well.
constexpr size_t kSubtreesBytesMax =
    kMaxManifestObjectBytes - kMaxManifestAttributesBytes - (size_t{64} << 10);
// State, time, three lengths and six counts.
constexpr size_t kSubtreeFieldsBytesMax = 1 + 8 + 9 * 10;

Status CheckSubtreeAttributes(const Bytes& attributes) {
  if (attributes.size() <= kMaxSubtreeAttributesBytes) return Ok();
  return Err(ErrorCode::kInvalidArgument,
             "the attributes of a sub-tree have {} bytes at most, not {}",
             kMaxSubtreeAttributesBytes, attributes.size());
}

Status CheckSpec(const SubtreeSpec& spec) {
  if (spec.name.empty() || spec.name.size() > kMaxSubtreeNameBytes) {
    return Err(ErrorCode::kInvalidArgument, "the name of a sub-tree has 1 to {} bytes, not {}",
               kMaxSubtreeNameBytes, spec.name.size());
  }
  if (spec.snapshot_time < Timestamp{} || spec.snapshot_time > kMaxObjectTime) {
    return Err(ErrorCode::kInvalidArgument,
               "the snapshot time of a sub-tree is not between the years 1970 and 9999");
  }
  return CheckSubtreeAttributes(spec.attributes);
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

Error AlreadyFinished(const std::string& subtree) {
  return Err(ErrorCode::kInvalidArgument, "the sub-tree \"{}\" is finished already",
             PrintableName(subtree));
}

Error SubtreeExists(const std::string& name) {
  return Err(ErrorCode::kAlreadyExists, "the sub-tree \"{}\" is already in the backup",
             PrintableName(name));
}

Error AlreadyCommitted() {
  return Err(ErrorCode::kInvalidArgument, "the backup was committed already");
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
    if (!IsDamage(found.error())) return std::move(found).error();
    // It costs one full backup of what is below it, not the backup.
    writer_.session().WarnOfDamage(
        "a directory of the base backup is damaged; what is below it is"
        " stored again",
        found.error());
    return nullptr;
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
  // Before the name is taken: what fails may be tried again.
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<StreamMap> base, BaseStream(spec));
  {
    const MutexLock lock(mutex_);
    if (finished_) return AlreadyFinished(spec_.name);
    if (!streams_.try_emplace(spec.name, std::nullopt).second) {
      return Err(ErrorCode::kAlreadyExists, "stream \"{}\" is already in the backup",
                 PrintableName(spec.name));
    }
  }
  return std::make_unique<StreamWriter>(writer_.session(), std::move(spec), std::move(base),
                                        [this](StreamEntry entry, StreamAccount& account) {
                                          return AddStream(std::move(entry), account);
                                        });
}

Status SubtreeWriter::AddStream(StreamEntry entry, StreamAccount& account) {
  const MutexLock lock(mutex_);
  if (finished_) return AlreadyFinished(spec_.name);
  std::optional<StreamEntry>& place = streams_[entry.name];
  if (place) return Err(ErrorCode::kInvalidArgument, "the stream is finished already");
  place = std::move(entry);
  usage_.Add(account.usage().Take());
  counters_.Add(account.counters());
  return Ok();
}

Result<std::map<std::string, StreamEntry>> SubtreeWriter::TakeStreams() {
  const MutexLock lock(mutex_);
  if (finished_) return AlreadyFinished(spec_.name);
  finished_ = true;
  std::map<std::string, StreamEntry> streams;
  for (auto& [name, entry] : streams_) {
    if (entry) streams.emplace_hint(streams.end(), name, *std::move(entry));
  }
  streams_.clear();
  return streams;
}

Status SubtreeWriter::Finish(std::optional<Bytes> attributes) {
  if (attributes) PGK_TRY(CheckSubtreeAttributes(*attributes));
  PGK_ASSIGN_OR_RETURN(const auto streams, TakeStreams());
  // Only what this run has read: a damaged node that is named again would never heal.
  std::map<NodeId, NodePointer> known;
  if (base_) known = base_->NodesRead();
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
  PGK_ASSIGN_OR_RETURN(subtree.directory,
                       BuildDirectory(writer_.session(), streams, known, usage_));
  return writer_.AddSubtree(std::move(subtree), usage_);
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::Begin(Repository& repository, BackupSpec spec,
                                                          WriterOptions options) {
  PGK_TRY(CheckMayBegin(repository.context(), spec));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<ExclusiveLease> lease,
                       repository.LockIfExclusive("backup of " + spec.source));
  const RepositoryContext context = ContextUnder(lease.get(), repository);
  PGK_ASSIGN_OR_RETURN(BegunBackup begun, BeginBackup(context, spec, repository.local_cache()));
  return std::unique_ptr<BackupWriter>(new BackupWriter(repository, std::move(spec), options,
                                                        std::move(lease), std::move(begun.ticket),
                                                        std::move(begun.lost), begun.sequence));
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

BackupWriter::~BackupWriter() {
  {
    const MutexLock lock(mutex_);
    if (committing_) return;  // what became of that, only the decision tells
  }
  // One try: nobody waits for it.
  RepositoryContext once = context_;
  once.retry.attempts = 1;
  const Status aborted = AbortWriter(once, ticket_.writer, "given up by its writer");
  if (!aborted.ok()) {
    Log(LogLevel::kDebug, "repository", "giving up backup {}: {}", ticket_.writer.Hex(),
        aborted.error().ToString());
  }
}

Result<std::unique_ptr<SubtreeWriter>> BackupWriter::OpenSubtree(SubtreeSpec spec) {
  PGK_TRY(CheckSpec(spec));
  {
    const MutexLock lock(mutex_);
    if (committing_) return AlreadyCommitted();
    if (subtrees_.contains(spec.name)) return SubtreeExists(spec.name);
    unfinished_.insert(spec.name);
    if (subtrees_.size() + unfinished_.size() > kMaxSubtrees) {
      unfinished_.erase(spec.name);
      return Err(ErrorCode::kLimitExceeded, "a backup has at most {} sub-trees", kMaxSubtrees);
    }
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

Status BackupWriter::AddSubtree(SubtreeEntry entry, PackUsage& usage) {
  const MutexLock lock(mutex_);
  if (committing_) return AlreadyCommitted();
  if (subtrees_.contains(entry.name)) return SubtreeExists(entry.name);
  const size_t bytes = entry.name.size() + entry.attributes.size() +
                       entry.directory.EncodedBytes() + kSubtreeFieldsBytesMax;
  if (subtree_bytes_ + bytes > kSubtreesBytesMax) {
    return Err(ErrorCode::kLimitExceeded, "the sub-trees of a backup take {} bytes at most",
               kSubtreesBytesMax)
        .WithHint("give less attributes to each, or split the source over several backups");
  }
  subtree_bytes_ += bytes;
  session_.usage().Add(usage.Take());
  unfinished_.erase(entry.name);
  std::string name = entry.name;
  subtrees_.emplace(std::move(name), std::move(entry));
  return Ok();
}

Status BackupWriter::BeginCommit(const CommitOptions& options) {
  if (options.attributes.size() > kMaxManifestAttributesBytes) {
    return Err(ErrorCode::kInvalidArgument,
               "the attributes of a backup have {} bytes at most, not {}",
               kMaxManifestAttributesBytes, options.attributes.size());
  }
  const MutexLock lock(mutex_);
  if (committing_) return AlreadyCommitted();
  if (options.state == BackupState::kComplete && !unfinished_.empty()) {
    return Err(ErrorCode::kInvalidArgument,
               "the backup is not complete: {} sub-trees were not finished, first \"{}\"",
               unfinished_.size(), PrintableName(*unfinished_.begin()));
  }
  committing_ = true;
  return Ok();
}

Manifest BackupWriter::BuildManifest(CommitOptions options) {
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
  PGK_TRY(BeginCommit(options));
  PGK_TRY(session_.Flush());
  PGK_ASSIGN_OR_RETURN(const ReferenceList references, session_.BuildReferences());
  const ObjectIdentity identity{context_.id, ticket_.writer};
  PGK_ASSIGN_OR_RETURN(
      Bytes reference_object,
      EncodeReferenceList(references, identity, context_.keys->host_signing_key()));
  Manifest manifest = BuildManifest(std::move(options));
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

}  // namespace pgkeep::repository
