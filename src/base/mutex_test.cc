#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>

namespace pgkeep {
namespace {

struct Flag {
  Mutex mutex;
  CondVar changed;
  bool set PGK_GUARDED_BY(mutex) = false;
};

TEST(MutexLock, HoldsForItsScope) {
  Mutex mutex;
  const auto is_free = [&mutex] {
    bool free = false;
    std::jthread([&] {
      if (mutex.TryLock()) {
        mutex.Unlock();
        free = true;
      }
    }).join();
    return free;
  };
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

TEST(CondVar, WaitSeesTheConditionBecomeTrue) {
  Flag flag;
  std::jthread setter([&flag] {
    {
      MutexLock lock(flag.mutex);
      flag.set = true;
    }
    flag.changed.NotifyAll();
  });
  MutexLock lock(flag.mutex);
  EXPECT_TRUE(
      flag.changed.Wait(flag.mutex, {}, [&flag]() PGK_REQUIRES(flag.mutex) { return flag.set; }));
}

TEST(CondVar, StopEndsAWaitWhoseConditionIsFalse) {
  Flag flag;
  std::stop_source source;
  std::jthread stopper([&source] { source.request_stop(); });
  MutexLock lock(flag.mutex);
  EXPECT_FALSE(flag.changed.Wait(flag.mutex, source.get_token(),
                                 [&flag]() PGK_REQUIRES(flag.mutex) { return flag.set; }));
}

TEST(CondVar, WaitForEndsByTime) {
  Flag flag;
  MutexLock lock(flag.mutex);
  EXPECT_FALSE(flag.changed.WaitFor(flag.mutex, Duration(1), {},
                                    [&flag]() PGK_REQUIRES(flag.mutex) { return flag.set; }));
}

}  // namespace
}  // namespace pgkeep
