#include "catalog/job_cursor.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace pgkeep::catalog {
namespace {

constexpr size_t kMaxIdBytes = 64;

std::string Prefix(JobSort sort, bool descending) {
  return fmt::format("{}{}.", static_cast<int>(sort), descending ? "d" : "a");
}

}  // namespace

std::string FormatJobCursor(const JobCursor& cursor, JobSort sort, bool descending) {
  return fmt::format("{}{}.{}", Prefix(sort, descending), cursor.key, cursor.id);
}

Result<JobCursor> ParseJobCursor(const std::string& text, JobSort sort, bool descending) {
  const Error bad = Err(ErrorCode::kInvalidArgument, "the cursor is not of this list")
                        .WithHint("begin again without a cursor");
  const std::string prefix = Prefix(sort, descending);
  if (!text.starts_with(prefix)) return bad;
  const std::string_view rest = std::string_view(text).substr(prefix.size());
  JobCursor cursor;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), cursor.key);
  const auto used = static_cast<size_t>(end - rest.data());
  if (error != std::errc() || used == rest.size() || rest[used] != '.') return bad;
  cursor.id = rest.substr(used + 1);
  if (cursor.id.empty() || cursor.id.size() > kMaxIdBytes) return bad;
  return cursor;
}

}  // namespace pgkeep::catalog
