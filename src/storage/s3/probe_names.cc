#include "storage/s3/probe_names.h"

#include <algorithm>
#include <cstddef>

#include "storage/overwrite_trial.h"
#include "storage/s3/s3_store.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kReport = "report.";
// "20261122T140000Z", with a digit for each zero.
constexpr std::string_view kTimeForm = "00000000T000000Z";
constexpr size_t kReportNumberDigits = 16;
// The shortest random number in a name, in hex digits.
constexpr size_t kLeastRandomDigits = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsTime(std::string_view text) {
  return std::ranges::equal(text, kTimeForm,
                            [](char c, char form) { return form == '0' ? IsDigit(c) : c == form; });
}

// What comes behind "report.".
bool IsReport(std::string_view name) {
  if (!IsTime(name.substr(0, kTimeForm.size()))) return false;
  name.remove_prefix(kTimeForm.size());
  return name.empty() ||
         (name.front() == '.' && name.size() == 1 + kReportNumberDigits && IsHex(name.substr(1)));
}

}  // namespace

bool IsProbeKey(std::string_view key) {
  if (key == kOverwriteTrialKey) return true;
  if (!key.starts_with(kProbePrefix)) return false;
  key.remove_prefix(kProbePrefix.size());
  if (key.starts_with(kReport)) return IsReport(key.substr(kReport.size()));
  const std::string_view random = key.substr(0, key.find('/'));
  return random.size() >= kLeastRandomDigits && IsHex(random);
}

}  // namespace pgkeep::storage
