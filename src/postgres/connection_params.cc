#include "postgres/connection_params.h"

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "postgres/libpq.h"

namespace pgkeep::postgres {
namespace {

using internal::OptionsPtr;

// Every keyword that libpq knows, and whether its value is secret.
const std::map<std::string, bool, std::less<>>& KnownKeywords() {
  static const auto known = [] {
    std::map<std::string, bool, std::less<>> keywords;
    const OptionsPtr defaults(PQconndefaults());
    for (const PQconninfoOption* option = defaults.get();
         option != nullptr && option->keyword != nullptr; ++option) {
      keywords[option->keyword] = std::strchr(option->dispchar, '*') != nullptr;
    }
    return keywords;
  }();
  return known;
}

// Whether a text that could not be parsed may hold a password: then it is not repeated.
bool MayHoldSecret(std::string_view text) {
  return text.find("pass") != std::string_view::npos || text.find('@') != std::string_view::npos ||
         text.find("secret") != std::string_view::npos;
}

Error NotUnderstood(std::string_view text, char* message) {
  std::string reason;
  if (message != nullptr && !MayHoldSecret(text)) {
    reason = message;
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    reason = ": " + reason;
  }
  PQfreemem(message);
  return Err(ErrorCode::kInvalidArgument, "connection string is not understood{}", reason)
      .WithHint(
          "write it as \"host=db.example user=pgkeep dbname=app\" or as "
          "postgresql://pgkeep@db.example/app");
}

// Quotes a value of a connection string.
std::string QuoteValue(std::string_view value) {
  std::string quoted = "'";
  for (const char character : value) {
    if (character == '\'' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + "'";
}

}  // namespace

ConnectionParams::ConnectionParams(const ConnectionParams& other) : settings_(other.settings_) {
  for (const auto& [keyword, value] : other.secrets_) secrets_.emplace(keyword, value.Clone());
}

ConnectionParams& ConnectionParams::operator=(const ConnectionParams& other) {
  if (this != &other) *this = ConnectionParams(other);
  return *this;
}

Result<ConnectionParams> ConnectionParams::Parse(std::string_view text) {
  if (text.size() > kConninfoMax) {
    return Err(ErrorCode::kInvalidArgument, "connection string has {} bytes; at most {} are read",
               text.size(), kConninfoMax);
  }
  if (text.find('\0') != std::string_view::npos) return NotUnderstood("pass", nullptr);
  SecretBytes terminated(text.size() + 1);
  if (!text.empty()) std::memcpy(terminated.ExposeMutable().data(), text.data(), text.size());

  char* message = nullptr;
  const OptionsPtr options(PQconninfoParse(AsText(terminated.Expose()).data(), &message));
  if (options == nullptr) return NotUnderstood(text, message);
  ConnectionParams params;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    PGK_TRY(params.Set(option->keyword, option->val));
    WipeMemory({static_cast<uint8_t*>(static_cast<void*>(option->val)), std::strlen(option->val)});
  }
  return params;
}

std::string ConnectionParams::Get(std::string_view keyword) const {
  const auto found = settings_.find(keyword);
  return found == settings_.end() ? std::string() : found->second;
}

bool ConnectionParams::Has(std::string_view keyword) const {
  return settings_.contains(keyword) || secrets_.contains(keyword);
}

Status ConnectionParams::Set(std::string_view keyword, std::string_view value) {
  const auto known = KnownKeywords().find(keyword);
  if (known == KnownKeywords().end()) {
    return Err(ErrorCode::kInvalidArgument, "there is no connection keyword '{}'", keyword)
        .WithHint("the keywords are those of libpq, such as host, port, dbname and user");
  }
  if (value.find('\0') != std::string_view::npos || value.size() > kConninfoMax) {
    return Err(ErrorCode::kInvalidArgument,
               "the value of connection keyword '{}' is too long or has a zero byte", keyword);
  }
  settings_.erase(known->first);
  secrets_.erase(known->first);
  if (value.empty()) return Ok();
  if (known->second) {
    secrets_.emplace(known->first, SecretBytes(AsBytes(value)));
  } else {
    settings_.emplace(known->first, value);
  }
  return Ok();
}

ConnectionParams ConnectionParams::WithDatabase(std::string_view database) const {
  ConnectionParams other(*this);
  other.settings_.insert_or_assign("dbname", std::string(database));
  return other;
}

std::string ConnectionParams::Describe() const {
  std::string text;
  for (const char* keyword : {"service", "host", "hostaddr", "port", "dbname", "user"}) {
    const std::string value = Get(keyword);
    if (value.empty()) continue;
    if (!text.empty()) text += ' ';
    text += fmt::format("{}={}", keyword, value);
  }
  return text.empty() ? "the default server" : text;
}

std::string ConnectionParams::ToConninfo() const {
  std::string text;
  for (const auto& [keyword, value] : settings_) {
    if (!text.empty()) text += ' ';
    text += keyword;
    text += '=';
    text += QuoteValue(value);
  }
  return text;
}

}  // namespace pgkeep::postgres
