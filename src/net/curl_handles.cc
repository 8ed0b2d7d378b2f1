#include "net/curl_handles.h"

#include "base/check.h"

namespace pgkeep::net {

void InitCurl() {
  // Never cleaned up: threads may still be in the library while the process exits.
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  PGK_CHECK(started == CURLE_OK, "libcurl can be started");
}

void AddLine(LineList& lines, const char* line) {
  curl_slist* const longer = curl_slist_append(lines.get(), line);
  PGK_CHECK(longer != nullptr, "out of memory");
  static_cast<void>(lines.release());  // the first node stays the first
  lines.reset(longer);
}

}  // namespace pgkeep::net
