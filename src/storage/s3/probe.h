// What an S3 server really does, tried out in a bucket: providers accept much that they ignore.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/object_store.h"
#include "storage/s3/s3_store.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {

// How one thing came out.
enum class ProbeVerdict {
  kYes,
  kNo,
  kUnknown,  // these credentials may not try it
};

// One thing that was tried.
struct ProbeFinding {
  std::string name = {};  // one of those below
  ProbeVerdict verdict = ProbeVerdict::kUnknown;
  std::string detail = {};  // for people
};

// Names of findings, in the order in which they are shown.
inline constexpr std::string_view kProbeConditionalCreate = "conditional_create";
inline constexpr std::string_view kProbeListAfterWrite = "list_after_write";
inline constexpr std::string_view kProbeRange = "range";
inline constexpr std::string_view kProbeBodyHash = "body_sha256";
inline constexpr std::string_view kProbeMd5 = "content_md5";
inline constexpr std::string_view kProbeChecksum = "checksum_header";
inline constexpr std::string_view kProbeDelete = "delete";
inline constexpr std::string_view kProbeVersioning = "versioning";
inline constexpr std::string_view kProbeObjectLock = "object_lock";
inline constexpr std::string_view kProbeLifecycle = "lifecycle";

// How many writers create one object at the same time, and how often.
inline constexpr int kProbeRacers = 8;
inline constexpr int kProbeRaces = 3;

// What came out.
struct ProbeReport {
  Timestamp time = {};          // by the clock of the store, whole seconds
  std::string place = {};       // see ProbePlace()
  bool takes_condition = true;  // If-None-Match is not refused; not kept
  BucketVersions versions = BucketVersions::kOff;
  std::vector<ProbeFinding> findings = {};

  // Null if there is none of this name.
  const ProbeFinding* Find(std::string_view name) const;
};

// Where something is tried out: endpoint, bucket and prefix. A report says nothing about another
// place, even if it was copied there with the rest of a repository.
std::string ProbePlace(const S3StoreOptions& options);

// Tries it out with small objects below kProbePrefix, which it deletes again as far as it may.
// Findings are complete; what is denied is unknown. Errors: as OpenS3Store(), kPermission where not
// even objects may be created, kUnavailable where nothing can be said because answers were lost or
// somebody switched versions meanwhile, kCancelled.
Result<ProbeReport> ProbeBucket(const S3StoreOptions& options);

// "yes", "no", "unknown".
std::string_view ProbeVerdictName(ProbeVerdict verdict);
// "off", "suspended", "on".
std::string_view BucketVersionsName(BucketVersions versions);

// The report as it is kept in the repository: JSON. It is advice and bears no signature.
std::string FormatProbeReport(const ProbeReport& report);
// kCorruption for everything else.
Result<ProbeReport> ParseProbeReport(ByteSpan bytes);

// The name of a new object for a report, below the prefix of the repository:
// "probe/report.<time>.<16 random hexadecimal digits>".
std::string NewProbeReportKey(Timestamp time);

// Keeps a report as a new object. Errors: as S3Client.
Status KeepProbeReport(const S3StoreOptions& options, const ProbeReport& report);

// The report that counts for this place: the newest one, by the times in their names, but none of
// the future, as a clock that was ahead once leaves them. Of several of one second, one that does
// not say that objects are created conditionally. None if there is none. Errors: as the store, and
// as ParseProbeReport.
Result<std::optional<ProbeReport>> ReadProbeReport(ObjectStore& store, std::string_view place);

}  // namespace pgkeep::storage
