#include "storage/object_store.h"

#include <algorithm>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kKeyHint =
    "keys are made of A-Z, a-z, 0-9, '.', '_' and '-' in parts between single slashes; no part "
    "begins with a dot";

// Independent of the locale, unlike <cctype>.
bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// Shows at most 80 bytes of a bad key, with unprintable ones replaced: it may come from anywhere.
std::string Printable(std::string_view text) {
  constexpr size_t kShown = 80;
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  if (text.size() > kShown) shown += "...";
  return shown;
}

Error KeyError(std::string_view key, std::string_view what) {
  return Err(ErrorCode::kInvalidArgument, "object key '{}' {}", Printable(key), what)
      .WithHint(std::string(kKeyHint));
}

}  // namespace

bool IsKeyComponent(std::string_view name) {
  return !name.empty() && name.size() <= kMaxKeyComponentBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), IsNameByte);
}

Status ValidateKey(std::string_view key) {
  if (key.empty()) return KeyError(key, "is empty");
  if (key.size() > kMaxKeyBytes) return KeyError(key, "is too long");
  size_t begin = 0;
  while (true) {
    const size_t slash = key.find('/', begin);
    const std::string_view part = key.substr(begin, slash - begin);
    if (!IsKeyComponent(part)) {
      if (part.empty()) return KeyError(key, "has an empty part");
      if (part.size() > kMaxKeyComponentBytes) return KeyError(key, "has a part that is too long");
      if (part.front() == '.') return KeyError(key, "has a part that begins with a dot");
      return KeyError(key, "has a character that is not allowed");
    }
    if (slash == std::string_view::npos) return Ok();
    begin = slash + 1;
  }
}

Status ValidateListArguments(std::string_view prefix, size_t max_keys) {
  if (max_keys == 0) {
    return Err(ErrorCode::kInvalidArgument, "a listing must ask for at least one key");
  }
  const auto allowed = [](char c) { return c == '/' || IsNameByte(c); };
  if (!std::all_of(prefix.begin(), prefix.end(), allowed)) {
    return KeyError(prefix, "is no prefix of a key: it has a character that is not allowed");
  }
  return Ok();
}

Status ValidateObjectSize(std::string_view key, uint64_t size) {
  if (size <= kMaxObjectBytes) return Ok();
  return Err(ErrorCode::kLimitExceeded, "object {} would have {} bytes; the limit is {}", key, size,
             kMaxObjectBytes);
}

Status ListAll(ObjectStore& store, std::string_view prefix,
               const std::function<Status(const ObjectInfo&)>& visit) {
  std::string last;
  std::string start_after;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const ListPage page, store.List(prefix, start_after, kMaxListKeys));
    for (const ObjectInfo& object : page.objects) {
      if (!object.key.starts_with(prefix) || object.key <= last) {
        return Err(ErrorCode::kCorruption, "listing '{}' of {} returned key '{}' out of order",
                   prefix, store.Url(), Printable(object.key))
            .WithHint("the storage service does not keep the order that object listings promise");
      }
      PGK_TRY(visit(object));
      last = object.key;
    }
    if (page.next.empty()) return Ok();
    if (page.next <= start_after || page.next < last) {
      return Err(ErrorCode::kCorruption, "listing '{}' of {} does not advance", prefix, store.Url())
          .WithHint("the storage service repeats pages of object listings");
    }
    start_after = page.next;
  }
}

}  // namespace pgkeep::storage
