#include "storage/s3/list_start.h"

#include <algorithm>

#include "storage/object_store.h"

namespace pgkeep::storage {
namespace {

// All characters that keys may have, ascending.
constexpr std::string_view kKeyCharacters =
    "-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

// Behind every character of keys.
constexpr char kBehindAll = '~';

}  // namespace

std::string ListStart(std::string_view start_after) {
  // A valid key is no longer, so what comes behind cannot tell it from anything.
  const std::string_view text = start_after.substr(0, kMaxKeyBytes);
  const size_t end = text.find_first_not_of(kKeyCharacters);
  if (end == std::string_view::npos) return std::string(text);
  std::string start(text.substr(0, end));
  // Keys that go on with a smaller character than the first bad one are before the start.
  const auto bad = static_cast<unsigned char>(text[end]);
  const auto greater = std::ranges::find_if(
      kKeyCharacters, [bad](char c) { return static_cast<unsigned char>(c) > bad; });
  if (greater == kKeyCharacters.begin()) return start;
  start += *(greater - 1);
  start += kBehindAll;
  return start;
}

}  // namespace pgkeep::storage
