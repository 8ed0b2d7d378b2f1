// Where a page of a list of jobs ended, as text that goes out and comes back.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "catalog/history.h"

namespace pgkeep::catalog {

// The last record of a page: what it was sorted by, and its id.
struct JobCursor {
  int64_t key = 0;
  std::string id;
  bool operator==(const JobCursor&) const = default;
};

// Makes the text for a list with this sort and direction.
std::string FormatJobCursor(const JobCursor& cursor, JobSort sort, bool descending);

// The inverse, for text from anywhere. kInvalidArgument for what FormatJobCursor() did not make for
// this sort and direction.
Result<JobCursor> ParseJobCursor(const std::string& text, JobSort sort, bool descending);

}  // namespace pgkeep::catalog
