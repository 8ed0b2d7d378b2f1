#include "repository/clean_text.h"

#include <cstddef>
#include <cstdint>

#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

// Length of the well-formed, printable character at the start of `text`; 0 if there is none.
size_t CharacterBytes(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  uint32_t character = first & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3f);
  }
  // Longer forms than needed, surrogates, beyond Unicode, and the control characters of Latin-1.
  const uint32_t smallest = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0xa0;
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  return character < smallest || surrogate || character > 0x10ffff ? 0 : size;
}

}  // namespace

bool IsCleanText(std::string_view text) {
  if (text.size() > kMaxTextBytes) return false;
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string CleanText(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    const std::string_view next = size == 0 ? "?" : text.substr(0, size);
    if (clean.size() + next.size() > kMaxTextBytes) break;
    clean.append(next);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return clean;
}

}  // namespace pgkeep::repository
