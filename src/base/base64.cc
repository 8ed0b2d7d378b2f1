#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace pgkeep {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kGroupBytes = 3;
constexpr size_t kGroupDigits = 4;
constexpr unsigned kDigitBits = 6;

}  // namespace

std::string Base64Encode(ByteSpan bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += kGroupBytes) {
    const ByteSpan group = bytes.subspan(at, std::min(kGroupBytes, bytes.size() - at));
    uint32_t bits = 0;
    for (size_t i = 0; i < kGroupBytes; ++i) {
      bits = (bits << 8) | (i < group.size() ? group[i] : 0);
    }
    for (size_t i = 0; i < kGroupDigits; ++i) {
      const uint32_t digit = (bits >> (kDigitBits * (kGroupDigits - 1 - i))) & 63;
      text += i <= group.size() ? kDigits[digit] : '=';
    }
  }
  return text;
}

}  // namespace pgkeep
