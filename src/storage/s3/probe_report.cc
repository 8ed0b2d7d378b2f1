// Probe reports as they are kept.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/hex.h"
#include "crypto/random.h"
#include "storage/s3/probe.h"
#include "storage/s3/probe_names.h"
#include "storage/s3/sigv4.h"

namespace pgkeep::storage {
namespace {

namespace json = boost::json;

constexpr size_t kReportMax = size_t{64} << 10;
// How far the clocks of a store's servers may be apart.
constexpr Duration kClocksApart = std::chrono::minutes(1);

constexpr std::array<std::pair<std::string_view, ProbeVerdict>, 3> kVerdicts = {{
    {"yes", ProbeVerdict::kYes},
    {"no", ProbeVerdict::kNo},
    {"unknown", ProbeVerdict::kUnknown},
}};

constexpr std::array<std::pair<std::string_view, BucketVersions>, 3> kVersions = {{
    {"off", BucketVersions::kOff},
    {"suspended", BucketVersions::kSuspended},
    {"on", BucketVersions::kOn},
}};

Error NoReport() { return Err(ErrorCode::kCorruption, "a kept probe report cannot be understood"); }

// A text of an object; empty if there is none.
std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

Result<ProbeFinding> ReadFinding(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return NoReport();
  ProbeFinding finding{.name = TextOf(*object, "name"), .detail = TextOf(*object, "detail")};
  const std::string word = TextOf(*object, "verdict");
  const auto* const verdict =
      std::ranges::find(kVerdicts, word, &decltype(kVerdicts)::value_type::first);
  if (finding.name.empty() || verdict == kVerdicts.end()) return NoReport();
  finding.verdict = verdict->second;
  return finding;
}

bool CreatesConditionally(const ProbeReport& report) {
  const ProbeFinding* const finding = report.Find(kProbeConditionalCreate);
  return finding != nullptr && finding->verdict == ProbeVerdict::kYes;
}

}  // namespace

const ProbeFinding* ProbeReport::Find(std::string_view name) const {
  const auto finding = std::ranges::find(findings, name, &ProbeFinding::name);
  return finding == findings.end() ? nullptr : &*finding;
}

std::string_view ProbeVerdictName(ProbeVerdict verdict) {
  return std::ranges::find(kVerdicts, verdict, &decltype(kVerdicts)::value_type::second)->first;
}

std::string_view BucketVersionsName(BucketVersions versions) {
  return std::ranges::find(kVersions, versions, &decltype(kVersions)::value_type::second)->first;
}

std::string FormatProbeReport(const ProbeReport& report) {
  json::array findings;
  for (const ProbeFinding& finding : report.findings) {
    findings.push_back(json::object{{"name", finding.name},
                                    {"verdict", ProbeVerdictName(finding.verdict)},
                                    {"detail", finding.detail}});
  }
  return json::serialize(json::object{{"time", FormatUtc(report.time)},
                                      {"place", report.place},
                                      {"versions", BucketVersionsName(report.versions)},
                                      {"findings", std::move(findings)}});
}

Result<ProbeReport> ParseProbeReport(ByteSpan bytes) {
  boost::system::error_code failed;
  const json::value document = json::parse(AsText(bytes), failed);
  const json::object* const object = failed ? nullptr : document.if_object();
  if (object == nullptr) return NoReport();
  const Result<Timestamp> time = ParseUtc(TextOf(*object, "time"));
  const std::string word = TextOf(*object, "versions");
  const auto* const versions =
      std::ranges::find(kVersions, word, &decltype(kVersions)::value_type::first);
  const json::value* const findings = object->if_contains("findings");
  if (!time.ok() || versions == kVersions.end() || findings == nullptr || !findings->is_array()) {
    return NoReport();
  }
  ProbeReport report{
      .time = *time, .place = TextOf(*object, "place"), .versions = versions->second};
  for (const json::value& value : findings->get_array()) {
    PGK_ASSIGN_OR_RETURN(ProbeFinding finding, ReadFinding(value));
    report.findings.push_back(std::move(finding));
  }
  return report;
}

std::string ProbePlace(const S3StoreOptions& options) {
  const std::string& endpoint = options.settings.endpoint;
  return (endpoint.empty() ? "Amazon" : endpoint) + " " + options.bucket + "/" + options.prefix;
}

std::string NewProbeReportKey(Timestamp time) {
  Bytes suffix(kProbeReportRandomBytes);
  crypto::RandomBytes(suffix);
  return std::string(kProbeReportPrefix) + FormatAmzDate(time) + "." + HexEncode(suffix);
}

Result<std::optional<ProbeReport>> ReadProbeReport(ObjectStore& store, std::string_view place) {
  std::vector<std::string> keys;
  PGK_TRY(ListAll(store, kProbeReportPrefix, [&](const ObjectInfo& object) {
    if (!ProbeReportTime(object.key).empty()) keys.push_back(object.key);
    return Ok();
  }));
  std::optional<ProbeReport> counts;
  if (keys.empty()) return counts;
  PGK_ASSIGN_OR_RETURN(const Timestamp now, store.ServerTime());
  const std::string latest = FormatAmzDate(now + kClocksApart);
  std::string_view newest;
  for (size_t i = keys.size(); i-- > 0;) {
    const std::string_view time = ProbeReportTime(keys[i]);
    if (time > latest) continue;
    if (counts && time != newest) break;
    PGK_ASSIGN_OR_RETURN(const Bytes bytes, store.Get(keys[i], kReportMax));
    PGK_ASSIGN_OR_RETURN(ProbeReport report, ParseProbeReport(bytes));
    if (report.place != place) continue;
    if (counts && CreatesConditionally(report)) continue;
    counts = std::move(report);
    newest = time;
  }
  return counts;
}

}  // namespace pgkeep::storage
