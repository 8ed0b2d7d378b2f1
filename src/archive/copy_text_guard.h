// Watching the rows of a table on their way into an archive. Internal to the room.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::archive {

// What stands behind the rows of a table in an archive: the end marker, and two empty lines.
inline constexpr std::string_view kCopyEnd = "\\.\n\n\n";

// Checks a stream of COPY text, in pieces that may be cut anywhere.
//
// A line that is only backslash and dot ends a COPY; a script would run what follows it as SQL. The
// server never sends one (it doubles backslashes), so data with such a line was tampered with or
// mixed up. Also checks that the last row is whole. One thread at a time.
class CopyTextGuard {
 public:
  // The next piece; kCorruption if it completes an end marker.
  Status Take(ByteSpan piece);

  // The end of the data; kCorruption inside a row.
  Status CheckEnd() const;

 private:
  std::string tail_ = "\n";  // the last bytes before the next piece, as long as may matter
};

}  // namespace pgkeep::archive
