// Result<T>: a value or an Error, and the two macros that pass errors on.
//
//   Result<Header> ReadHeader(FileSystem& files, const std::string& path) {
//     PGK_ASSIGN_OR_RETURN(Bytes bytes, ReadWholeFile(files, path, kHeaderMax));
//     PGK_TRY(CheckMagic(bytes));
//     return Header::Parse(bytes);
//   }
#pragma once

#include <concepts>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace pgkeep {

// A value of type T or the Error that says why there is none.
//
// Must be looked at: dropping one is a compiler warning, and reading the side that is not there
// aborts. Converts implicitly from a value and from an Error, so that both can be returned plainly.
// Thread safety is that of T. Wraps tl::expected, which checks nothing.
template <class T>
class [[nodiscard]] Result {
 public:
  using ValueType = T;

  // NOLINTNEXTLINE(google-explicit-constructor): so that an Error can be returned plainly
  Result(Error error) : state_(tl::unexpect, std::move(error)) {}

  // NOLINTBEGIN(google-explicit-constructor): so that a value can be returned plainly
  template <class U = T>
    requires(std::constructible_from<T, U> && std::convertible_to<U, T> &&
             !std::same_as<std::remove_cvref_t<U>, Result> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::forward<U>(value)) {}
  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }

  // The value. REQUIRES: ok(). A temporary result gives it away by value, so that
  // `for (auto& entry : *ReadDirectory(path))` does not look into a result that is gone.
  const T& value() const& { return CheckedValue(*this); }
  T& value() & { return CheckedValue(*this); }
  T value() && { return std::move(CheckedValue(*this)); }
  const T& operator*() const& { return CheckedValue(*this); }
  T& operator*() & { return CheckedValue(*this); }
  T operator*() && { return std::move(CheckedValue(*this)); }
  const T* operator->() const { return &CheckedValue(*this); }
  T* operator->() { return &CheckedValue(*this); }

  // The error. REQUIRES: !ok().
  const Error& error() const& { return CheckedError(*this); }
  Error error() && { return std::move(CheckedError(*this)); }

  // The value, or `fallback` where there is an error (which is then dropped on purpose).
  template <class U>
  T ValueOr(U&& fallback) && {
    return ok() ? std::move(*state_) : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  T ValueOr(U&& fallback) const& {
    return ok() ? *state_ : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  template <class Self>
  static auto& CheckedValue(Self& self) {
    if (!self.ok()) [[unlikely]] {
      internal::CheckFailed(__FILE__, __LINE__, "result has a value",
                            self.state_.error().ToString());
    }
    return *self.state_;
  }
  template <class Self>
  static auto& CheckedError(Self& self) {
    PGK_CHECK(!self.ok(), "result has an error");
    return self.state_.error();
  }

  tl::expected<T, Error> state_;
};

// Success or an Error, where there is no value to return. Success allocates nothing.
template <>
class [[nodiscard]] Result<void> {
 public:
  using ValueType = void;

  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): so that an Error can be returned plainly
  Result(Error error) : state_(tl::unexpect, std::move(error)) {}

  bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }

  // The error. REQUIRES: !ok().
  const Error& error() const& {
    PGK_CHECK(!ok(), "status has an error");
    return state_.error();
  }
  Error error() && {
    PGK_CHECK(!ok(), "status has an error");
    return std::move(state_.error());
  }

 private:
  tl::expected<void, Error> state_;
};

using Status = Result<void>;

// Success, for `return Ok();`.
inline Status Ok() { return {}; }

}  // namespace pgkeep

#define PGK_INTERNAL_JOIN2(a, b) a##b
#define PGK_INTERNAL_JOIN(a, b) PGK_INTERNAL_JOIN2(a, b)

#define PGK_INTERNAL_TRY(name, ...)                      \
  do {                                                   \
    auto&& name = (__VA_ARGS__);                         \
    if (!name.ok()) [[unlikely]] {                       \
      return std::forward<decltype(name)>(name).error(); \
    }                                                    \
  } while (false)

#define PGK_INTERNAL_TRY_CONTEXT(name, context_text, ...)                \
  do {                                                                   \
    auto&& name = (__VA_ARGS__);                                         \
    if (!name.ok()) [[unlikely]] {                                       \
      return ::pgkeep::Error(std::forward<decltype(name)>(name).error()) \
          .WithContext(context_text);                                    \
    }                                                                    \
  } while (false)

#define PGK_INTERNAL_ASSIGN(name, declaration, ...) \
  auto name = (__VA_ARGS__);                        \
  if (!name.ok()) [[unlikely]] {                    \
    return std::move(name).error();                 \
  }                                                 \
  declaration = std::move(name).value()

// Evaluates a Result or Status and returns its error from this function, if it has one; a value is
// dropped. Usable wherever the function returns a Result of any type.
#define PGK_TRY(...) PGK_INTERNAL_TRY(PGK_INTERNAL_JOIN(pgk_result_, __COUNTER__), __VA_ARGS__)

// PGK_TRY that adds a frame of context. `context_text` is evaluated only on failure.
#define PGK_TRY_CONTEXT(context_text, ...) \
  PGK_INTERNAL_TRY_CONTEXT(PGK_INTERNAL_JOIN(pgk_result_, __COUNTER__), context_text, __VA_ARGS__)

// PGK_ASSIGN_OR_RETURN(Bytes bytes, Read()): moves the value out, or returns the error from this
// function. The declaration may also be a variable that exists. Two statements: never the body of
// an `if` without braces.
#define PGK_ASSIGN_OR_RETURN(declaration, ...) \
  PGK_INTERNAL_ASSIGN(PGK_INTERNAL_JOIN(pgk_result_, __COUNTER__), declaration, __VA_ARGS__)
