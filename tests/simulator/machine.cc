#include "tests/simulator/machine.h"

#include <fmt/core.h>
#include <algorithm>

namespace pgkeep::simulator {

namespace {

constexpr double kSlowCall = 0.3;

Error Gone() { return Err(ErrorCode::kIo, "this process is gone"); }

}  // namespace

Machine::Machine(Scheduler& scheduler, testing::MemoryStore& cloud, FaultCounts& counts,
                 std::string name, FaultRates rates)
    : scheduler_(scheduler),
      cloud_(cloud),
      counts_(counts),
      name_(std::move(name)),
      rates_(rates),
      random_(scheduler.Random()) {}

storage::StoreFeatures Machine::features() const {
  storage::StoreFeatures features = cloud_.features();
  features.versioned = versioned_;
  return features;
}

template <class T>
T Machine::Recorded(const std::function<T()>& live) {
  T answer = Replaying() ? std::any_cast<T>(replay_[replayed_++]) : live();
  recording_.emplace_back(answer);
  return answer;
}

Machine::Fault Machine::NextFault(std::string_view operation, std::string_view key) {
  if (dead_) return Fault::kDead;
  ++counts_.operations;
  scheduler_.Trace(fmt::format("{} {} {}", name_, operation, key));
  // Calls take long enough for the processes to overlap: a few hours for a backup.
  if (scheduler_.Chance(kSlowCall)) {
    scheduler_.Sleep(std::chrono::minutes(1 + scheduler_.Below(90)));
  } else {
    scheduler_.Yield();
  }
  if (!focus_.operation.empty() && operation == focus_.operation &&
      key.starts_with(focus_.prefix)) {
    focus_.operation.clear();
    scheduler_.Sleep(focus_.pause);
  }
  if (scheduler_.Chance(rates_.stall)) {
    ++counts_.stalls;
    scheduler_.Sleep(std::chrono::minutes(1 + scheduler_.Below(48 * 60)));
  }
  if (scheduler_.Chance(rates_.crash)) {
    ++counts_.crashes;
    scheduler_.Trace("crash");
    dead_ = true;
    return Fault::kDead;
  }
  if (scheduler_.Chance(rates_.fail)) {
    ++counts_.failures;
    return Fault::kFail;
  }
  if (scheduler_.Chance(rates_.lose_answer)) {
    ++counts_.lost_answers;
    return Fault::kLoseAnswer;
  }
  return Fault::kNone;
}

template <class T>
T Machine::Call(std::string_view operation, std::string_view key, bool writes,
                std::function<T(testing::MemoryStore&)> call) {
  return Recorded<T>([&]() -> T {
    switch (NextFault(operation, key)) {
      case Fault::kDead:
        return Gone();
      case Fault::kFail:
        return Err(ErrorCode::kUnavailable, "the store is not available");
      case Fault::kLoseAnswer:
        if (writes && scheduler_.Chance(0.5)) {
          ++counts_.late_effects;
          scheduler_.Spawn([this, call = std::move(call)] {
            scheduler_.Sleep(std::chrono::minutes(1 + scheduler_.Below(36 * 60)));
            scheduler_.Trace(call(cloud_).ok() ? "late" : "late, refused");
          });
        } else {
          (void)call(cloud_);
        }
        return Err(ErrorCode::kTimeout, "no answer");
      case Fault::kNone:
        break;
    }
    return call(cloud_);
  });
}

Result<storage::ObjectInfo> Machine::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  return Call<Result<storage::ObjectInfo>>(
      "create", key, true,
      [key = std::string(key), copy = ToBytes(bytes)](testing::MemoryStore& cloud) {
        return cloud.CreateIfAbsent(key, copy);
      });
}

Result<storage::ObjectInfo> Machine::Put(std::string_view key, ByteSpan bytes) {
  return Call<Result<storage::ObjectInfo>>(
      "put", key, true,
      [key = std::string(key), copy = ToBytes(bytes)](testing::MemoryStore& cloud) {
        return cloud.Put(key, copy);
      });
}

Result<Bytes> Machine::Get(std::string_view key, uint64_t max_bytes) {
  return Call<Result<Bytes>>(
      "get", key, false, [&](testing::MemoryStore& cloud) { return cloud.Get(key, max_bytes); });
}

Status Machine::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_ASSIGN_OR_RETURN(
      const Bytes bytes,
      Call<Result<Bytes>>("range", key, false, [&](testing::MemoryStore& cloud) -> Result<Bytes> {
        Bytes read(out.size());
        PGK_TRY(cloud.GetRange(key, offset, read));
        return read;
      }));
  std::ranges::copy(bytes, out.begin());
  return Ok();
}

Result<storage::ListPage> Machine::List(std::string_view prefix, std::string_view start_after,
                                        size_t max_keys) {
  return Call<Result<storage::ListPage>>("list", prefix, false, [&](testing::MemoryStore& cloud) {
    // Short pages, so that others act between the pages of one listing.
    return cloud.List(prefix, start_after, std::min<size_t>(max_keys, 2 + scheduler_.Below(8)));
  });
}

Result<storage::ObjectInfo> Machine::Head(std::string_view key) {
  return Call<Result<storage::ObjectInfo>>(
      "head", key, false, [&](testing::MemoryStore& cloud) { return cloud.Head(key); });
}

Status Machine::Delete(std::string_view key) {
  return Call<Status>("delete", key, true, [key = std::string(key)](testing::MemoryStore& cloud) {
    return cloud.Delete(key);
  });
}

Result<Timestamp> Machine::ServerTime() {
  return Call<Result<Timestamp>>("time", "", false,
                                 [](testing::MemoryStore& cloud) { return cloud.ServerTime(); });
}

Timestamp Machine::Now() {
  return Recorded<Timestamp>([this] { return scheduler_.Now(); });
}

Duration Machine::Monotonic() {
  return Recorded<Duration>([this] { return scheduler_.Now().time_since_epoch(); });
}

Status Machine::SleepFor(Duration duration, std::stop_token /*stop*/) {
  return Recorded<Status>([&]() -> Status {
    if (dead_) return Gone();
    scheduler_.Sleep(duration);
    return Ok();
  });
}

void Machine::Fill(MutableByteSpan out) {
  const Bytes bytes = Recorded<Bytes>([&] {
    Bytes fresh(out.size());
    random_.Fill(fresh);
    return fresh;
  });
  std::ranges::copy(bytes, out.begin());
}

}  // namespace pgkeep::simulator
