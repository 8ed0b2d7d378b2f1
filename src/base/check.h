// Assertions against programmer errors. Never for input: bytes from outside get an Error.
#pragma once

#include <string_view>

namespace pgkeep::internal {

// Prints "file:line: check failed: condition: text" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view text = {});

}  // namespace pgkeep::internal

// PGK_CHECK(condition) or PGK_CHECK(condition, "text"): aborts when the condition is false. Stays
// on in release builds, because going on with a broken invariant can destroy a backup.
#define PGK_CHECK(condition, ...)                                    \
  ((condition) ? static_cast<void>(0)                                \
               : ::pgkeep::internal::CheckFailed(__FILE__, __LINE__, \
                                                 #condition __VA_OPT__(, ) __VA_ARGS__))

// The same in debug builds only, for checks too slow for release; the condition is still compiled.
#ifdef NDEBUG
#define PGK_DCHECK(condition, ...) static_cast<void>(sizeof(!(condition)))
#else
#define PGK_DCHECK(condition, ...) PGK_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#endif
