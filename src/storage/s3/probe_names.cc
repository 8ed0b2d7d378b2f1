#include "storage/s3/probe_names.h"

#include <algorithm>
#include <cstddef>

#include "storage/overwrite_trial.h"
#include "storage/s3/s3_store.h"

namespace pgkeep::storage {
namespace {

// "20261122T140000Z", with a digit for each zero.
constexpr std::string_view kTimeForm = "00000000T000000Z";
// The shortest random number in a name, in hex digits.
constexpr size_t kLeastRandomDigits = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string_view ProbeReportTime(std::string_view key) {
  if (!key.starts_with(kProbeReportPrefix)) return {};
  key.remove_prefix(kProbeReportPrefix.size());
  const std::string_view time = key.substr(0, kTimeForm.size());
  const std::string_view rest = key.substr(time.size());
  const bool is_time = std::ranges::equal(
      time, kTimeForm, [](char c, char form) { return form == '0' ? IsDigit(c) : c == form; });
  const bool is_rest =
      rest.empty() || (rest.front() == '.' && rest.size() == 1 + (2 * kProbeReportRandomBytes) &&
                       IsHex(rest.substr(1)));
  return is_time && is_rest ? time : std::string_view();
}

bool IsProbeKey(std::string_view key) {
  if (key == kOverwriteTrialKey) return true;
  if (!ProbeReportTime(key).empty()) return true;
  if (!key.starts_with(kProbePrefix)) return false;
  key.remove_prefix(kProbePrefix.size());
  const std::string_view random = key.substr(0, key.find('/'));
  return random.size() >= kLeastRandomDigits && IsHex(random);
}

}  // namespace pgkeep::storage
