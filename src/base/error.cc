#include "base/error.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace pgkeep {

namespace {

struct CodeFacts {
  ErrorCode code;
  std::string_view name;
  int exit;
  int http;
  bool retry;
  LogLevel level;
  std::string_view anchor;
};

constexpr CodeFacts kCodes[] = {
#define PGK_ERROR_CODE(enumerator, name, exit, http, retry, level, anchor) \
  {ErrorCode::enumerator, name, exit, http, retry, LogLevel::level, anchor},
#include "base/error_codes.def"
#undef PGK_ERROR_CODE
};

const CodeFacts& FactsOf(ErrorCode code) {
  const auto index = static_cast<size_t>(code);
  PGK_CHECK(index < std::size(kCodes));
  return kCodes[index];
}

}  // namespace

const std::vector<ErrorCode>& AllErrorCodes() {
  static const std::vector<ErrorCode> all = [] {
    std::vector<ErrorCode> codes;
    for (const CodeFacts& facts : kCodes) codes.push_back(facts.code);
    return codes;
  }();
  return all;
}

std::string_view CodeName(ErrorCode code) { return FactsOf(code).name; }
int ExitStatus(ErrorCode code) { return FactsOf(code).exit; }
int HttpStatus(ErrorCode code) { return FactsOf(code).http; }
bool IsRetryable(ErrorCode code) { return FactsOf(code).retry; }
LogLevel DefaultLogLevel(ErrorCode code) { return FactsOf(code).level; }
std::string_view DocAnchor(ErrorCode code) { return FactsOf(code).anchor; }

struct Error::Rep {
  ErrorCode code;
  std::string message;
  std::string hint;
  std::vector<std::string> context;  // outermost first
  std::optional<int> os_errno;
  std::string sqlstate;
  std::vector<Error> attached;
};

Error::Error(ErrorCode code, std::string message, std::string hint)
    : rep_(std::make_unique<Rep>(
          Rep{code, std::move(message), std::move(hint), {}, std::nullopt, {}, {}})) {}

Error::Error(const Error& other) : rep_(std::make_unique<Rep>(*other.rep_)) {}

Error& Error::operator=(const Error& other) {
  if (this != &other) rep_ = std::make_unique<Rep>(*other.rep_);
  return *this;
}

Error::Error(Error&&) noexcept = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

ErrorCode Error::code() const { return rep_->code; }
const std::string& Error::message() const { return rep_->message; }
const std::string& Error::hint() const { return rep_->hint; }
const std::vector<std::string>& Error::context() const { return rep_->context; }
const std::vector<Error>& Error::attached() const { return rep_->attached; }
std::optional<int> Error::os_errno() const { return rep_->os_errno; }
const std::string& Error::sqlstate() const { return rep_->sqlstate; }

Error Error::WithHint(std::string hint) && {
  rep_->hint = std::move(hint);
  return std::move(*this);
}

Error Error::WithContext(std::string context) && {
  rep_->context.insert(rep_->context.begin(), std::move(context));
  return std::move(*this);
}

Error Error::WithErrno(int os_errno) && {
  rep_->os_errno = os_errno;
  return std::move(*this);
}

Error Error::WithSqlState(std::string sqlstate) && {
  rep_->sqlstate = std::move(sqlstate);
  return std::move(*this);
}

Error Error::Attach(Error other) && {
  rep_->attached.push_back(std::move(other));
  return std::move(*this);
}

std::string Error::ToString() const {
  std::string text;
  for (const std::string& frame : rep_->context) {
    text += frame;
    text += ": ";
  }
  text += rep_->message;
  for (const Error& other : rep_->attached) {
    text += " (and also: ";
    text += other.ToString();
    text += ")";
  }
  return text;
}

std::string Error::Describe() const {
  std::string text = ToString();
  if (!rep_->hint.empty()) {
    text += "\nhint: ";
    text += rep_->hint;
  }
  return text;
}

Error VErr(ErrorCode code, fmt::string_view format, fmt::format_args arguments) {
  return Error(code, fmt::vformat(format, arguments));
}

ErrorCode CodeOfErrno(int os_errno) {
  switch (os_errno) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermission;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kOutOfSpace;
    case EWOULDBLOCK:
      return ErrorCode::kBusy;
    default:
      return ErrorCode::kIo;
  }
}

Error ErrnoError(int os_errno, std::string_view what) {
  // generic_category() is the thread-safe spelling of strerror().
  return Err(CodeOfErrno(os_errno), "{}: {}", what, std::generic_category().message(os_errno))
      .WithErrno(os_errno);
}

}  // namespace pgkeep
