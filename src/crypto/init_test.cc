#include "crypto/init.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "crypto/self_test.h"

namespace pgkeep::crypto {
namespace {

TEST(InitCrypto, SucceedsFromManyThreadsAndAgain) {
  constexpr int kThreads = 4;
  std::atomic<int> succeeded = 0;
  std::latch start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (InitCrypto().ok()) ++succeeded;
      });
    }
  }
  EXPECT_EQ(succeeded, kThreads);
  EXPECT_TRUE(InitCrypto().ok());
}

TEST(SelfTest, FindsNothingWrongHere) { EXPECT_STREQ(internal::FailedSelfTest(), nullptr); }

#if defined(__x86_64__)
TEST(HasAesHardware, AgreesWithTheProcessor) {
  unsigned eax = 1;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  const bool pclmulqdq = (ecx >> 1 & 1) != 0;
  const bool aes = (ecx >> 25 & 1) != 0;
  EXPECT_EQ(HasAesHardware(), aes && pclmulqdq);
}
#endif

}  // namespace
}  // namespace pgkeep::crypto
