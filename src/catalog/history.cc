#include "catalog/history.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pgkeep::catalog {
namespace {

template <class Enum, size_t kCount>
using Names = std::array<std::pair<Enum, std::string_view>, kCount>;

constexpr Names<JobKind, 7> kKinds = {{{JobKind::kBackup, "backup"},
                                       {JobKind::kRestore, "restore"},
                                       {JobKind::kExport, "export"},
                                       {JobKind::kVerify, "verify"},
                                       {JobKind::kExpire, "expire"},
                                       {JobKind::kGc, "gc"},
                                       {JobKind::kTest, "test"}}};

constexpr Names<JobType, 3> kTypes = {
    {{JobType::kNone, "none"}, {JobType::kLogical, "logical"}, {JobType::kPhysical, "physical"}}};

constexpr Names<JobTrigger, 3> kTriggers = {{{JobTrigger::kManual, "manual"},
                                             {JobTrigger::kSchedule, "schedule"},
                                             {JobTrigger::kApi, "api"}}};

constexpr Names<JobStatus, 7> kStatuses = {{{JobStatus::kQueued, "queued"},
                                            {JobStatus::kRunning, "running"},
                                            {JobStatus::kSucceeded, "succeeded"},
                                            {JobStatus::kFailed, "failed"},
                                            {JobStatus::kCancelled, "cancelled"},
                                            {JobStatus::kInterrupted, "interrupted"},
                                            {JobStatus::kPartial, "partial"}}};

template <class Enum, size_t kCount>
std::string_view NameIn(const Names<Enum, kCount>& names, Enum value) {
  const auto found = std::ranges::find(names, value, &std::pair<Enum, std::string_view>::first);
  PGK_CHECK(found != names.end(), "every value has a name");
  return found->second;
}

template <class Enum, size_t kCount>
Result<Enum> ParseIn(const Names<Enum, kCount>& names, std::string_view what,
                     std::string_view name) {
  std::string known;
  for (const auto& [value, known_name] : names) {
    if (known_name == name) return value;
    if (!known.empty()) known += ", ";
    known += known_name;
  }
  return Err(ErrorCode::kInvalidArgument, "'{}' is no {}", name, what)
      .WithHint("use one of: " + known);
}

// Not in the middle of a UTF-8 character.
std::string CutOff(std::string text) {
  if (text.size() <= kMaxErrorTextBytes) return text;
  size_t end = kMaxErrorTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

std::string_view JobKindName(JobKind kind) { return NameIn(kKinds, kind); }
std::string_view JobTypeName(JobType type) { return NameIn(kTypes, type); }
std::string_view JobTriggerName(JobTrigger trigger) { return NameIn(kTriggers, trigger); }
std::string_view JobStatusName(JobStatus status) { return NameIn(kStatuses, status); }

Result<JobKind> ParseJobKind(std::string_view name) { return ParseIn(kKinds, "kind of job", name); }
Result<JobType> ParseJobType(std::string_view name) {
  return ParseIn(kTypes, "type of backup", name);
}
Result<JobTrigger> ParseJobTrigger(std::string_view name) {
  return ParseIn(kTriggers, "trigger of a job", name);
}
Result<JobStatus> ParseJobStatus(std::string_view name) {
  return ParseIn(kStatuses, "state of a job", name);
}

bool IsFinal(JobStatus status) {
  return status != JobStatus::kQueued && status != JobStatus::kRunning;
}

JobError ToJobError(const Error& error) {
  return {.code = std::string(CodeName(error.code())),
          .text = CutOff(error.ToString()),
          .hint = CutOff(error.hint())};
}

}  // namespace pgkeep::catalog
