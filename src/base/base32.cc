#include "base/base32.h"

namespace pgkeep {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// The value of a character, or -1.
int CharacterValue(char character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a';
  if (character >= '2' && character <= '7') return character - '2' + 26;
  return -1;
}

}  // namespace

std::string Base32Encode(ByteSpan bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  uint32_t pending = 0;  // the lowest `bits` bits are not written yet
  int bits = 0;
  for (const uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text.push_back(kAlphabet[pending >> bits & 0x1f]);
    }
  }
  if (bits > 0) text.push_back(kAlphabet[pending << (5 - bits) & 0x1f]);
  return text;
}

Result<Bytes> Base32Decode(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() * 5 / 8);
  uint32_t pending = 0;  // the lowest `bits` bits belong to a byte that is not complete
  int bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || text[i] == '-') continue;
    const int value = CharacterValue(text[i]);
    if (value < 0) {
      return Err(ErrorCode::kInvalidArgument, "not a base32 character at position {}", i);
    }
    pending = (pending << 5 | static_cast<uint32_t>(value)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<uint8_t>(pending >> bits & 0xff));
    }
  }
  // Five left-over bits or more are a character that no encoder writes.
  if (bits >= 5) return Error(ErrorCode::kInvalidArgument, "base32 text has an impossible length");
  if ((pending & ((1U << bits) - 1)) != 0) {
    return Error(ErrorCode::kInvalidArgument, "base32 text ends in the middle of a byte");
  }
  return bytes;
}

}  // namespace pgkeep
