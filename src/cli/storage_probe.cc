// pgkeep storage probe
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/repository_access.h"
#include "cli/store_address.h"
#include "storage/s3/probe.h"

namespace pgkeep::cli {
namespace {

using storage::ProbeFinding;
using storage::ProbeReport;

void Show(const ProbeReport& report, const storage::StoreUrl& url, Console& console) {
  Json& json = console.document().Set("probe", Json::MakeObject());
  json.Set("repository", url.ToString());
  json.Set("time", FormatUtc(report.time));
  json.Set("versions", storage::BucketVersionsName(report.versions));
  Json& findings = json.Set("findings", Json::MakeArray());
  console.Print(fmt::format("{}, probed at {}", url.ToString(), FormatUtc(report.time)));
  for (const ProbeFinding& finding : report.findings) {
    const std::string_view verdict = storage::ProbeVerdictName(finding.verdict);
    Json one = Json::MakeObject();
    one.Set("name", finding.name);
    one.Set("verdict", verdict);
    one.Set("detail", finding.detail);
    findings.Add(std::move(one));
    console.Print(fmt::format("  {:<18}  {:<7}  {}", finding.name, verdict, finding.detail));
  }
}

bool Lacks(const ProbeReport& report, std::string_view name) {
  const ProbeFinding* const finding = report.Find(name);
  return finding != nullptr && finding->verdict == storage::ProbeVerdict::kNo;
}

// What the findings mean for a repository.
void Explain(const ProbeReport& report, Console& console) {
  if (Lacks(report, storage::kProbeListAfterWrite)) {
    console.Warn("listings lag behind: this bucket is not safe for a repository");
  }
  if (Lacks(report, storage::kProbeRange)) {
    console.Warn("parts of objects cannot be read: backups in this bucket cannot be restored");
  }
  if (Lacks(report, storage::kProbeBodyHash)) {
    console.Warn("bytes that change on their way are stored: use https:// only");
  }
  if (Lacks(report, storage::kProbeConditionalCreate)) {
    console.Note(
        "Objects are not created conditionally here: a repository works in exclusive mode only, "
        "with one writer at a time.");
  }
}

}  // namespace

Status RunStorageProbe(const StorageProbeCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  if (location.url.kind != storage::StoreUrl::Kind::kS3) {
    return Err(ErrorCode::kInvalidArgument, "{} is in no bucket", location.url.ToString())
        .WithHint("this command is for s3:// repositories");
  }
  PGK_TRY(RequirePresent(location.url));
  // Says what is wrong with address, credentials or bucket.
  PGK_ASSIGN_OR_RETURN(const auto store, OpenStore(location.url, context.environment, false));
  const storage::S3StoreOptions bucket =
      storage::S3OptionsOf(StoreEnvironmentOf(context.environment), location.url);
  std::optional<ProbeReport> report;
  if (command.last) {
    PGK_ASSIGN_OR_RETURN(report, storage::ReadProbeReport(*store, storage::ProbePlace(bucket)));
    if (!report) {
      return Err(ErrorCode::kNotFound, "{} was never probed", location.url.ToString())
          .WithHint("leave out --last");
    }
  } else {
    PGK_ASSIGN_OR_RETURN(report, storage::ProbeBucket(bucket));
  }
  Show(*report, location.url, context.console);
  Explain(*report, context.console);
  return command.last ? Ok() : storage::KeepProbeReport(bucket, *report);
}

}  // namespace pgkeep::cli
