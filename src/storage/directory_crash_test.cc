// Power cuts at every moment of a day in the life of a directory store: what was acknowledged is
// there, what was not is whole or absent. And the same check over a store that forgets to sync, to
// know that it would be found out.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "storage/directory_store.h"
#include "storage/store_util.h"
#include "testing/crash_replay.h"
#include "testing/faulty_file_system.h"
#include "testing/forwarding_file_system.h"
#include "testing/recording_file_system.h"
#include "testing/store_conformance_cases.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

using testing::CrashReplay;
using testing::CrashState;
using testing::CrashSweepReport;
using testing::FaultyFileSystem;
using testing::FileCall;
using testing::FileFault;
using testing::FileFaultAction;
using testing::kForEver;
using testing::RecordingFileSystem;
using testing::TemporaryDirectory;

constexpr RetryPolicy kOneAttempt{.attempts = 1};

// What must be true of one key after a power cut at or behind `position`.
struct Promise {
  size_t position = 0;
  std::optional<Bytes> content;  // nullopt: deleted
};

// A store whose every change is recorded, and the promises that it made.
class Recorded {
 public:
  Recorded() : recording_(PosixFileSystem(), directory_.path()), files_(recording_) {}

  FaultyFileSystem& files() { return files_; }
  RecordingFileSystem& recording() { return recording_; }
  std::string root() const { return directory_.Join("repository"); }

  std::unique_ptr<ObjectStore> Open() {
    auto store = OpenDirectoryStore(files_, {.path = root(), .create = true});
    EXPECT_TRUE(store.ok()) << store.error().Describe();
    if (!opened_) opened_ = recording_.position();
    return std::move(store).value();
  }

  // Every content that `key` may have at some time, acknowledged or not.
  void Attempt(const std::string& key, const Bytes& content) { possible_[key].push_back(content); }

  // `key` has this content (or none) from here on.
  void Acknowledge(const std::string& key, std::optional<Bytes> content) {
    promises_[key].push_back({recording_.position(), std::move(content)});
  }

  void Create(ObjectStore& store, const std::string& key, const Bytes& content) {
    Attempt(key, content);
    const auto created = store.CreateIfAbsent(key, content);
    ASSERT_TRUE(created.ok()) << created.error().Describe();
    Acknowledge(key, content);
  }

  void Put(ObjectStore& store, const std::string& key, const Bytes& content) {
    Attempt(key, content);
    Volatile(key);
    ASSERT_TRUE(store.Put(key, content).ok());
    Acknowledge(key, content);
  }

  void Delete(ObjectStore& store, const std::string& key) {
    Volatile(key);
    ASSERT_TRUE(store.Delete(key).ok());
    Acknowledge(key, std::nullopt);
  }

  // Every state that a power cut could leave, against the promises.
  Result<CrashSweepReport> Sweep() const {
    const TemporaryDirectory scratch;
    const CrashReplay replay(recording_.log());
    return ForEachCrash(replay, scratch.path(), {.states_max = 64},
                        [this](const CrashState& state) { return Check(state); });
  }

 private:
  // From here to its next promise the key may be as before or as after.
  void Volatile(const std::string& key) { changing_[key].push_back(recording_.position()); }

  // The last promise about `key` that holds for a crash after `prefix` operations; null when there
  // is none, or when the key was being changed again.
  const Promise* PromiseFor(const std::string& key, size_t prefix) const {
    const Promise* last = nullptr;
    for (const Promise& promise : promises_.at(key)) {
      if (promise.position <= prefix) last = &promise;
    }
    if (last == nullptr) return nullptr;
    const auto changing = changing_.find(key);
    if (changing == changing_.end()) return last;
    for (const size_t position : changing->second) {
      if (position >= last->position && position < prefix) return nullptr;
    }
    return last;
  }

  Status Check(const CrashState& state) const {
    const std::string root = state.directory + "/repository";
    // This disk is not cut off again, so that syncing it would only take time.
    FaultyFileSystem files(PosixFileSystem());
    for (const FileCall call : {FileCall::kSync, FileCall::kSyncDirectory}) {
      files.AddFault({.action = FileFaultAction::kSkip, .call = call, .times = kForEver});
    }
    auto store = OpenDirectoryStore(files, {.path = root});
    if (!store.ok()) {
      if (!opened_ || state.prefix < *opened_) return Ok();
      return Err(ErrorCode::kInternal, "the store is gone");
    }
    for (const auto& [key, list] : promises_) {
      const Promise* const promise = PromiseFor(key, state.prefix);
      if (promise == nullptr) continue;
      const auto found = (*store)->Get(key, 1 << 20);
      if (promise->content && (!found.ok() || *found != *promise->content)) {
        return Err(ErrorCode::kInternal, "acknowledged object {} is lost or damaged", key);
      }
      if (!promise->content && found.ok()) {
        return Err(ErrorCode::kInternal, "deleted object {} is back", key);
      }
    }
    PGK_TRY(CheckEverythingListed(**store));
    return CheckThatLifeGoesOn(**store, files, root, state);
  }

  Status CheckEverythingListed(ObjectStore& store) const {
    return ListAll(store, "", [&](const ObjectInfo& object) -> Status {
      PGK_ASSIGN_OR_RETURN(const Bytes found, store.Get(object.key, 1 << 20));
      const auto possible = possible_.find(object.key);
      if (possible != possible_.end()) {
        for (const Bytes& content : possible->second) {
          if (content == found) return Ok();
        }
      }
      return Err(ErrorCode::kInternal, "object {} is there in part", object.key);
    });
  }

  // After a crash every object can be created, or is there; and the left-overs can be swept.
  Status CheckThatLifeGoesOn(ObjectStore& store, FileSystem& files, const std::string& root,
                             const CrashState& state) const {
    if (opened_ && state.prefix < *opened_) return Ok();
    for (const auto& [key, contents] : possible_) {
      if (contents.size() != 1) continue;
      const auto created = CreateOnce(store, key, contents.front(), kOneAttempt, SystemClock(), {});
      if (!created.ok()) return created.error();
    }
    PGK_TRY(SweepTemporaries(files, {.path = root, .temp_age = Duration(-1)}));
    for (const auto& entry : std::filesystem::directory_iterator(root + "/+tmp")) {
      // Only the store of this check may have something there: its lock.
      if (entry.path().extension() == ".lock") continue;
      return Err(ErrorCode::kInternal, "{} was not swept", entry.path().string());
    }
    return Ok();
  }

  const TemporaryDirectory directory_;
  RecordingFileSystem recording_;
  FaultyFileSystem files_;
  std::optional<size_t> opened_;
  std::map<std::string, std::vector<Promise>> promises_;
  std::map<std::string, std::vector<Bytes>> possible_;
  std::map<std::string, std::vector<size_t>> changing_;
};

// Creations in old and new groups, a refused one, replacing and deleting.
void LiveADay(Recorded& recorded) {
  const auto store = recorded.Open();
  recorded.Create(*store, "config.1", testing::Pattern(1, 100));
  recorded.Create(*store, "p/s1/00000001", testing::Pattern(2, 5000));
  recorded.Create(*store, "p/s1/00000002", testing::Pattern(3, 3000));
  EXPECT_FALSE(store->CreateIfAbsent("p/s1/00000001", testing::Pattern(9, 10)).ok());
  recorded.Create(*store, "dec/s1", testing::Pattern(4, 300));
  recorded.Put(*store, "lease/x", testing::Pattern(5, 50));
  recorded.Put(*store, "lease/x", testing::Pattern(6, 70));
  recorded.Delete(*store, "p/s1/00000001");
}

TEST(DirectoryStoreCrash, AcknowledgedObjectsSurviveAndOthersAreWholeOrAbsent) {
  Recorded recorded;
  LiveADay(recorded);
  const auto report = recorded.Sweep();
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_GT(report->points, 40U);
  EXPECT_GT(report->states, 100U);
}

TEST(DirectoryStoreCrash, SameWithoutHardLinks) {
  Recorded recorded;
  recorded.files().AddFault(
      {.call = FileCall::kLink, .times = kForEver, .code = ErrorCode::kUnsupported});
  LiveADay(recorded);
  const auto report = recorded.Sweep();
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_GT(recorded.files().fired(), 0U);
}

// Does not sync one directory, and says that it has.
class SkipDirectorySync : public testing::ForwardingFileSystem {
 public:
  SkipDirectorySync(FileSystem& inner, std::string path)
      : ForwardingFileSystem(inner), path_(std::move(path)) {}

  Status SyncDirectory(const std::string& path) override {
    if (path != path_) return inner().SyncDirectory(path);
    ++skipped_;
    return Ok();
  }

  size_t skipped() const { return skipped_; }

 private:
  const std::string path_;
  size_t skipped_ = 0;
};

// The check is worth something only if it notices what is missing.
TEST(DirectoryStoreCrash, StoreThatDoesNotSyncFilesIsFoundOut) {
  Recorded recorded;
  recorded.files().AddFault(
      {.action = FileFaultAction::kSkip, .call = FileCall::kSync, .times = kForEver});
  LiveADay(recorded);
  const auto report = recorded.Sweep();
  ASSERT_FALSE(report.ok());
  EXPECT_GT(recorded.files().fired(), 0U);
}

// Each directory by itself: the one of the object, the one above it, and the root.
TEST(DirectoryStoreCrash, StoreThatDoesNotSyncADirectoryIsFoundOut) {
  for (const char* directory : {"/p/s1", "/p", "", "/dec"}) {
    Recorded recorded;
    const auto store = recorded.Open();
    SkipDirectorySync skipping(recorded.files(), recorded.root() + directory);
    const auto lying = OpenDirectoryStore(skipping, {.path = recorded.root()});
    ASSERT_TRUE(lying.ok());
    recorded.Create(**lying, "p/s1/00000001", testing::Pattern(2, 500));
    recorded.Create(**lying, "dec/s1", testing::Pattern(4, 300));
    EXPECT_GT(skipping.skipped(), 0U) << directory;
    EXPECT_FALSE(recorded.Sweep().ok()) << "not syncing '" << directory << "' was not noticed";
  }
}

// Another process made the directory and died before syncing its name.
TEST(DirectoryStoreCrash, ObjectInADirectoryThatSomebodyElseMadeSurvives) {
  Recorded recorded;
  const auto store = recorded.Open();
  ASSERT_TRUE(recorded.recording().CreateDirectory(recorded.root() + "/p", 0700).ok());
  ASSERT_TRUE(recorded.recording().CreateDirectory(recorded.root() + "/p/s1", 0700).ok());
  recorded.Create(*store, "p/s1/00000001", testing::Pattern(1, 100));
  const auto report = recorded.Sweep();
  ASSERT_TRUE(report.ok()) << report.error().Describe();
}

// Another process gave the object its name and died before syncing that. Whoever then compares and
// finds the object to be as wanted acknowledges it, so that it must survive from there on.
TEST(DirectoryStoreCrash, ObjectThatWasFoundToExistSurvives) {
  Recorded recorded;
  const Bytes content = testing::Pattern(1, 1000);
  recorded.Create(*recorded.Open(), "dec/s0", testing::Pattern(2, 10));
  recorded.Attempt("dec/s1", content);
  recorded.files().AddFault({.call = FileCall::kSyncDirectory, .path_contains = "/dec", .nth = 1});
  {
    const auto dying = recorded.Open();
    ASSERT_TRUE(PosixFileSystem().Stat(recorded.root() + "/dec").ok());
    const auto unknown = dying->CreateIfAbsent("dec/s1", content);
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().code(), ErrorCode::kUnavailable) << unknown.error().Describe();
    EXPECT_EQ(recorded.files().fired(), 1U);
  }
  const auto next = recorded.Open();
  const auto created = CreateOnce(*next, "dec/s1", content, kOneAttempt, SystemClock(), {});
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  recorded.Acknowledge("dec/s1", content);
  const auto report = recorded.Sweep();
  ASSERT_TRUE(report.ok()) << report.error().Describe();
}

}  // namespace
}  // namespace pgkeep::storage
