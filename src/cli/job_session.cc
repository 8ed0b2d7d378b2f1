#include "cli/job_session.h"

#include <utility>

#include "base/file_util.h"
#include "base/log.h"
#include "base/version.h"
#include "catalog/catalog_url.h"

namespace pgkeep::cli {
namespace {

constexpr uint32_t kDirectoryMode = 0700;

}  // namespace

Result<std::unique_ptr<catalog::Catalog>> OpenHistory(const Setup& setup,
                                                      const Environment& environment) {
  if (!setup.configuration) {
    return Err(ErrorCode::kConfig, "without a configuration there is no history")
        .WithHint("the history is in the catalog that a configuration names: give --config");
  }
  const auto open = [&]() -> Result<std::unique_ptr<catalog::Catalog>> {
    PGK_ASSIGN_OR_RETURN(const catalog::CatalogUrl url,
                         catalog::ParseCatalogUrl(setup.configuration->catalog_url));
    PGK_TRY(CreateDirectories(*environment.files, ParentDirectory(url.path), kDirectoryMode));
    return catalog::OpenCatalog(*environment.files, *environment.clock, url);
  };
  Result<std::unique_ptr<catalog::Catalog>> opened = open();
  if (opened.ok()) return opened;
  return std::move(opened).error().WithContext("opening the catalog");
}

jobs::JobRunnerOptions RunnerOptions(catalog::Catalog& catalog, const Environment& environment) {
  jobs::JobRunnerOptions options;
  options.catalog = &catalog;
  options.clock = environment.clock;
  options.fill_random = [random = environment.random](MutableByteSpan out) { random->Fill(out); };
  options.host = environment.host;
  options.version = std::string(kVersion);
  return options;
}

JobSession::JobSession(std::unique_ptr<catalog::Catalog> catalog, HistoryNeed need,
                       const CommandContext& context)
    : context_(context), need_(need), catalog_(std::move(catalog)) {
  if (catalog_ != nullptr) runner_.emplace(RunnerOptions(*catalog_, context.environment));
}

Result<std::unique_ptr<JobSession>> JobSession::Open(const Setup& setup,
                                                     const CommandContext& context,
                                                     HistoryNeed need) {
  std::unique_ptr<catalog::Catalog> catalog;
  if (setup.configuration) {
    Result<std::unique_ptr<catalog::Catalog>> opened = OpenHistory(setup, context.environment);
    if (opened.ok()) {
      catalog = *std::move(opened);
    } else if (need == HistoryNeed::kRequired) {
      return std::move(opened).error();
    } else {
      context.console.Warn("this job is not recorded in the history: " + opened.error().ToString());
    }
  } else {
    Log(LogLevel::kDebug, "cli", "without a configuration there is no history: not recorded");
  }
  return std::unique_ptr<JobSession>(new JobSession(std::move(catalog), need, context));
}

jobs::JobReport JobSession::Run(jobs::JobRequest request, const jobs::JobFunction& function,
                                PhaseLines lines) {
  request.needs_record = need_ == HistoryNeed::kRequired;
  Progress progress;
  const ProgressDisplay display(progress, context_, lines);
  const Environment& environment = context_.environment;
  if (runner_) return runner_->Run(request, function, environment.stop, progress);
  return jobs::RunUnrecorded(function, environment.stop, progress);
}

}  // namespace pgkeep::cli
