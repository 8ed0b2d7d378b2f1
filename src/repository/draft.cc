#include "repository/draft.h"

#include <utility>

#include "base/check.h"
#include "repository/key_ring.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

constexpr uint32_t kNotTaken = UINT32_MAX;

}  // namespace

void Draft::Store(ObjectPool<FrameJob>::Lease job, StoredFrame* slot) noexcept {
  Expect();
  // std::function wants to be copied, a lease does not.
  const auto shared = std::make_shared<ObjectPool<FrameJob>::Lease>(std::move(job));
  session_.encoders().Submit([self = shared_from_this(), shared, slot] {
    if (self->account_.CheckStatus().ok()) {
      Result<StoredFrame> stored = self->session_.StoreUnits(**shared, self->account_.counters());
      if (stored.ok()) {
        *slot = *std::move(stored);
      } else {
        self->session_.Fail(stored.error());
      }
    }
    self->Done();
  });
}

void Draft::Done() noexcept {
  if (--pending_ == 0) Complete();
}

BlobDraft::BlobDraft(WriterSession& session, StreamAccount& account,
                     std::shared_ptr<LeafDraft> leaf, LeafBlob* slot,
                     std::optional<LeafBlob> base_blob, std::optional<BlobNode> base)
    : Draft(session, account),
      leaf_(std::move(leaf)),
      slot_(slot),
      base_blob_(std::move(base_blob)),
      base_(std::move(base)) {}

Status BlobDraft::AddPiece(ByteSpan piece) {
  if (frames_.size() == kMaxBlobFrames) {
    return Err(ErrorCode::kLimitExceeded, "a unit is longer than {} MiB, the most that fits",
               kMaxBlobFrames);
  }
  length_ += piece.size();
  leaf_->AddBlobBytes(piece.size());
  const uint64_t fingerprint = session_.context().keys->fingerprint_hash().Hash(piece);
  const size_t number = frames_.size();
  frames_.emplace_back();
  PGK_ASSIGN_OR_RETURN(const bool same, BaseHas(number, fingerprint));
  if (same) {
    frames_.back() = FromTable(base_->packs, base_->frames[number]);
    return Ok();
  }
  auto job = session_.jobs().Borrow();
  job->payload.Add(piece);
  job->fingerprints[0] = fingerprint;
  Store(std::move(job), &frames_.back());
  return Ok();
}

Result<bool> BlobDraft::BaseHas(size_t piece, uint64_t fingerprint) {
  if (!base_ || piece >= base_->frames.size()) return false;
  const LeafFrame& frame = base_->frames[piece];
  PGK_ASSIGN_OR_RETURN(const auto table,
                       session_.BaseFingerprints(base_->packs[frame.pack].name()));
  if (table == nullptr) return false;
  const auto fingerprints = table->Find(frame.offset);
  return fingerprints.size() == 1 && fingerprints[0] == fingerprint;
}

void BlobDraft::Complete() {
  if (account_.CheckStatus().ok()) {
    Result<NodePointer> node = WriteNode();
    if (node.ok()) {
      account_.usage().AddNode(*node);
      *slot_ = {*std::move(node), length_};
    } else {
      session_.Fail(node.error());
    }
  }
  leaf_->FinishBlob();
}

Result<NodePointer> BlobDraft::WriteNode() {
  const std::vector<StoredFrame> frames(frames_.begin(), frames_.end());
  BuiltFrameTable table = BuildFrameTable(frames, FrameOrder::kFree);
  const BlobNode node{std::move(table.packs), std::move(table.frames)};
  PGK_TRY(CheckFramesSurvived(frames, table.position, node.packs, node.frames));
  for (const StoredFrame& frame : frames_) account_.usage().AddUnits(frame.pack.name(), 1);
  const bool same = base_ && node == *base_;
  if (same && base_blob_->node.reference() != nullptr && session_.MayName(base_blob_->node)) {
    return base_blob_->node;
  }
  Bytes payload = EncodeBlob(node);
  PGK_ASSIGN_OR_RETURN(const BlobNode decoded, DecodeBlob(payload));
  PGK_TRY(CheckFramesSurvived(frames, table.position, decoded.packs, decoded.frames));
  // What the base has by reference for lack of room stays so: an unchanged leaf is the same leaf.
  if (leaf_->MayStandInline(payload.size())) return NodePointer::Inline(std::move(payload));
  return session_.node_writer().WriteReference(FrameKind::kBlob, payload);
}

LeafDraft::LeafDraft(WriterSession& session, StreamAccount& account,
                     std::shared_ptr<const MapLeaf> base, OnDone on_done)
    : Draft(session, account), base_(std::move(base)), on_done_(std::move(on_done)) {
  if (base_) base_frames_.assign(base_->node.frames.size(), kNotTaken);
}

void LeafDraft::AddExtent(const Extent& extent) {
  units_ += extent.count;
  PGK_CHECK(units_ <= kUnitsPerLeaf, "a leaf is full at 16,384 units");
  if (!extents_.empty() && Continues(extents_.back(), extent)) {
    extents_.back().count += extent.count;
  } else {
    extents_.push_back(extent);
  }
}

void LeafDraft::AddHoles(uint32_t count, uint64_t bytes) {
  bytes_ += bytes;
  AddExtent({Extent::Type::kHole, count, 0, 0});
}

void LeafDraft::AddBaseUnit(uint32_t base_frame, uint32_t first, uint64_t bytes) {
  uint32_t& frame = base_frames_[base_frame];
  if (frame == kNotTaken) {
    frame = NewFrame();
    frames_[frame] = FromTable(base_->node.packs, base_->node.frames[base_frame]);
  }
  AddNewUnit(frame, first, bytes);
}

void LeafDraft::AddNewUnit(uint32_t frame, uint32_t first, uint64_t bytes) {
  bytes_ += bytes;
  AddExtent({Extent::Type::kRun, 1, frame, first});
}

uint32_t LeafDraft::NewFrame() {
  frames_.emplace_back();
  return static_cast<uint32_t>(frames_.size() - 1);
}

bool LeafDraft::MayStandInline(size_t payload_bytes) {
  if (!NodePointer::MayBeInline(payload_bytes)) return false;
  const uint64_t total = inline_blob_bytes_.fetch_add(payload_bytes) + payload_bytes;
  return total <= session_.options().inline_blob_bytes;
}

LeafBlob* LeafDraft::AddBlob() noexcept {
  Expect();
  AddExtent({Extent::Type::kBig, 1, static_cast<uint32_t>(blobs_.size()), 0});
  return &blobs_.emplace_back();
}

void LeafDraft::Complete() {
  const Status status = account_.CheckStatus();
  if (!status.ok()) {
    on_done_(status.error());
    return;
  }
  Result<IndexChild> leaf = Write();
  if (!leaf.ok()) session_.Fail(leaf.error());
  on_done_(std::move(leaf));
}

LeafNode LeafDraft::Build(BuiltFrameTable table) const {
  LeafNode node{.units = units_,
                .bytes = bytes_,
                .packs = std::move(table.packs),
                .frames = std::move(table.frames),
                .blobs = {blobs_.begin(), blobs_.end()},
                .extents = extents_};
  for (Extent& extent : node.extents) {
    if (extent.type == Extent::Type::kRun) extent.index = table.position[extent.index];
  }
  return node;
}

Result<IndexChild> LeafDraft::Write() {
  const std::vector<StoredFrame> frames(frames_.begin(), frames_.end());
  BuiltFrameTable table = BuildFrameTable(frames, FrameOrder::kSorted);
  const std::vector<uint32_t> position = table.position;
  const LeafNode node = Build(std::move(table));
  PGK_TRY(CheckFramesSurvived(frames, position, node.packs, node.frames));
  CountUnits(node);
  IndexChild child{{}, bytes_, units_};
  if (base_ && node == base_->node && session_.MayName(base_->pointer)) {
    child.node = base_->pointer;
  } else {
    const Bytes payload = EncodeLeaf(node);
    PGK_ASSIGN_OR_RETURN(const LeafNode decoded, DecodeLeaf(payload));
    PGK_TRY(CheckFramesSurvived(frames, position, decoded.packs, decoded.frames));
    PGK_ASSIGN_OR_RETURN(child.node, session_.node_writer().Write(FrameKind::kLeaf, payload));
  }
  account_.usage().AddNode(child.node);
  return child;
}

void LeafDraft::CountUnits(const LeafNode& node) {
  std::vector<uint64_t> units(node.packs.size());
  for (const Extent& extent : node.extents) {
    if (extent.type == Extent::Type::kRun) units[node.frames[extent.index].pack] += extent.count;
  }
  for (size_t i = 0; i < units.size(); ++i) {
    account_.usage().AddUnits(node.packs[i].name(), units[i]);
  }
}

}  // namespace pgkeep::repository
