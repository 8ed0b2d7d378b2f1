#include "testing/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pgkeep::testing {

using storage::ListPage;
using storage::ObjectInfo;
using storage::StoreOperation;

namespace {

constexpr size_t kMaxHistory = 1000;

std::string_view ActionName(FaultAction action) {
  switch (action) {
    case FaultAction::kFailBefore:
      return "fail before";
    case FaultAction::kFailAfter:
      return "lose the answer of";
    case FaultAction::kDelay:
      return "delay";
    case FaultAction::kTruncateRead:
      return "truncate";
    case FaultAction::kFlipRead:
      return "flip a bit of";
    case FaultAction::kOutOfSpace:
      return "run out of space in";
  }
  return "unknown fault in";
}

bool IsRead(StoreOperation operation) {
  return operation == StoreOperation::kGet || operation == StoreOperation::kGetRange;
}

bool IsWrite(StoreOperation operation) {
  return operation == StoreOperation::kCreateIfAbsent || operation == StoreOperation::kPut;
}

bool Applies(FaultAction action, StoreOperation operation) {
  switch (action) {
    case FaultAction::kTruncateRead:
    case FaultAction::kFlipRead:
      return IsRead(operation);
    case FaultAction::kOutOfSpace:
      return IsWrite(operation);
    case FaultAction::kFailBefore:
    case FaultAction::kFailAfter:
    case FaultAction::kDelay:
      break;
  }
  return true;
}

Error EndsEarly(std::string_view key) {
  return Err(ErrorCode::kCorruption, "object ends early: {} (injected)", key);
}

}  // namespace

FaultyStore::FaultyStore(storage::ObjectStore& inner, Clock& clock)
    : ForwardingStore(inner), clock_(clock) {}

size_t FaultyStore::AddRule(FaultRule rule) {
  PGK_CHECK(rule.nth >= 1 && rule.times >= 1, "a rule hits at least one call");
  PGK_CHECK(!rule.operation || Applies(rule.action, *rule.operation),
            "the action can happen to the operation");
  const MutexLock lock(mutex_);
  rules_.push_back({.rule = std::move(rule)});
  return rules_.size() - 1;
}

void FaultyStore::SetProbabilities(const FaultProbabilities& probabilities) {
  const MutexLock lock(mutex_);
  probabilities_ = probabilities;
  random_.seed(probabilities.seed);
}

void FaultyStore::ClearFaults() {
  const MutexLock lock(mutex_);
  rules_.clear();
  probabilities_ = {};
}

uint64_t FaultyStore::fired(size_t rule) const {
  const MutexLock lock(mutex_);
  PGK_CHECK(rule < rules_.size(), "the rule exists");
  return rules_[rule].fired;
}

uint64_t FaultyStore::matched(size_t rule) const {
  const MutexLock lock(mutex_);
  PGK_CHECK(rule < rules_.size(), "the rule exists");
  return rules_[rule].matched;
}

uint64_t FaultyStore::fired(FaultAction action) const {
  const MutexLock lock(mutex_);
  return fired_[static_cast<size_t>(action)];
}

std::vector<std::string> FaultyStore::History() const {
  const MutexLock lock(mutex_);
  return history_;
}

std::vector<FaultyStore::Fault> FaultyStore::Choose(StoreOperation operation,
                                                    std::string_view key) {
  std::vector<Fault> faults;
  const MutexLock lock(mutex_);
  for (size_t i = 0; i < rules_.size(); ++i) {
    ActiveRule& active = rules_[i];
    const FaultRule& rule = active.rule;
    if (rule.operation.value_or(operation) != operation || !Applies(rule.action, operation) ||
        key.find(rule.key_contains) == std::string_view::npos) {
      continue;
    }
    const uint64_t number = ++active.matched;
    if (number < rule.nth || number - rule.nth >= rule.times) continue;
    faults.push_back({.rule = i,
                      .action = rule.action,
                      .code = rule.code,
                      .delay = rule.delay,
                      .offset = rule.offset});
  }
  ChooseRandomly(operation, faults);
  return faults;
}

// Draws for every action in a fixed order, hit or not, so that one call always uses up the same
// share of the random sequence.
void FaultyStore::ChooseRandomly(StoreOperation operation, std::vector<Fault>& faults) {
  const FaultProbabilities& p = probabilities_;
  const std::array<std::pair<FaultAction, double>, kFaultActionCount> chances = {{
      {FaultAction::kDelay, p.delay},
      {FaultAction::kFailBefore, p.fail_before},
      {FaultAction::kOutOfSpace, p.out_of_space},
      {FaultAction::kFailAfter, p.fail_after},
      {FaultAction::kTruncateRead, p.truncate_read},
      {FaultAction::kFlipRead, p.flip_read},
  }};
  // Far enough into an object to be interesting, near enough to hit small ones.
  constexpr uint64_t kMaxOffset = 512;
  const auto delay_max = static_cast<uint64_t>(p.delay_max.count());
  for (const auto& [action, probability] : chances) {
    const double draw = static_cast<double>(random_() >> 11) * 0x1p-53;
    const uint64_t detail = random_();
    if (draw >= probability || !Applies(action, operation)) continue;
    faults.push_back({.rule = std::nullopt,
                      .action = action,
                      .code = detail % 2 == 0 ? ErrorCode::kUnavailable : ErrorCode::kTimeout,
                      .delay = Duration(delay_max == 0 ? 0 : detail % delay_max),
                      .offset = detail % kMaxOffset});
  }
}

void FaultyStore::Record(const Fault& fault, StoreOperation operation, std::string_view key) {
  std::string line =
      fmt::format("{} {} {}", ActionName(fault.action), StoreOperationName(operation), key);
  const MutexLock lock(mutex_);
  ++fired_[static_cast<size_t>(fault.action)];
  if (fault.rule && *fault.rule < rules_.size()) ++rules_[*fault.rule].fired;
  if (history_.size() < kMaxHistory) history_.push_back(std::move(line));
}

Status FaultyStore::Before(const std::vector<Fault>& faults, StoreOperation operation,
                           std::string_view key) {
  for (const Fault& fault : faults) {
    switch (fault.action) {
      case FaultAction::kDelay:
        Record(fault, operation, key);
        PGK_TRY(clock_.SleepFor(fault.delay, {}));
        break;
      case FaultAction::kFailBefore:
        Record(fault, operation, key);
        return Err(fault.code, "{} {}: injected failure", StoreOperationName(operation), key);
      case FaultAction::kOutOfSpace:
        Record(fault, operation, key);
        return Err(ErrorCode::kOutOfSpace, "{} {}: injected lack of space",
                   StoreOperationName(operation), key);
      case FaultAction::kFailAfter:
      case FaultAction::kTruncateRead:
      case FaultAction::kFlipRead:
        break;
    }
  }
  return Ok();
}

Status FaultyStore::After(const std::vector<Fault>& faults, StoreOperation operation,
                          std::string_view key) {
  for (const Fault& fault : faults) {
    if (fault.action != FaultAction::kFailAfter) continue;
    Record(fault, operation, key);
    return Err(fault.code, "{} {}: injected loss of the answer", StoreOperationName(operation),
               key);
  }
  return Ok();
}

template <class Call>
auto FaultyStore::Around(const std::vector<Fault>& faults, StoreOperation operation,
                         std::string_view key, Call call) -> decltype(call()) {
  PGK_TRY(Before(faults, operation, key));
  auto outcome = call();
  if (outcome.ok()) PGK_TRY(After(faults, operation, key));
  return outcome;
}

Status FaultyStore::Damage(const std::vector<Fault>& faults, StoreOperation operation,
                           std::string_view key, uint64_t begin, Bytes& content) {
  for (const Fault& fault : faults) {
    const uint64_t end = begin + content.size();
    if (fault.action == FaultAction::kTruncateRead && fault.offset < end) {
      Record(fault, operation, key);
      if (operation == StoreOperation::kGetRange) return EndsEarly(key);
      content.resize(fault.offset);
    }
    if (fault.action == FaultAction::kFlipRead && fault.offset >= begin && fault.offset < end) {
      Record(fault, operation, key);
      content[fault.offset - begin] ^= static_cast<uint8_t>(1U << (fault.offset % 8));
    }
  }
  return Ok();
}

Result<ObjectInfo> FaultyStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  return Around(Choose(StoreOperation::kCreateIfAbsent, key), StoreOperation::kCreateIfAbsent, key,
                [&] { return inner().CreateIfAbsent(key, bytes); });
}

Result<ObjectInfo> FaultyStore::Put(std::string_view key, ByteSpan bytes) {
  return Around(Choose(StoreOperation::kPut, key), StoreOperation::kPut, key,
                [&] { return inner().Put(key, bytes); });
}

Result<Bytes> FaultyStore::Get(std::string_view key, uint64_t max_bytes) {
  const std::vector<Fault> faults = Choose(StoreOperation::kGet, key);
  return Around(faults, StoreOperation::kGet, key, [&]() -> Result<Bytes> {
    PGK_ASSIGN_OR_RETURN(Bytes content, inner().Get(key, max_bytes));
    PGK_TRY(Damage(faults, StoreOperation::kGet, key, 0, content));
    return content;
  });
}

Status FaultyStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  const std::vector<Fault> faults = Choose(StoreOperation::kGetRange, key);
  return Around(faults, StoreOperation::kGetRange, key, [&]() -> Status {
    PGK_TRY(inner().GetRange(key, offset, out));
    if (faults.empty()) return Ok();
    Bytes content = ToBytes(out);
    PGK_TRY(Damage(faults, StoreOperation::kGetRange, key, offset, content));
    std::copy(content.begin(), content.end(), out.begin());
    return Ok();
  });
}

Result<ListPage> FaultyStore::List(std::string_view prefix, std::string_view start_after,
                                   size_t max_keys) {
  return Around(Choose(StoreOperation::kList, prefix), StoreOperation::kList, prefix,
                [&] { return inner().List(prefix, start_after, max_keys); });
}

Result<ObjectInfo> FaultyStore::Head(std::string_view key) {
  return Around(Choose(StoreOperation::kHead, key), StoreOperation::kHead, key,
                [&] { return inner().Head(key); });
}

Status FaultyStore::Delete(std::string_view key) {
  return Around(Choose(StoreOperation::kDelete, key), StoreOperation::kDelete, key,
                [&] { return inner().Delete(key); });
}

Result<Timestamp> FaultyStore::ServerTime() {
  return Around(Choose(StoreOperation::kServerTime, ""), StoreOperation::kServerTime, "",
                [&] { return inner().ServerTime(); });
}

Result<std::optional<uint64_t>> FaultyStore::FreeBytes() {
  return Around(Choose(StoreOperation::kFreeBytes, ""), StoreOperation::kFreeBytes, "",
                [&] { return inner().FreeBytes(); });
}

}  // namespace pgkeep::testing
