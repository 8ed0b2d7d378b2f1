#include "net/http_time.h"

#include <curl/curl.h>

#include <ctime>
#include <string>

namespace pgkeep::net {

std::optional<Timestamp> ParseHttpTime(std::string_view text) {
  const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  // -1 is both "no date" and one second before 1970, which no server means.
  if (seconds < 0) return std::nullopt;
  return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace pgkeep::net
