// Which keys below kProbePrefix pgkeep makes itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgkeep::storage {

// What the keys of kept reports begin with: "probe/report.<time>", and since several may be kept in
// one second a dot and 16 random hex digits (the first reports had none).
inline constexpr std::string_view kProbeReportPrefix = "probe/report.";
inline constexpr size_t kProbeReportRandomBytes = 8;

// The time in the key of a kept report, whose order as text is that of time. Empty if it is no such
// key. Borrows from `key`.
std::string_view ProbeReportTime(std::string_view key);

// Whether a key of a store is one that pgkeep makes while it tries out what a bucket can do: the
// object of storage/overwrite_trial.h, a kept report, an object of a probe that might not be
// deleted
// ("probe/<hex digits>" and what is below that). Everything else below kProbePrefix is somebody's
// own.
bool IsProbeKey(std::string_view key);

}  // namespace pgkeep::storage
