// Probe reports as they are kept.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/error.h"
#include "storage/s3/probe.h"
#include "storage/s3/sigv4.h"

namespace pgkeep::storage {
namespace {

namespace json = boost::json;

constexpr std::string_view kReportPrefix = "probe/report.";
constexpr size_t kReportMax = size_t{64} << 10;

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
  ProbeReport report{.time = *time, .versions = versions->second};
  for (const json::value& value : findings->get_array()) {
    PGK_ASSIGN_OR_RETURN(ProbeFinding finding, ReadFinding(value));
    report.findings.push_back(std::move(finding));
  }
  return report;
}

Status KeepProbeReport(ObjectStore& store, const ProbeReport& report) {
  // Of two reports of one second, one is enough.
  const std::string key = std::string(kReportPrefix) + FormatAmzDate(report.time);
  const std::string text = FormatProbeReport(report);
  const bool conditional = store.features().conditional_create;
  const Result<ObjectInfo> kept =
      conditional ? store.CreateIfAbsent(key, AsBytes(text)) : store.Put(key, AsBytes(text));
  const bool there = kept.ok() || kept.error().code() == ErrorCode::kAlreadyExists;
  return there ? Ok() : Status(kept.error());
}

Result<std::optional<ProbeReport>> ReadProbeReport(ObjectStore& store) {
  std::string newest;
  PGK_TRY(ListAll(store, kReportPrefix, [&](const ObjectInfo& object) {
    newest = object.key;
    return Ok();
  }));
  if (newest.empty()) return std::optional<ProbeReport>();
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, store.Get(newest, kReportMax));
  PGK_ASSIGN_OR_RETURN(ProbeReport report, ParseProbeReport(bytes));
  return std::optional(std::move(report));
}

}  // namespace pgkeep::storage
