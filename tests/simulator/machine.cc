#include "tests/simulator/machine.h"

#include <fmt/core.h>
#include <algorithm>

namespace pgkeep::simulator {

namespace {

constexpr double kSlowCall = 0.3;

Error Gone() { return Err(ErrorCode::kIo, "this process is gone"); }

}  // namespace

Machine::Machine(Scheduler& scheduler, storage::ObjectStore& cloud, FileSystem& disk,
                 FaultCounts& counts, std::string name, FaultRates rates)
    : scheduler_(scheduler),
      cloud_(cloud),
      files_(disk, *this),
      counts_(counts),
      name_(std::move(name)),
      rates_(rates),
      random_(scheduler.Random()) {}

storage::StoreFeatures Machine::features() const {
  storage::StoreFeatures features = cloud_.features();
  features.versioned = versioned_;
  features.conditional_create = conditional_create_;
  return features;
}

template <class T>
T Machine::Recorded(const std::function<T()>& live) {
  T answer = Replaying() ? std::any_cast<T>(replay_[replayed_++]) : live();
  recording_.emplace_back(answer);
  return answer;
}

void Machine::MeetFocus(std::string_view operation, std::string_view key) {
  if (focus_.operation.empty() || operation != focus_.operation || !key.starts_with(focus_.prefix))
    return;
  if (focus_.skip > 0) {
    --focus_.skip;
    return;
  }
  focus_.operation.clear();
  outage_left_ = focus_.outage;
  if (outage_left_ > 0) ++counts_.outages;
  scheduler_.Sleep(focus_.pause);
}

bool Machine::Crashes() {
  if (!scheduler_.Chance(rates_.crash)) return false;
  ++counts_.crashes;
  scheduler_.Trace("crash");
  dead_ = true;
  return true;
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
  MeetFocus(operation, key);
  if (scheduler_.Chance(rates_.stall)) {
    ++counts_.stalls;
    scheduler_.Sleep(std::chrono::minutes(1 + scheduler_.Below(48 * 60)));
  }
  if (Crashes()) return Fault::kDead;
  if (observer_) observer_(operation, key);
  const bool down = outage_left_ > 0;
  if (down) --outage_left_;
  if (scheduler_.Chance(down ? 0.6 : rates_.fail)) {
    ++counts_.failures;
    return Fault::kFail;
  }
  if (down || scheduler_.Chance(rates_.lose_answer)) {
    ++counts_.lost_answers;
    return Fault::kLoseAnswer;
  }
  return Fault::kNone;
}

Status Machine::FileCall(std::string_view operation) {
  if (dead_) return Gone();
  ++counts_.file_calls;
  // Without the path: names of temporary files are not the same in two runs.
  scheduler_.Trace(fmt::format("{} file {}", name_, operation));
  scheduler_.Yield();
  return Crashes() ? Status(Gone()) : Ok();
}

template <class T>
T Machine::Call(std::string_view operation, std::string_view key, bool writes,
                std::function<T(storage::ObjectStore&)> call) {
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
            const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(rates_.late);
            scheduler_.Sleep(
                std::chrono::minutes(1 + scheduler_.Below(static_cast<uint64_t>(minutes.count()))));
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
      [key = std::string(key), copy = ToBytes(bytes),
       able = conditional_create_](storage::ObjectStore& cloud) -> Result<storage::ObjectInfo> {
        if (able) return cloud.CreateIfAbsent(key, copy);
        return Err(ErrorCode::kUnsupported, "this store cannot create conditionally");
      });
}

Result<storage::ObjectInfo> Machine::Put(std::string_view key, ByteSpan bytes) {
  return Call<Result<storage::ObjectInfo>>(
      "put", key, true,
      [key = std::string(key), copy = ToBytes(bytes)](storage::ObjectStore& cloud) {
        return cloud.Put(key, copy);
      });
}

Result<Bytes> Machine::Get(std::string_view key, uint64_t max_bytes) {
  return Call<Result<Bytes>>(
      "get", key, false, [&](storage::ObjectStore& cloud) { return cloud.Get(key, max_bytes); });
}

Status Machine::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_ASSIGN_OR_RETURN(
      const Bytes bytes,
      Call<Result<Bytes>>("range", key, false, [&](storage::ObjectStore& cloud) -> Result<Bytes> {
        Bytes read(out.size());
        PGK_TRY(cloud.GetRange(key, offset, read));
        return read;
      }));
  std::ranges::copy(bytes, out.begin());
  return Ok();
}

Result<storage::ListPage> Machine::List(std::string_view prefix, std::string_view start_after,
                                        size_t max_keys) {
  return Call<Result<storage::ListPage>>("list", prefix, false, [&](storage::ObjectStore& cloud) {
    // Short pages, so that others act between the pages of one listing.
    return cloud.List(prefix, start_after, std::min<size_t>(max_keys, 2 + scheduler_.Below(8)));
  });
}

Result<storage::ObjectInfo> Machine::Head(std::string_view key) {
  return Call<Result<storage::ObjectInfo>>(
      "head", key, false, [&](storage::ObjectStore& cloud) { return cloud.Head(key); });
}

Status Machine::Delete(std::string_view key) {
  return Call<Status>("delete", key, true, [key = std::string(key)](storage::ObjectStore& cloud) {
    return cloud.Delete(key);
  });
}

Result<Timestamp> Machine::ServerTime() {
  return Call<Result<Timestamp>>("time", "", false,
                                 [](storage::ObjectStore& cloud) { return cloud.ServerTime(); });
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

Result<std::unique_ptr<File>> Machine::Disk::OpenRead(const std::string& path) {
  PGK_TRY(machine_.FileCall("read"));
  return inner().OpenRead(path);
}

Result<std::unique_ptr<File>> Machine::Disk::CreateNew(const std::string& path, uint32_t mode) {
  PGK_TRY(machine_.FileCall("create"));
  return inner().CreateNew(path, mode);
}

Result<std::unique_ptr<File>> Machine::Disk::OpenWrite(const std::string& path, uint32_t mode) {
  PGK_TRY(machine_.FileCall("write"));
  return inner().OpenWrite(path, mode);
}

Result<FileInfo> Machine::Disk::Stat(const std::string& path) {
  PGK_TRY(machine_.FileCall("stat"));
  return inner().Stat(path);
}

Status Machine::Disk::Rename(const std::string& from, const std::string& to) {
  PGK_TRY(machine_.FileCall("rename"));
  return inner().Rename(from, to);
}

Status Machine::Disk::Remove(const std::string& path) {
  PGK_TRY(machine_.FileCall("remove"));
  return inner().Remove(path);
}

Status Machine::Disk::CreateDirectory(const std::string& path, uint32_t mode) {
  PGK_TRY(machine_.FileCall("mkdir"));
  return inner().CreateDirectory(path, mode);
}

Status Machine::Disk::SyncDirectory(const std::string& path) {
  PGK_TRY(machine_.FileCall("sync"));
  return inner().SyncDirectory(path);
}

Status Machine::Disk::VisitDirectory(const std::string& path,
                                     const std::function<Status(const DirectoryEntry&)>& visit) {
  PGK_TRY(machine_.FileCall("list"));
  return inner().VisitDirectory(path, visit);
}

Result<std::unique_ptr<FileLock>> Machine::Disk::TryLock(const std::string& path) {
  PGK_TRY(machine_.FileCall("lock"));
  return inner().TryLock(path);
}

}  // namespace pgkeep::simulator
