#include "crypto/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace pgkeep::crypto {
namespace {

// Up to this size getrandom(2) is never interrupted half-way.
constexpr size_t kRequestBytesMax = 256;

class KernelRandom final : public RandomSource {
 public:
  void Fill(MutableByteSpan out) override { RandomBytes(out); }
};

}  // namespace

void RandomBytes(MutableByteSpan out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), std::min(out.size(), kRequestBytesMax), 0);
    if (got < 0 && errno == EINTR)
      continue;  // a signal while the kernel still gathers entropy at boot
    PGK_CHECK(got > 0, "the kernel gives no random bytes");
    out = out.subspan(static_cast<size_t>(got));
  }
}

RandomSource& SystemRandom() {
  static KernelRandom source;
  return source;
}

}  // namespace pgkeep::crypto
