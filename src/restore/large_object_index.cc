#include "restore/large_object_index.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/hex.h"
#include "restore/large_object_row.h"

namespace pgkeep::restore {
namespace {

constexpr size_t kZerosBytes = size_t{64} << 10;

// Rows of pages are short, so a unit of them fits in memory; calls `visit` for each row with the
// number of the unit and of the row in it. False from `visit` ends it.
using RowVisitor = std::function<Result<bool>(uint64_t unit, uint32_t row, std::string_view text)>;

Status VisitRows(repository::StreamReader& stream, uint64_t first_unit, uint64_t units,
                 const RowVisitor& visit) {
  return stream.ReadUnits(first_unit, units, [&](const repository::UnitPart& part) -> Result<bool> {
    if (part.hole) return true;
    std::string_view text = AsText(part.bytes);
    if (part.unit_bytes != text.size() || !text.ends_with('\n')) {
      return Err(ErrorCode::kCorruption, "unit {} of the large objects ends inside a row",
                 part.unit);
    }
    for (uint32_t row = 0; !text.empty(); ++row) {
      const size_t end = text.find('\n');
      PGK_ASSIGN_OR_RETURN(const bool more, visit(part.unit, row, text.substr(0, end)));
      if (!more) return false;
      text.remove_prefix(end + 1);
    }
    return true;
  });
}

Status WriteZeros(uint64_t count, const std::function<Status(ByteSpan)>& sink) {
  const Bytes zeros(std::min<uint64_t>(count, kZerosBytes));
  while (count > 0) {
    const ByteSpan piece = ByteSpan(zeros).first(std::min<uint64_t>(count, zeros.size()));
    PGK_TRY(sink(piece));
    count -= piece.size();
  }
  return Ok();
}

}  // namespace

Result<LargeObjectIndex> LargeObjectIndex::Build(repository::StreamReader& stream,
                                                 const crypto::SipHash128& hash,
                                                 const std::function<void(uint64_t)>& count,
                                                 const std::stop_token& stop) {
  LargeObjectIndex index;
  logical::FingerprintSum sum(hash);
  std::vector<PageRun>& runs = index.runs_;
  PGK_TRY(VisitRows(stream, 0, stream.entry().units,
                    [&](uint64_t unit, uint32_t row, std::string_view text) -> Result<bool> {
                      if (stop.stop_requested()) {
                        return Err(ErrorCode::kCancelled, "reading large objects was interrupted");
                      }
                      sum.Add(AsBytes(text));
                      count(text.size() + 1);
                      PGK_ASSIGN_OR_RETURN(const LargeObjectPage page, ParseLargeObjectRow(text));
                      const bool follows = !runs.empty() && runs.back().oid == page.oid &&
                                           runs.back().first_page + runs.back().pages == page.page;
                      if (!follows) {
                        runs.push_back({.oid = page.oid,
                                        .first_page = page.page,
                                        .pages = 0,
                                        .first_row = row,
                                        .first_unit = unit,
                                        .last_unit = unit});
                      }
                      ++runs.back().pages;
                      runs.back().last_unit = unit;
                      return true;
                    }));
  index.fingerprint_ = sum.value();
  std::ranges::sort(runs, {},
                    [](const PageRun& run) { return std::tuple(run.oid, run.first_page); });
  for (size_t i = 1; i < runs.size(); ++i) {
    if (runs[i].oid == runs[i - 1].oid &&
        runs[i].first_page < runs[i - 1].first_page + runs[i - 1].pages) {
      return Err(ErrorCode::kCorruption, "a page of large object {} is there twice", runs[i].oid);
    }
  }
  return index;
}

std::vector<uint32_t> LargeObjectIndex::Oids() const {
  std::vector<uint32_t> oids;
  for (const PageRun& run : runs_) {
    if (oids.empty() || oids.back() != run.oid) oids.push_back(run.oid);
  }
  return oids;
}

std::span<const PageRun> LargeObjectIndex::RunsOf(uint32_t oid) const {
  const auto [begin, end] = std::ranges::equal_range(runs_, oid, {}, &PageRun::oid);
  return {begin, end};
}

Status LargeObjectIndex::Read(repository::StreamReader& stream, uint32_t oid,
                              const std::function<Status(ByteSpan)>& sink) const {
  uint64_t written = 0;
  for (const PageRun& run : RunsOf(oid)) {
    uint32_t left = run.pages;
    PGK_TRY(VisitRows(stream, run.first_unit, run.last_unit - run.first_unit + 1,
                      [&](uint64_t unit, uint32_t row, std::string_view text) -> Result<bool> {
                        if (unit == run.first_unit && row < run.first_row) return true;
                        PGK_ASSIGN_OR_RETURN(const LargeObjectPage page, ParseLargeObjectRow(text));
                        if (page.oid != oid || page.offset() < written) {
                          return Err(ErrorCode::kCorruption,
                                     "the pages of large object {} are not where they were", oid);
                        }
                        PGK_TRY(WriteZeros(page.offset() - written, sink));
                        PGK_ASSIGN_OR_RETURN(const Bytes bytes, HexDecode(page.hex));
                        PGK_TRY(sink(bytes));
                        written = page.offset() + bytes.size();
                        return --left > 0;
                      }));
    if (left == 0) continue;
    return Err(ErrorCode::kCorruption, "pages of large object {} are missing", oid);
  }
  return Ok();
}

}  // namespace pgkeep::restore
