#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hex.h"
#include "crypto/random.h"

namespace pgkeep::crypto {

// The bytes of a vector as it is printed in its source: hexadecimal with spaces. Aborts on a typo.
inline Bytes Hex(std::string_view text) {
  std::string digits(text);
  std::erase(digits, ' ');
  return HexDecode(digits).value();
}

// Hands out the given bytes, then repeats them: makes randomised functions testable with vectors.
class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}

  void Fill(MutableByteSpan out) override {
    for (uint8_t& byte : out) byte = bytes_[position_++ % bytes_.size()];
  }

 private:
  Bytes bytes_;
  size_t position_ = 0;
};

}  // namespace pgkeep::crypto
