#include "repository/stream_writer.h"

#include <string>

#include "base/check.h"
#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

// Storing it again heals the backups to come.
constexpr char kDamaged[] = "a part of the base backup is damaged and stored again";

}  // namespace

StreamWriter::StreamWriter(WriterSession& session, StreamSpec spec, std::unique_ptr<StreamMap> base,
                           OnFinished on_finished)
    : session_(session),
      account_(session),
      spec_(std::move(spec)),
      base_(std::move(base)),
      on_finished_(std::move(on_finished)),
      index_([this](uint64_t number, const IndexNode& node) { return WriteIndex(number, node); }) {}

StreamWriter::~StreamWriter() {
  // Frames in flight call back into this object.
  const MutexLock lock(mutex_);
  PGK_CHECK(open_ranges_ == 0, "a stream outlives its ranges");
  changed_.Wait(mutex_, {},
                [this]() PGK_REQUIRES(mutex_) { return open_leaves_ == 0 && !indexing_; });
}

Result<std::unique_ptr<RangeWriter>> StreamWriter::OpenRange(uint64_t first_unit) {
  if (first_unit % kUnitsPerLeaf != 0) {
    return Err(ErrorCode::kInvalidArgument, "a range begins at a multiple of {} units, not at {}",
               kUnitsPerLeaf, first_unit);
  }
  const MutexLock lock(mutex_);
  ++open_ranges_;
  return std::unique_ptr<RangeWriter>(new RangeWriter(*this, first_unit));
}

void StreamWriter::RangeClosed() {
  const MutexLock lock(mutex_);
  --open_ranges_;
}

void StreamWriter::NoteShortUnit(uint64_t unit) {
  const MutexLock lock(mutex_);
  short_units_.push_back(unit);
}

Result<std::shared_ptr<const MapLeaf>> StreamWriter::BaseLeaf(uint64_t number) {
  if (!base_ || number >= base_->leaves()) return nullptr;
  Result<std::shared_ptr<const MapLeaf>> leaf = base_->Leaf(number);
  if (leaf.ok()) return leaf;
  if (!IsDamage(leaf.error())) return leaf;
  session_.WarnOfDamage(kDamaged, leaf.error());
  return nullptr;
}

Result<std::optional<BlobNode>> StreamWriter::ReadBaseBlob(const LeafBlob& blob) {
  const auto read = [&]() -> Result<BlobNode> {
    PGK_ASSIGN_OR_RETURN(const Bytes payload,
                         session_.nodes().ReadNode(FrameKind::kBlob, blob.node));
    return DecodeBlob(payload);
  };
  Result<BlobNode> node = read();
  if (node.ok()) return std::optional<BlobNode>(*std::move(node));
  if (!IsDamage(node.error())) return std::move(node).error();
  session_.WarnOfDamage(kDamaged, node.error());
  return std::optional<BlobNode>();
}

std::shared_ptr<LeafDraft> StreamWriter::BeginLeaf(uint64_t number,
                                                   std::shared_ptr<const MapLeaf> base) noexcept {
  {
    const MutexLock lock(mutex_);
    ++open_leaves_;
  }
  return std::make_shared<LeafDraft>(
      session_, account_, std::move(base),
      [this, number](Result<IndexChild> leaf) { LeafDone(number, std::move(leaf)); });
}

// Index nodes are written by one thread at a time, without the lock: whoever finds nobody at it
// takes all leaves that are ready.
void StreamWriter::LeafDone(uint64_t number, Result<IndexChild> leaf) {
  std::vector<ReadyLeaf> batch;
  {
    const MutexLock lock(mutex_);
    if (leaf.ok()) ready_.emplace_back(number, *std::move(leaf));
    if (indexing_ || ready_.empty()) {
      --open_leaves_;
      changed_.NotifyAll();
      return;
    }
    indexing_ = true;
    batch.swap(ready_);
  }
  while (!batch.empty()) {
    for (auto& [leaf_number, child] : batch) {
      const Status added = index_.AddLeaf(leaf_number, std::move(child));
      if (!added.ok()) account_.Fail(added.error());
    }
    batch.clear();
    const MutexLock lock(mutex_);
    batch.swap(ready_);
    if (batch.empty()) indexing_ = false;
  }
  const MutexLock lock(mutex_);
  --open_leaves_;
  changed_.NotifyAll();
}

Result<NodePointer> StreamWriter::WriteIndex(uint64_t number, const IndexNode& node) {
  const Bytes payload = EncodeIndex(node);
  NodePointer pointer;
  if (base_ && base_->entry().height >= node.height && !NodePointer::MayBeInline(payload.size()) &&
      number * UnitsBelow(node.height) < base_->entry().units) {
    const NodeId id =
        ComputeNodeId(FrameKind::kIndex, payload, session_.context().keys->node_hmac());
    const Result<NodePointer> same_place = base_->ReadableIndex(node.height, number);
    if (same_place.ok() && same_place->reference() != nullptr &&
        same_place->reference()->id == id && session_.MayName(*same_place)) {
      pointer = *same_place;
    }
  }
  if (pointer.empty()) {
    Result<NodePointer> written = session_.node_writer().Write(FrameKind::kIndex, payload);
    if (!written.ok()) {
      session_.Fail(written.error());
      return std::move(written).error();
    }
    pointer = *std::move(written);
  }
  account_.usage().AddNode(pointer);
  return pointer;
}

Status StreamWriter::WaitForLeaves() {
  const MutexLock lock(mutex_);
  if (open_ranges_ != 0) {
    return Err(ErrorCode::kInvalidArgument, "{} ranges of the stream are still open", open_ranges_);
  }
  changed_.Wait(mutex_, {},
                [this]() PGK_REQUIRES(mutex_) { return open_leaves_ == 0 && !indexing_; });
  return Ok();
}

Status StreamWriter::CheckShortUnits(uint64_t units) {
  const MutexLock lock(mutex_);
  for (const uint64_t unit : short_units_) {
    if (unit + 1 == units) continue;
    return Err(ErrorCode::kInvalidArgument, "unit {} of {} is shorter than {} bytes", unit, units,
               spec_.unit_size);
  }
  return Ok();
}

Status StreamWriter::Finish(std::optional<Bytes> attributes) {
  const std::string context = "stream \"" + PrintableName(spec_.name) + "\"";
  PGK_TRY_CONTEXT(context, WaitForLeaves());
  PGK_TRY_CONTEXT(context, account_.CheckStatus());
  Result<IndexBuilder::Root> root = index_.Finish();
  if (!root.ok()) return std::move(root).error().WithContext(context);
  PGK_TRY_CONTEXT(context, CheckShortUnits(root->units));
  StreamEntry entry{.name = spec_.name,
                    .identity = spec_.identity,
                    .attributes = attributes ? *std::move(attributes) : spec_.attributes,
                    .kind = spec_.kind,
                    .unit_size = spec_.unit_size,
                    .units = root->units,
                    .bytes = root->bytes,
                    .height = root->height,
                    .root = std::move(root->node)};
  const Status valid = ValidateStreamEntry(entry);
  if (!valid.ok()) {
    return Err(ErrorCode::kInvalidArgument, "{}", valid.error().ToString()).WithContext(context);
  }
  PGK_TRY_CONTEXT(context, on_finished_(std::move(entry), account_));
  return Ok();
}

}  // namespace pgkeep::repository
