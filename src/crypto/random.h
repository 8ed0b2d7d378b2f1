#pragma once

#include "base/bytes.h"

namespace pgkeep::crypto {

// Fills `out` with bytes of the kernel's generator, getrandom(2). No state is kept in the process,
// so a fork or a cloned or rolled-back virtual machine never sees the same bytes again once the
// kernel has been reseeded. Thread-safe. Aborts when the kernel refuses: continuing without
// randomness would repeat keys and nonces. Costs one system call per 256 bytes.
void RandomBytes(MutableByteSpan out);

// Where keys, salts, nonces and identifiers come from. The product uses SystemRandom(); a
// simulation passes a seeded one to make a run repeatable. Implementations must be thread-safe and
// cannot fail.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  // Overwrites all of `out`.
  virtual void Fill(MutableByteSpan out) = 0;

 protected:
  RandomSource() = default;
  RandomSource(const RandomSource&) = default;
  RandomSource& operator=(const RandomSource&) = default;
};

// The source over RandomBytes; lives as long as the process.
[[nodiscard]] RandomSource& SystemRandom();

}  // namespace pgkeep::crypto
