// Repeatable randomness for tests and simulations.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "crypto/random.h"

namespace pgkeep::testing {

// A source whose bytes follow from its seed alone (SplitMix64 by Steele, Lea and Flood, 2014).
// Nothing about it is secret. Thread-safe; with several threads the order of their calls decides
// who gets what.
class SeededRandom : public crypto::RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  void Fill(MutableByteSpan out) override {
    for (size_t i = 0; i < out.size(); i += 8) {
      uint64_t value = Next();
      for (size_t k = i; k < out.size() && k < i + 8; ++k, value >>= 8) {
        out[k] = static_cast<uint8_t>(value);
      }
    }
  }

  // The next 64 bits.
  uint64_t Next() {
    constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
    uint64_t value = state_.fetch_add(kStep) + kStep;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

 private:
  std::atomic<uint64_t> state_;
};

}  // namespace pgkeep::testing
