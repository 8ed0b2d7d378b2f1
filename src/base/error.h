// The one error type of the program, and its codes.
//
//   return Err(ErrorCode::kCorruption, "footer of pack {} ends early", id)
//       .WithHint("run 'pgkeep verify' to see what else is damaged");
//
// Messages are lower-case without a final stop and hold no secrets; hints are one sentence that
// says what to do next.
#pragma once

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log_level.h"

namespace pgkeep {

// What kind of failure it is: chosen by what the caller may do about it. What follows from a code
// is in error_codes.def.
enum class ErrorCode {
#define PGK_ERROR_CODE(enumerator, name, exit, http, retry, level, anchor) enumerator,
#include "base/error_codes.def"
#undef PGK_ERROR_CODE
};

// Every code, in the order of the table; for documentation and tests.
const std::vector<ErrorCode>& AllErrorCodes();

// The stable name of a code, such as "not_found".
std::string_view CodeName(ErrorCode code);

// Status with which the command line tool ends when this error reaches the top.
int ExitStatus(ErrorCode code);

// Status with which the HTTP API answers.
int HttpStatus(ErrorCode code);

// True if repeating the same call unchanged may succeed.
bool IsRetryable(ErrorCode code);

// Severity at which an error that nobody handled is logged.
LogLevel DefaultLogLevel(ErrorCode code);

// Anchor of the code's paragraph in the error reference.
std::string_view DocAnchor(ErrorCode code);

// One failure: a code, a message, an optional hint, the frames of context it passed through, and
// other failures that happened while it was handled.
//
// One pointer wide, so that Result stays small and success costs nothing. A value: moving is cheap,
// copying copies everything. Distinct objects may be used by distinct threads. A moved-from Error
// may only be destroyed or assigned to.
class [[nodiscard]] Error {
 public:
  explicit Error(ErrorCode code, std::string message, std::string hint = "");
  Error(const Error& other);
  Error& operator=(const Error& other);
  Error(Error&&) noexcept;
  Error& operator=(Error&&) noexcept;
  ~Error();

  ErrorCode code() const;

  // The innermost message, without context.
  const std::string& message() const;

  // What the user should do next; may be empty.
  const std::string& hint() const;

  // Context frames, outermost first.
  const std::vector<std::string>& context() const;

  // Failures that happened while this one was handled, such as a close after a failed write.
  const std::vector<Error>& attached() const;

  // errno of the failed system call, when one is known.
  std::optional<int> os_errno() const;

  // The five letters of the server's error (SQLSTATE), when the failure is one of PostgreSQL; else
  // "".
  const std::string& sqlstate() const;

  // Replaces the hint.
  Error WithHint(std::string hint) &&;

  // Adds an outer frame: what was being done ("reading pack p/..").
  Error WithContext(std::string context) &&;

  // Records the errno of the system call that failed. Changes neither code nor message.
  Error WithErrno(int os_errno) &&;

  // Records the SQLSTATE of a server's error. Changes neither code nor message.
  Error WithSqlState(std::string sqlstate) &&;

  // Keeps a second failure with this one, which stays the first: its code decides.
  Error Attach(Error other) &&;

  // "outer context: inner context: message (and also: second failure)", without hints.
  std::string ToString() const;

  // ToString() and, if there is a hint, a second line "hint: ...".
  std::string Describe() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;  // never null but after a move
};

static_assert(sizeof(Error) == sizeof(void*), "success must stay cheap");

// The formatting behind Err(), out of line so that callers compile fast.
Error VErr(ErrorCode code, fmt::string_view format, fmt::format_args arguments);

// Makes an error with a formatted message; the format string is checked when it is compiled.
template <class... Args>
Error Err(ErrorCode code, fmt::format_string<Args...> format, Args&&... arguments) {
  return VErr(code, format, fmt::make_format_args(arguments...));
}

// The code that an errno stands for: ENOENT not found, EEXIST already exists, EACCES, EPERM and
// EROFS permission, ENOSPC and EDQUOT out of space, EWOULDBLOCK busy, every other one io.
ErrorCode CodeOfErrno(int os_errno);

// Makes "<what>: <text of the errno>" with CodeOfErrno() and the errno kept, e.g. what = "opening
// /a/b".
Error ErrnoError(int os_errno, std::string_view what);

}  // namespace pgkeep
