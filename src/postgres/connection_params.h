// Where a server is and as whom to connect: libpq's keywords and their values.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace pgkeep::postgres {

// The keywords of one connection. What is not set here comes from the environment, a service file
// and libpq's defaults when the connection is opened; the password file too.
//
// Never turned into a string that libpq parses again when we connect, so no value can smuggle in
// another keyword. Secret values (libpq marks them: password, sslpassword) are wiped when they go,
// and nothing here prints them. A value: copying copies the secrets too. One thread at a time.
class ConnectionParams {
 public:
  // Nothing set: all comes from the environment and the defaults.
  ConnectionParams() = default;
  ConnectionParams(const ConnectionParams& other);
  ConnectionParams& operator=(const ConnectionParams& other);
  ConnectionParams(ConnectionParams&&) noexcept = default;
  ConnectionParams& operator=(ConnectionParams&&) noexcept = default;
  ~ConnectionParams() = default;

  // Parses "host=a dbname=b" or "postgresql://user@host/db?keyword=value", as libpq does.
  // kInvalidArgument for everything else; the message quotes the text only if no secret can be in
  // it.
  static Result<ConnectionParams> Parse(std::string_view text);

  // The value of a keyword, "" if it is not set. REQUIRES: the keyword is not a secret one.
  std::string Get(std::string_view keyword) const;
  bool Has(std::string_view keyword) const;

  // Sets a keyword; an empty value means that it is not set. kInvalidArgument for a keyword that
  // libpq does not know and for values with a zero byte.
  Status Set(std::string_view keyword, std::string_view value);

  // The same server and user, another database. The name is taken as it is: never as a connection
  // string.
  ConnectionParams WithDatabase(std::string_view database) const;

  // What is set and is no secret, by keyword.
  const std::map<std::string, std::string, std::less<>>& settings() const { return settings_; }
  // The secret values by keyword, without a zero at the end.
  const std::map<std::string, SecretBytes, std::less<>>& secrets() const { return secrets_; }

  // For messages: "host=db.example port=5432 dbname=app user=pgkeep", of what is set.
  std::string Describe() const;

  // For a child that is given a connection string as an argument, such as pg_dump: everything but
  // the secrets, quoted so that libpq reads back the same values. The password goes to the child in
  // PGPASSWORD.
  std::string ToConninfo() const;

 private:
  std::map<std::string, std::string, std::less<>> settings_;
  std::map<std::string, SecretBytes, std::less<>> secrets_;
};

// The longest connection string that is parsed, and the longest value, in bytes.
inline constexpr size_t kConninfoMax = size_t{64} << 10;

}  // namespace pgkeep::postgres
