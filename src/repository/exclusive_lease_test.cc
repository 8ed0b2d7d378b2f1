#include "repository/exclusive_lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "repository/backup_list.h"
#include "repository/backup_writer.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/lease_object.h"
#include "repository/protocol_test_kit.h"
#include "storage/directory_store.h"
#include "storage/unconditional_store.h"
#include "testing/faulty_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

class ExclusiveLeaseTest : public ::testing::Test {
 protected:
  using Acquired = Result<std::unique_ptr<ExclusiveLease>>;

  // Takes the lease as a process of the machine that has `state`.
  Acquired Acquire(const TemporaryDirectory& state, const std::string& holder,
                   storage::ObjectStore* store = nullptr) {
    return AcquireExclusiveLease(ContextOf(state, store), holder);
  }

  RepositoryContext ContextOf(const TemporaryDirectory& state,
                              storage::ObjectStore* store = nullptr) {
    ConfigObject config = *memory_.repository.config();
    config.mode = RepositoryMode::kExclusive;
    RepositoryContext context = memory_.repository.Context(store != nullptr ? store : &store_);
    context.config = std::make_shared<const ConfigObject>(config);
    context.state_directory = state.path();
    return context;
  }

  std::vector<std::string> Leases() { return KeysBelow(memory_.store, kLeasePrefix); }
  LeaseId OnlyLease() { return ObjectName::Parse(Leases().at(0))->lease; }

  HandmadeRepository memory_;
  storage::UnconditionalStore store_{memory_.store};
  TemporaryDirectory here_;
  TemporaryDirectory there_;
};

TEST_F(ExclusiveLeaseTest, IsAnnouncedWhileHeldAndWithdrawnAfterwards) {
  {
    const Acquired lease = Acquire(here_, "backup on db1, process 42");
    ASSERT_TRUE(lease.ok()) << lease.error().Describe();
    EXPECT_TRUE((*lease)->CheckHeld().ok());
    EXPECT_THAT(Leases(), SizeIs(1));
  }
  EXPECT_THAT(Leases(), IsEmpty());
}

TEST_F(ExclusiveLeaseTest, SecondProcessOfTheMachineIsBusy) {
  const Acquired first = Acquire(here_, "backup");
  ASSERT_TRUE(first.ok());
  const Acquired second = Acquire(here_, "gc");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().Describe(), store_.Url() +
                                           " is in use: backup, since 2026-01-01T00:00:00Z\n"
                                           "hint: try again when that has ended");
  EXPECT_EQ(ExitStatus(second.error().code()), 75);
}

TEST_F(ExclusiveLeaseTest, SecondProcessIsBusyBeforeTheFirstHasAnnouncedItself) {
  const Acquired first = Acquire(here_, "backup");
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(memory_.store.Delete(Leases()[0]).ok());
  const Acquired second = Acquire(here_, "gc");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().Describe(), store_.Url() +
                                           " is in use by another process of this machine\n"
                                           "hint: try again when that has ended");
}

TEST_F(ExclusiveLeaseTest, OtherMachineIsBusyAndTold) {
  const Acquired first = Acquire(here_, "backup on db1, process 42");
  ASSERT_TRUE(first.ok());
  const Acquired second = Acquire(there_, "gc on db2");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().Describe(),
            store_.Url() +
                " is in use: backup on db1, process 42, since 2026-01-01T00:00:00Z\n"
                "hint: try again when that has ended; if its process is surely dead, run "
                "'pgkeep gc --break-lease " +
                OnlyLease().Hex() + "'");
  EXPECT_EQ(ExitStatus(second.error().code()), 75);
  EXPECT_THAT(Leases(), SizeIs(1)) << "the second one has withdrawn";
}

// Both announce before either looks: both may withdraw, but never do both go on.
TEST_F(ExclusiveLeaseTest, OfTwoAtOnceAtMostOneGetsIt) {
  HookStore hook(store_);
  Acquired other = Err(ErrorCode::kInternal, "not tried");
  hook.Before("list", "lease/", 1, [&] { other = Acquire(there_, "other"); });
  const Acquired first = Acquire(here_, "first", &hook);
  ASSERT_TRUE(hook.fired());
  EXPECT_FALSE(other.ok()) << "it saw the announcement";
  EXPECT_TRUE(first.ok()) << "the other one had withdrawn";
}

// Jobs of several machines that begin by the same clock: one that gave way tries again.
TEST_F(ExclusiveLeaseTest, WhoGaveWayToOneThatGaveWayTriesAgain) {
  HookStore hook(store_);
  const LeaseId rival{{9}};
  int looks = 0;
  hook.SetHook([&](std::string_view operation, std::string_view key) {
    if (operation != "list" || key != kLeasePrefix) return;
    ++looks;
    if (looks == 1) {
      const Bytes object = EncodeLease({.time = {}, .holder = "rival", .extensions = {}},
                                       memory_.repository.id(), rival, nullptr);
      ASSERT_TRUE(memory_.store.CreateIfAbsent(LeaseKey(rival), object).ok());
    } else if (looks == 2) {
      ASSERT_TRUE(memory_.store.Delete(LeaseKey(rival)).ok());
    }
  });
  const Acquired lease = Acquire(here_, "first", &hook);
  EXPECT_TRUE(lease.ok()) << lease.error().Describe();
}

TEST_F(ExclusiveLeaseTest, WhoIsStoppedWhileWaitingSaysForWhom) {
  HookStore hook(store_);
  const LeaseId rival{{9}};
  hook.Before("list", "lease/", 1, [&] {
    const Bytes object = EncodeLease({.time = {}, .holder = "rival", .extensions = {}},
                                     memory_.repository.id(), rival, nullptr);
    ASSERT_TRUE(memory_.store.CreateIfAbsent(LeaseKey(rival), object).ok());
  });
  std::stop_source stop;
  stop.request_stop();
  RepositoryContext context = ContextOf(here_);
  context.store = &hook;
  context.stop = stop.get_token();
  const Acquired lease = AcquireExclusiveLease(context, "first");
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(lease.error().ToString(), HasSubstr("is in use"));
}

TEST_F(ExclusiveLeaseTest, WhoWasThereBeforeIsNotWaitedFor) {
  const Acquired first = Acquire(here_, "first");
  ASSERT_TRUE(first.ok());
  memory_.clock.Advance(std::chrono::minutes(1));
  const Timestamp before = memory_.clock.Now();
  EXPECT_FALSE(Acquire(there_, "second").ok());
  EXPECT_EQ(memory_.clock.Now(), before);
}

TEST_F(ExclusiveLeaseTest, AnnouncementThatAppearsBeforeLookingBars) {
  HookStore hook(store_);
  const LeaseId rival{{9}};
  hook.Before("list", "lease/", 1, [&] {
    const Bytes object = EncodeLease({.time = {}, .holder = "rival", .extensions = {}},
                                     memory_.repository.id(), rival, nullptr);
    ASSERT_TRUE(memory_.store.CreateIfAbsent(LeaseKey(rival), object).ok());
  });
  const Acquired lease = Acquire(here_, "first", &hook);
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error().code(), ErrorCode::kBusy);
  EXPECT_EQ(lease.error().message(), store_.Url() + " is in use: rival");
  EXPECT_THAT(Leases(), ElementsAre(LeaseKey(rival)));
}

TEST_F(ExclusiveLeaseTest, OwnAnnouncementMustBeSeen) {
  HookStore hook(store_);
  hook.Before("list", "lease/", 1, [&] { ASSERT_TRUE(memory_.store.Delete(Leases()[0]).ok()); });
  const Acquired lease = Acquire(here_, "first", &hook);
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error().code(), ErrorCode::kBusy);
}

TEST_F(ExclusiveLeaseTest, AgeBreaksNothing) {
  const Acquired first = Acquire(here_, "first");
  ASSERT_TRUE(first.ok());
  memory_.clock.Advance(std::chrono::hours(1000));
  EXPECT_EQ(Acquire(there_, "second").error().code(), ErrorCode::kBusy);
  EXPECT_TRUE((*first)->CheckHeld().ok());
}

TEST_F(ExclusiveLeaseTest, UnreadableAnnouncementIsSomebodysAllTheSame) {
  const LeaseId junk{{9}};
  ASSERT_TRUE(memory_.store.CreateIfAbsent(LeaseKey(junk), AsBytes("junk")).ok());
  const Acquired lease = Acquire(here_, "first");
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error().message(), store_.Url() + " is in use: " + LeaseKey(junk));
}

TEST_F(ExclusiveLeaseTest, NeedsTheRightToDelete) {
  memory_.store.SetCanDelete(false);
  EXPECT_EQ(Acquire(here_, "first").error().code(), ErrorCode::kPermission);
  EXPECT_THAT(Leases(), IsEmpty());
  EXPECT_EQ(CheckMayWithdrawLease(ContextOf(here_)).error().code(), ErrorCode::kPermission);
}

// A bucket says only at the deletion that it is denied: then nothing must have been announced.
TEST_F(ExclusiveLeaseTest, IsNotAnnouncedWhereItCannotBeWithdrawn) {
  testing::FaultyStore faulty(store_, memory_.clock);
  const size_t rule = faulty.AddRule({.operation = storage::StoreOperation::kDelete,
                                      .key_contains = std::string(kLeasePrefix),
                                      .times = std::numeric_limits<uint64_t>::max(),
                                      .code = ErrorCode::kPermission});
  const Acquired lease = Acquire(here_, "backup", &faulty);
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(lease.error().hint(), "allow deletion below lease/");
  EXPECT_EQ(faulty.fired(rule), 1u);
  EXPECT_THAT(Leases(), IsEmpty());
}

TEST_F(ExclusiveLeaseTest, TryingToWithdrawTouchesNobodysLease) {
  const Acquired first = Acquire(here_, "first");
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(CheckMayWithdrawLease(ContextOf(there_)).ok());
  EXPECT_THAT(Leases(), SizeIs(1));
}

TEST_F(ExclusiveLeaseTest, NeedsALocalDirectory) {
  RepositoryContext context = ContextOf(here_);
  context.state_directory = "";
  EXPECT_EQ(AcquireExclusiveLease(context, "x").error().code(), ErrorCode::kConfig);
}

TEST_F(ExclusiveLeaseTest, LostAnswersOfTheAnnouncementAreRepeated) {
  testing::FaultyStore faulty(store_, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailAfter,
                                      .operation = storage::StoreOperation::kPut,
                                      .times = 2});
  EXPECT_TRUE(Acquire(here_, "first", &faulty).ok());
  EXPECT_EQ(faulty.fired(rule), 2u);
}

TEST_F(ExclusiveLeaseTest, OperatorBreaksTheLeaseOfADeadHolder) {
  const Acquired first = Acquire(here_, "first");
  ASSERT_TRUE(first.ok());
  const LeaseId id = OnlyLease();
  memory_.clock.Advance(kRequestLifetime - std::chrono::seconds(1));
  const Status early = BreakExclusiveLease(ContextOf(there_), id);
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().Describe(),
            "the holder of lease " + id.Hex() +
                " may be alive: it was last seen at 2026-01-01T00:00:00Z\n"
                "hint: make sure that it is dead, and try again after 2026-01-01T00:15:00Z");
  memory_.clock.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(BreakExclusiveLease(ContextOf(there_), id).ok());
  EXPECT_TRUE(Acquire(there_, "second").ok());

  // Had it only stalled, it decides nothing any more.
  EXPECT_EQ((*first)->store().CreateIfAbsent("dec/x", AsBytes("x")).error().code(),
            ErrorCode::kRefused);
  EXPECT_EQ((*first)->CheckHeld().error().code(), ErrorCode::kRefused);
  EXPECT_EQ((*first)->store().CreateIfAbsent("p/x", AsBytes("x")).error().code(),
            ErrorCode::kRefused);
  EXPECT_EQ((*first)->store().Delete("p/x").error().code(), ErrorCode::kRefused);
  EXPECT_EQ((*first)->store().Put("p/x", AsBytes("x")).error().code(), ErrorCode::kRefused);
}

TEST_F(ExclusiveLeaseTest, LivingHolderOfThisMachineIsSeenWithoutAClock) {
  const Acquired first = Acquire(here_, "first");
  ASSERT_TRUE(first.ok());
  memory_.clock.Advance(std::chrono::hours(1000));
  EXPECT_EQ(BreakExclusiveLease(ContextOf(here_), OnlyLease()).error().code(), ErrorCode::kBusy);
  EXPECT_THAT(Leases(), SizeIs(1));
}

TEST_F(ExclusiveLeaseTest, HeartbeatShowsThatTheHolderIsAlive) {
  const Acquired lease = Acquire(here_, "first");
  ASSERT_TRUE(lease.ok());
  memory_.clock.Advance(std::chrono::hours(5));
  const RepositoryContext context = WithLease(ContextOf(here_), **lease);
  ASSERT_TRUE(memory_.repository.Begin(context).ok());
  const Status broken = BreakExclusiveLease(ContextOf(there_), OnlyLease());
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(BreakExclusiveLease(ContextOf(there_), LeaseId{{1}}).error().code(),
            ErrorCode::kNotFound);
}

// Runs `work` in a second process and returns its exit status; `go` is closed before the answer is
// awaited.
class Child {
 public:
  // The child reports by one byte that it is ready, and ends when the parent lets it.
  explicit Child(const std::function<bool()>& work) {
    PGK_CHECK(pipe(ready_) == 0 && pipe(go_) == 0, "pipes");
    pid_ = fork();
    PGK_CHECK(pid_ >= 0, "fork");
    if (pid_ == 0) {
      close(go_[1]);
      const char answer = work() ? 'y' : 'n';
      char ignored = 0;
      if (write(ready_[1], &answer, 1) == 1) (void)!read(go_[0], &ignored, 1);
      _exit(0);  // as by kill -9: no destructor withdraws anything
    }
    close(go_[0]);
    char answer = 0;
    PGK_CHECK(read(ready_[0], &answer, 1) == 1, "the child answers");
    succeeded_ = answer == 'y';
  }
  ~Child() { End(); }

  bool succeeded() const { return succeeded_; }
  void End() {
    if (pid_ == 0) return;
    close(go_[1]);
    int status = 0;
    PGK_CHECK(waitpid(pid_, &status, 0) == pid_, "the child ends");
    pid_ = 0;
  }

 private:
  int ready_[2];
  int go_[2];
  pid_t pid_ = 0;
  bool succeeded_ = false;
};

TEST(ExclusiveLeaseProcesses, SecondProcessWaitsAndTheDeadOnesLeaseStays) {
  TemporaryDirectory place;
  TemporaryDirectory state;
  Result<std::unique_ptr<storage::ObjectStore>> directory =
      storage::OpenDirectoryStore(PosixFileSystem(), {.path = place.path(), .create = true});
  ASSERT_TRUE(directory.ok()) << directory.error().Describe();
  storage::UnconditionalStore store(**directory);
  const TestRepository repository(**directory, SystemClock());
  RepositoryContext context = repository.Context(&store);
  context.state_directory = state.path();
  // A fork must not draw the parent's ids.
  context.random = &crypto::SystemRandom();

  std::unique_ptr<ExclusiveLease> of_child;
  Child child([&] {
    Result<std::unique_ptr<ExclusiveLease>> lease = AcquireExclusiveLease(context, "the child");
    if (lease.ok()) of_child = std::move(*lease);
    return lease.ok();
  });
  ASSERT_TRUE(child.succeeded());
  const auto busy = AcquireExclusiveLease(context, "the parent");
  ASSERT_FALSE(busy.ok());
  EXPECT_THAT(busy.error().message(), HasSubstr(" is in use: the child"));

  child.End();
  const std::vector<std::string> leases = KeysBelow(store, kLeasePrefix);
  ASSERT_THAT(leases, SizeIs(1)) << "it died without withdrawing";
  const auto still_busy = AcquireExclusiveLease(context, "the parent");
  ASSERT_FALSE(still_busy.ok());
  EXPECT_THAT(still_busy.error().message(), HasSubstr(" is in use: the child"));
  EXPECT_EQ(BreakExclusiveLease(context, ObjectName::Parse(leases[0])->lease).error().code(),
            ErrorCode::kRefused)
      << "its last request may be under way";
  ASSERT_TRUE(store.Delete(leases[0]).ok());
  EXPECT_TRUE(AcquireExclusiveLease(context, "the parent").ok());
}

// The stores below have no conditional creation; the lease supplies it.
class ExclusiveMode : public ExclusiveLeaseTest {
 protected:
  testing::FaultyStore faulty_{store_, memory_.clock};
  Acquired lease_ = Acquire(here_, "test", &faulty_);
  RepositoryContext context_ = WithLease(ContextOf(here_, &faulty_), **lease_);
};

TEST_F(ExclusiveMode, BackupAndCollectionWork) {
  const DummyBackup anchor = memory_.repository.MakeBackup({}, 20);
  Result<TestRepository::Writer> writer = memory_.repository.Begin(context_, {anchor.id});
  ASSERT_TRUE(writer.ok()) << writer.error().Describe();
  ASSERT_TRUE(memory_.repository.StorePacks(context_, *writer, 1).ok());
  const Result<DummyBackup> backup = memory_.repository.Commit(context_, *writer);
  ASSERT_TRUE(backup.ok()) << backup.error().Describe();
  memory_.repository.Expire(backup->id);
  for (int i = 0; i < 2; ++i) {
    const Result<GcReport> report = CollectGarbage(context_, {});
    ASSERT_TRUE(report.ok()) << report.error().Describe();
  }
  EXPECT_THAT(KeysBelow(memory_.store, "p/" + backup->id.Hex()), IsEmpty());
  EXPECT_THAT(MissingLiveObjects(context_), IsEmpty());
}

TEST_F(ExclusiveMode, WithoutTheLeaseNothingIsChanged) {
  const RepositoryContext bare = ContextOf(here_, &memory_.store);
  EXPECT_EQ(BeginWriter(bare, {}).error().code(), ErrorCode::kInternal);
  EXPECT_EQ(CollectGarbage(bare, {}).error().code(), ErrorCode::kInternal);
  EXPECT_TRUE(CollectGarbage(bare, {.dry_run = true}).ok());
}

TEST_F(ExclusiveMode, WriterAbortsNothingAndTheCollectorDoesNotWait) {
  Result<TestRepository::Writer> writer = memory_.repository.Begin(context_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(AbortWriter(context_, writer->ticket.writer, "failed").ok());
  EXPECT_FALSE(memory_.store.Head(DecisionKey(writer->ticket.writer)).ok());
  const Result<GcReport> report = CollectGarbage(context_, {.force = true});
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  ASSERT_THAT(report->aborted, SizeIs(1));
  EXPECT_EQ(report->aborted[0].reason, "left over by a writer that died");
}

TEST_F(ExclusiveMode, ExistingObjectIsNeverReplaced) {
  ASSERT_TRUE(context_.store->CreateIfAbsent("dec/a", AsBytes("first")).ok());
  const auto second = context_.store->CreateIfAbsent("dec/a", AsBytes("second"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(AsText(*memory_.store.Get("dec/a", 100)), "first");
}

TEST_F(ExclusiveMode, ThreadsOfTheHolderHaveOneWinnerPerKey) {
  constexpr int kThreads = 4;
  constexpr int kKeys = 50;
  std::atomic<int> winners = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < kKeys; ++k) {
        const std::string key = "man/" + std::to_string(k);
        if (context_.store->CreateIfAbsent(key, AsBytes(std::to_string(t))).ok()) ++winners;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(winners, kKeys);
}

// The lease is looked at after the decision's key was seen to be free, right before it is put.
TEST_F(ExclusiveMode, LeaseBrokenAtTheLastMomentStopsTheDecision) {
  lease_ = Err(ErrorCode::kInternal, "released");
  HookStore hook(store_);
  Acquired lease = Acquire(here_, "test", &hook);
  ASSERT_TRUE(lease.ok());
  hook.Before("head", "dec/", 1, [&] { ASSERT_TRUE(memory_.store.Delete(Leases()[0]).ok()); });
  const auto created = (*lease)->store().CreateIfAbsent("dec/a", AsBytes("late"));
  ASSERT_TRUE(hook.fired());
  EXPECT_EQ(created.error().code(), ErrorCode::kRefused);
  EXPECT_FALSE(memory_.store.Head("dec/a").ok());
}

// A lost lease is not taken for the abort of this writer, nor a lost answer for a refusal.
TEST_F(ExclusiveMode, CommitThatLosesItsLeaseIsNotCalledAborted) {
  for (const bool answer_lost : {false, true}) {
    lease_ = Err(ErrorCode::kInternal, "released");
    HookStore hook(faulty_);
    Acquired lease = Acquire(here_, "test", &hook);
    ASSERT_TRUE(lease.ok()) << lease.error().Describe();
    const RepositoryContext context = WithLease(ContextOf(here_, &hook), **lease);
    Result<TestRepository::Writer> writer = memory_.repository.Begin(context);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(memory_.repository.StorePacks(context, *writer, 1).ok());
    if (answer_lost) {
      faulty_.AddRule({.action = testing::FaultAction::kFailBefore,
                       .operation = storage::StoreOperation::kPut,
                       .key_contains = "dec/"});
    }
    hook.Before("head", "lease/", answer_lost ? 2 : 1,
                [&] { ASSERT_TRUE(memory_.store.Delete(Leases().at(0)).ok()); });
    const Result<DummyBackup> backup = memory_.repository.Commit(context, *writer);
    ASSERT_TRUE(hook.fired());
    ASSERT_FALSE(backup.ok());
    EXPECT_EQ(backup.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(backup.error().ToString(), HasSubstr("is lost"));
    EXPECT_THAT(backup.error().ToString(), Not(HasSubstr("aborted")));
    EXPECT_EQ(backup.error().ToString().find("outcome unknown") != std::string::npos, answer_lost);
  }
}

// The collector too: "somebody has this number" and "the lease is lost" are different things.
TEST_F(ExclusiveMode, CollectorThatLosesItsLeaseWritesNoPlan) {
  const DummyBackup anchor = memory_.repository.MakeBackup({}, 20);
  memory_.repository.Expire(memory_.repository.MakeBackup().id);
  memory_.repository.MakeDeadWriter();
  lease_ = Err(ErrorCode::kInternal, "released");
  HookStore hook(store_);
  Acquired lease = Acquire(here_, "test", &hook);
  ASSERT_TRUE(lease.ok()) << lease.error().Describe();
  hook.Before("head", "lease/", 1, [&] { ASSERT_TRUE(memory_.store.Delete(Leases().at(0)).ok()); });
  const Result<GcReport> report = CollectGarbage(WithLease(ContextOf(here_, &hook), **lease), {});
  ASSERT_TRUE(hook.fired());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(report.error().ToString(), HasSubstr("is lost"));
  EXPECT_THAT(KeysBelow(memory_.store, kGcPlanPrefix), IsEmpty());
}

// A decision whose put was lost is put again until an answer comes; then the lease may go.
TEST_F(ExclusiveMode, LostPutIsRepeatedWithTheSameBytes) {
  const size_t rule = faulty_.AddRule({.action = testing::FaultAction::kFailAfter,
                                       .operation = storage::StoreOperation::kPut,
                                       .key_contains = "dec/"});
  EXPECT_FALSE(context_.store->CreateIfAbsent("dec/a", AsBytes("bytes")).ok());
  EXPECT_EQ(faulty_.fired(rule), 1u);
  EXPECT_TRUE(context_.store->CreateIfAbsent("dec/a", AsBytes("bytes")).ok())
      << "not 'exists': only an answer settles it";
  EXPECT_EQ(faulty_.matched(rule), 2u);
  EXPECT_TRUE((*lease_)->Release().ok());
  EXPECT_THAT(Leases(), IsEmpty());
}

TEST_F(ExclusiveMode, LostPutKeepsTheLeaseAndBarsOtherBytes) {
  faulty_.AddRule({.action = testing::FaultAction::kFailBefore,
                   .operation = storage::StoreOperation::kPut,
                   .key_contains = "dec/"});
  EXPECT_FALSE(context_.store->CreateIfAbsent("dec/a", AsBytes("commit")).ok());
  const auto other = context_.store->CreateIfAbsent("dec/a", AsBytes("abort"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), ErrorCode::kConflict);
  const Status released = (*lease_)->Release();
  ASSERT_FALSE(released.ok());
  EXPECT_EQ(released.error().message(), "the lease cannot be released: no answer came for dec/a");
  EXPECT_THAT(Leases(), SizeIs(1)) << "the next holder might decide otherwise";
}

TEST_F(ExclusiveMode, LostPackOrHeartbeatDoesNotKeepTheLease) {
  for (const std::string key : {"p/a", "pin/a.1"}) {
    faulty_.AddRule({.action = testing::FaultAction::kFailBefore,
                     .operation = storage::StoreOperation::kPut,
                     .key_contains = key});
    EXPECT_FALSE(context_.store->CreateIfAbsent(key, AsBytes("x")).ok());
  }
  EXPECT_TRUE((*lease_)->Release().ok());
  EXPECT_THAT(Leases(), IsEmpty());
}

// What keeping the keys leaves behind would bar the next try.
TEST(ExclusiveRepository, IsNotBegunWhereNoLeaseCanBeWithdrawn) {
  testing::FakeClock clock;
  const auto place = testing::MakeTestStore(clock);
  storage::UnconditionalStore store(*place);
  testing::FaultyStore faulty(store, clock);
  const size_t rule = faulty.AddRule({.operation = storage::StoreOperation::kDelete,
                                      .times = std::numeric_limits<uint64_t>::max(),
                                      .code = ErrorCode::kPermission});
  const TemporaryDirectory state;
  RepositoryOptions options;
  options.clock = &clock;
  options.state_directory = state.path();
  InitOptions init;
  init.mode = RepositoryMode::kExclusive;
  const auto created = InitRepository(faulty, options, init, [](const NewRepository&) -> Status {
    ADD_FAILURE() << "keys are kept";
    return Ok();
  });
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(faulty.fired(rule), 1u);
  EXPECT_THAT(place->Keys(), IsEmpty());
}

// The whole way, as a user's repository goes it.
TEST(ExclusiveRepository, IsMadeAndWrittenByOneProcessAtATime) {
  testing::FakeClock clock;
  const auto place = testing::MakeTestStore(clock);
  storage::UnconditionalStore store(*place);
  TemporaryDirectory state;
  RepositoryOptions options;
  options.clock = &clock;
  options.state_directory = state.path();
  InitOptions init;
  init.mode = RepositoryMode::kExclusive;
  const auto created =
      InitRepository(store, options, init, [](const NewRepository&) { return Ok(); });
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  const auto repository = Repository::Open(store, created->id, &created->keys, options);
  ASSERT_TRUE(repository.ok()) << repository.error().Describe();

  BackupSpec spec;
  spec.source = "app";
  WriterOptions writing;
  writing.heartbeat_thread = false;
  {
    const auto writer = BackupWriter::Begin(**repository, spec, writing);
    ASSERT_TRUE(writer.ok()) << writer.error().Describe();
    const auto second = BackupWriter::Begin(**repository, spec, writing);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(ExitStatus(second.error().code()), 75);
    const auto receipt = (*writer)->Commit({});
    ASSERT_TRUE(receipt.ok()) << receipt.error().Describe();
  }
  EXPECT_THAT(KeysBelow(store, kLeasePrefix), IsEmpty());
  const auto backups = ListBackups((*repository)->context());
  ASSERT_TRUE(backups.ok()) << backups.error().Describe();
  EXPECT_THAT(*backups, SizeIs(1));
}

}  // namespace
}  // namespace pgkeep::repository
