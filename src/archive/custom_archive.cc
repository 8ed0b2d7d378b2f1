#include <utility>

#include "archive/archive_writer.h"
#include "archive/copy_text_guard.h"
#include "archive/custom_output.h"
#include "archive/data_encoder.h"
#include "archive/data_ledger.h"
#include "archive/format_int.h"
#include "archive/prepare_export.h"
#include "archive/toc_encoder.h"
#include "base/check.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

constexpr uint8_t kTableBlock = 1;
constexpr uint8_t kLargeObjectsBlock = 3;
constexpr size_t kPendingBytes = size_t{128} << 10;

// Header and table of contents, then the blocks of the entries: a byte for the kind, the dump id,
// and runs of bytes with their lengths up to a length of zero; large objects as several such runs,
// each behind its OID, up to an OID of zero.
class CustomArchive final : public ArchiveWriter {
 public:
  CustomArchive(std::unique_ptr<CustomOutput> output, Toc toc, const ArchiveOptions& options)
      : output_(std::move(output)), toc_(std::move(toc)), options_(options), ledger_(toc_) {}

  // Writes header and table, without places.
  Status Begin() {
    PGK_ASSIGN_OR_RETURN(const Bytes beginning, EncodeToc(toc_));
    return Put(beginning);
  }

  const std::vector<int32_t>& DataEntries() const override { return ledger_.entries(); }
  Result<std::unique_ptr<DataWriter>> StartTableData(int32_t dump_id) override;
  Result<std::unique_ptr<DataWriter>> StartLargeObject(uint32_t oid) override;
  Status Finish() override;

  // For the writers of the entries.
  Status Put(ByteSpan bytes) {
    Append(pending_, bytes);
    position_ += bytes.size();
    return pending_.size() < kPendingBytes ? Ok() : Flush();
  }
  Status PutInt(int32_t value) {
    Bytes bytes;
    AppendInt(bytes, value);
    return Put(bytes);
  }
  DataLedger& ledger() { return ledger_; }
  void EntryIsWritten() { writing_ = false; }

 private:
  Status Flush() {
    PGK_TRY(output_->Write(pending_));
    pending_.clear();
    return Ok();
  }

  // Ends what was before; kInvalidArgument while that is still being written.
  Status EndEntryBefore();
  // Begins the next entry of the archive, which must be this one.
  Status BeginBlock(uint8_t kind, int32_t dump_id);

  const std::unique_ptr<CustomOutput> output_;
  Toc toc_;
  const ArchiveOptions options_;
  DataLedger ledger_;
  uint64_t position_ = 0;  // bytes of the archive so far
  Bytes pending_;          // the last bytes of these, not handed on yet
  size_t next_entry_ = 0;  // of DataEntries()
  size_t toc_position_ = 0;
  bool writing_ = false;
  bool in_large_objects_ = false;
};

// One run of bytes with their lengths.
class RunWriter : public DataWriter {
 public:
  RunWriter(CustomArchive& archive, std::unique_ptr<DataEncoder> encoder)
      : archive_(archive),
        encoder_(std::move(encoder)),
        sink_([&archive](ByteSpan piece) -> Status {
          PGK_TRY(archive.PutInt(static_cast<int32_t>(piece.size())));
          return archive.Put(piece);
        }) {}

 protected:
  Status Append(ByteSpan bytes) { return encoder_->Write(bytes, sink_); }

  Status End() {
    PGK_TRY(encoder_->Finish(sink_));
    PGK_TRY(archive_.PutInt(0));
    archive_.EntryIsWritten();
    return Ok();
  }

  DataLedger& ledger() { return archive_.ledger(); }

 private:
  CustomArchive& archive_;
  const std::unique_ptr<DataEncoder> encoder_;
  const ByteSink sink_;
};

class TableRunWriter final : public RunWriter {
 public:
  TableRunWriter(CustomArchive& archive, std::unique_ptr<DataEncoder> encoder, int32_t dump_id)
      : RunWriter(archive, std::move(encoder)), dump_id_(dump_id) {}

  Status Write(ByteSpan bytes) override {
    PGK_TRY(guard_.Take(bytes));
    return Append(bytes);
  }

  Status Finish() override {
    PGK_TRY(guard_.CheckEnd());
    PGK_TRY(Append(AsBytes(kCopyEnd)));
    PGK_TRY(End());
    ledger().FinishTable(dump_id_);
    return Ok();
  }

 private:
  const int32_t dump_id_;
  CopyTextGuard guard_;
};

class LargeObjectRunWriter final : public RunWriter {
 public:
  LargeObjectRunWriter(CustomArchive& archive, std::unique_ptr<DataEncoder> encoder, uint32_t oid)
      : RunWriter(archive, std::move(encoder)), oid_(oid) {}

  Status Write(ByteSpan bytes) override { return Append(bytes); }

  Status Finish() override {
    PGK_TRY(End());
    ledger().FinishLargeObject(oid_);
    return Ok();
  }

 private:
  const uint32_t oid_;
};

Status CustomArchive::EndEntryBefore() {
  if (writing_) {
    return Error(ErrorCode::kInvalidArgument,
                 "a custom archive takes the data of one entry after the other");
  }
  if (!in_large_objects_) return Ok();
  PGK_TRY(ledger_.CheckLargeObjects());
  PGK_TRY(PutInt(0));
  in_large_objects_ = false;
  return Ok();
}

Status CustomArchive::BeginBlock(uint8_t kind, int32_t dump_id) {
  PGK_TRY(EndEntryBefore());
  const auto& entries = ledger_.entries();
  if (next_entry_ >= entries.size() || entries[next_entry_] != dump_id) {
    return Err(ErrorCode::kInvalidArgument,
               "the data of entry {} is not next in the archive's order", dump_id);
  }
  ++next_entry_;
  while (toc_.entries[toc_position_].dump_id != dump_id) ++toc_position_;
  toc_.entries[toc_position_].offset_state = OffsetState::kSet;
  toc_.entries[toc_position_].offset = position_;
  PGK_TRY(Put(ByteSpan(&kind, 1)));
  return PutInt(dump_id);
}

Result<std::unique_ptr<DataWriter>> CustomArchive::StartTableData(int32_t dump_id) {
  PGK_ASSIGN_OR_RETURN(auto encoder, DataEncoder::Make(codec::DeflateWrapper::kZlib, options_));
  PGK_TRY(ledger_.BeginTable(dump_id));
  PGK_TRY(BeginBlock(kTableBlock, dump_id));
  writing_ = true;
  return std::make_unique<TableRunWriter>(*this, std::move(encoder), dump_id);
}

Result<std::unique_ptr<DataWriter>> CustomArchive::StartLargeObject(uint32_t oid) {
  PGK_ASSIGN_OR_RETURN(auto encoder, DataEncoder::Make(codec::DeflateWrapper::kZlib, options_));
  PGK_TRY(ledger_.BeginLargeObject(oid));
  if (writing_) PGK_TRY(EndEntryBefore());
  if (!in_large_objects_) {
    PGK_TRY(BeginBlock(kLargeObjectsBlock, *ledger_.large_object_entry()));
    in_large_objects_ = true;
  }
  // The format writes OIDs as signed integers.
  PGK_TRY(PutInt(static_cast<int32_t>(oid)));
  writing_ = true;
  return std::make_unique<LargeObjectRunWriter>(*this, std::move(encoder), oid);
}

Status CustomArchive::Finish() {
  PGK_TRY(EndEntryBefore());
  PGK_TRY(ledger_.CheckComplete());
  PGK_TRY(Flush());
  if (!output_->can_rewrite()) return output_->Complete({});
  PGK_ASSIGN_OR_RETURN(const Bytes beginning, EncodeToc(toc_));
  return output_->Complete(beginning);
}

Result<std::unique_ptr<ArchiveWriter>> Create(std::unique_ptr<CustomOutput> output, Toc toc,
                                              const ArchiveOptions& options) {
  auto archive = std::make_unique<CustomArchive>(std::move(output), std::move(toc), options);
  PGK_TRY(archive->Begin());
  return std::unique_ptr<ArchiveWriter>(std::move(archive));
}

Result<Toc> Prepare(Toc toc, const ArchiveOptions& options) {
  PGK_TRY(DataEncoder::Make(codec::DeflateWrapper::kZlib, options));
  return PrepareExport(std::move(toc), ArchiveFormat::kCustom, options);
}

}  // namespace

Result<std::unique_ptr<ArchiveWriter>> CreateCustomFile(FileSystem& files, const std::string& path,
                                                        Toc toc, const ArchiveOptions& options) {
  PGK_ASSIGN_OR_RETURN(Toc prepared, Prepare(std::move(toc), options));
  PGK_ASSIGN_OR_RETURN(auto output, MakeFileOutput(files, path, options.durable));
  return Create(std::move(output), std::move(prepared), options);
}

Result<std::unique_ptr<ArchiveWriter>> CreateCustomStream(ByteSink sink, Toc toc,
                                                          const ArchiveOptions& options) {
  PGK_ASSIGN_OR_RETURN(Toc prepared, Prepare(std::move(toc), options));
  return Create(MakeStreamOutput(std::move(sink)), std::move(prepared), options);
}

}  // namespace pgkeep::archive
