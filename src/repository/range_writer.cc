#include "repository/range_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/stream_writer.h"

namespace pgkeep::repository {

namespace {

// Pages of real tables begin with their LSN, so the first byte settles most of them.
bool AllZero(ByteSpan bytes) {
  return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

RangeWriter::RangeWriter(StreamWriter& stream, uint64_t first_unit)
    : stream_(stream), next_unit_(first_unit) {}

RangeWriter::~RangeWriter() {
  if (closed_) return;
  (void)Keep(Err(ErrorCode::kCancelled, "a range was given up"));
  Release();
}

Status RangeWriter::Keep(Status status) {
  if (!status.ok() && !error_) {
    error_ = status.error();
    stream_.account().Fail(*error_);
  }
  return status;
}

Status RangeWriter::CheckUsable() const {
  if (error_) return *error_;
  PGK_TRY(stream_.account().CheckStatus());
  if (!closed_) return Ok();
  return Err(ErrorCode::kInvalidArgument, "unit {} comes after the end", next_unit_);
}

Status RangeWriter::CheckUnit(size_t unit_bytes) const {
  const uint32_t unit_size = stream_.spec().unit_size;
  if (short_unit_) {
    return Err(ErrorCode::kInvalidArgument, "unit {} comes after the end", next_unit_);
  }
  if (unit_size != 0 && (unit_bytes == 0 || unit_bytes > unit_size)) {
    return Err(ErrorCode::kInvalidArgument, "unit {} has {} bytes in a stream of {}-byte units",
               next_unit_, unit_bytes, unit_size);
  }
  return Ok();
}

Status RangeWriter::Append(ByteSpan unit) { return Keep(TakeUnit(unit)); }
Status RangeWriter::AppendPart(ByteSpan part) { return Keep(TakePart(part)); }
Status RangeWriter::EndUnit() { return Keep(TakeEnd()); }
Status RangeWriter::AppendHoles(uint64_t count) { return Keep(TakeHoles(count)); }

Status RangeWriter::TakeUnit(ByteSpan unit) {
  PGK_TRY(CheckUsable());
  if (in_unit_) return Err(ErrorCode::kInvalidArgument, "the unit before is not ended");
  if (unit.size() > kMaxUnitBytes) {
    PGK_TRY(TakePart(unit));
    return TakeEnd();
  }
  return StoreUnit(unit);
}

Status RangeWriter::StoreUnit(ByteSpan unit) {
  PGK_TRY(CheckUnit(unit.size()));
  PGK_TRY(EnsureLeaf());
  const uint32_t unit_size = stream_.spec().unit_size;
  short_unit_ = unit_size != 0 && unit.size() < unit_size;
  if (short_unit_) stream_.NoteShortUnit(next_unit_);
  if (unit.empty() || (unit_size != 0 && AllZero(unit))) {
    leaf_->AddHoles(1, unit.size());
  } else {
    const uint64_t fingerprint = stream_.session().context().keys->fingerprint_hash().Hash(unit);
    PGK_ASSIGN_OR_RETURN(const auto place, cursor_->Match(fingerprint));
    if (place) {
      leaf_->AddBaseUnit(place->frame, place->first, unit.size());
    } else {
      AddNew(unit, fingerprint);
    }
  }
  FinishUnit();
  return Ok();
}

void RangeWriter::AddNew(ByteSpan unit, uint64_t fingerprint) {
  if (job_ && !(*job_)->payload.Fits(unit.size())) FlushFrame();
  if (!job_) {
    job_.emplace(stream_.session().jobs().Borrow());
    job_frame_ = leaf_->NewFrame();
  }
  FrameJob& job = **job_;
  const uint16_t position = job.payload.units();
  job.fingerprints[position] = fingerprint;
  job.payload.Add(unit);
  leaf_->AddNewUnit(job_frame_, position, unit.size());
}

void RangeWriter::FlushFrame() {
  if (!job_) return;
  leaf_->Store(*std::move(job_), leaf_->slot(job_frame_));
  job_.reset();
}

Status RangeWriter::TakeHoles(uint64_t count) {
  PGK_TRY(CheckUsable());
  if (in_unit_) return Err(ErrorCode::kInvalidArgument, "the unit before is not ended");
  const uint32_t unit_size = stream_.spec().unit_size;
  PGK_TRY(CheckUnit(unit_size));
  while (count > 0) {
    PGK_TRY(EnsureLeaf());
    const auto part =
        static_cast<uint32_t>(std::min<uint64_t>(count, kUnitsPerLeaf - leaf_->units()));
    leaf_->AddHoles(part, uint64_t{part} * unit_size);
    cursor_->Advance(part);
    next_unit_ += part;
    count -= part;
    if (leaf_->units() == kUnitsPerLeaf) CloseLeaf();
  }
  return Ok();
}

Status RangeWriter::TakePart(ByteSpan part) {
  PGK_TRY(CheckUsable());
  if (!in_unit_) {
    in_unit_ = true;
    part_.clear();
  }
  while (!part.empty()) {
    if (part_.size() == kMaxUnitBytes) {
      // More is coming, so this is a big unit: only now, because exactly 1 MiB is not.
      if (!blob_) PGK_TRY(BeginBlob());
      PGK_TRY(blob_->AddPiece(part_));
      part_.clear();
    }
    const size_t taken = std::min(part.size(), kMaxUnitBytes - part_.size());
    pgkeep::Append(part_, part.first(taken));
    part = part.subspan(taken);
  }
  return Ok();
}

Status RangeWriter::TakeEnd() {
  PGK_TRY(CheckUsable());
  if (!std::exchange(in_unit_, false)) {
    return Err(ErrorCode::kInvalidArgument, "no unit was begun");
  }
  if (!blob_) return StoreUnit(part_);
  PGK_TRY(blob_->AddPiece(part_));
  blob_->Close();
  blob_.reset();
  FinishUnit();
  return Ok();
}

Status RangeWriter::BeginBlob() noexcept {
  PGK_TRY(CheckUnit(part_.size() + 1));
  PGK_TRY(EnsureLeaf());
  std::optional<LeafBlob> base_blob;
  std::optional<BlobNode> base;
  if (const LeafBlob* found = cursor_->Blob()) {
    PGK_ASSIGN_OR_RETURN(base, stream_.ReadBaseBlob(*found));
    if (base) base_blob = *found;
  }
  LeafBlob* slot = leaf_->AddBlob();
  blob_ = std::make_shared<BlobDraft>(stream_.session(), stream_.account(), leaf_, slot,
                                      std::move(base_blob), std::move(base));
  return Ok();
}

Status RangeWriter::EnsureLeaf() {
  if (leaf_) return Ok();
  const uint64_t number = next_unit_ / kUnitsPerLeaf;
  PGK_ASSIGN_OR_RETURN(std::shared_ptr<const MapLeaf> base, stream_.BaseLeaf(number));
  cursor_.emplace(stream_.session(), base);
  leaf_ = stream_.BeginLeaf(number, std::move(base));
  return Ok();
}

void RangeWriter::FinishUnit() {
  cursor_->Advance();
  ++next_unit_;
  if (leaf_->units() == kUnitsPerLeaf) CloseLeaf();
}

void RangeWriter::CloseLeaf() {
  FlushFrame();
  leaf_->Close();
  leaf_.reset();
  cursor_.reset();
}

Status RangeWriter::Close() {
  if (!closed_) {
    if (in_unit_) {
      (void)Keep(Err(ErrorCode::kInvalidArgument, "the last unit is not ended"));
    } else if (!error_) {
      (void)Keep(stream_.account().CheckStatus());
    }
    if (!error_ && leaf_) CloseLeaf();
    Release();
  }
  if (error_) return *error_;
  return stream_.account().CheckStatus();
}

// What is still held belongs to a stream that has failed: its drafts complete without storing
// anything.
void RangeWriter::Release() {
  closed_ = true;
  job_.reset();
  cursor_.reset();
  if (blob_) blob_->Close();
  blob_.reset();
  if (leaf_) leaf_->Close();
  leaf_.reset();
  stream_.RangeClosed();
}

}  // namespace pgkeep::repository
