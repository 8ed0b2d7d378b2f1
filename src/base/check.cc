#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace pgkeep::internal {

void CheckFailed(const char* file, int line, const char* condition, std::string_view text) {
  // Neither the log nor an allocation: the process may be in any state.
  std::fprintf(stderr, "%s:%d: check failed: %s%s%.*s\n", file, line, condition,
               text.empty() ? "" : ": ", static_cast<int>(text.size()), text.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace pgkeep::internal
