#include "postgres/server_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "postgres/sqlstate.h"
#include "postgres/statement_text.h"

namespace pgkeep::postgres::internal {
namespace {

constexpr size_t kMessageMax = 1000;
constexpr size_t kDetailMax = 500;
constexpr size_t kContextMax = 200;

// `COPY t, line 3, column a: "secret"` -> `COPY t, line 3, column a`.
std::string_view WithoutContent(std::string_view context) {
  context = context.substr(0, context.find('\n'));
  return context.substr(0, context.find(": \""));
}

// What a failed start says when the server did not speak: libpq's words, which stay English because
// this program never chooses another locale.
struct Symptom {
  std::string_view words;
  ErrorCode code;
  std::string_view hint;
};

constexpr Symptom kSymptoms[] = {
    {"no password supplied", ErrorCode::kUnauthenticated,
     "keep the password in a password file (~/.pgpass) or in PGPASSWORD"},
    {"server does not support SSL", ErrorCode::kUnauthenticated,
     "turn on ssl on the server, or choose a weaker sslmode if the network is safe"},
    {"does not match host name", ErrorCode::kUnauthenticated,
     "connect by the name in the server's certificate, or give it a certificate for this name"},
    {"certificate", ErrorCode::kUnauthenticated,
     "check sslrootcert, and that it has signed the server's certificate"},
    {"SSL error", ErrorCode::kUnauthenticated, "check the TLS settings on both sides"},
    {"could not translate host name", ErrorCode::kUnavailable, "check the host name"},
    {"Connection refused", ErrorCode::kUnavailable,
     "check that the server runs, and that it listens on this address and port"},
    {"No such file or directory", ErrorCode::kUnavailable,
     "check that the server runs, and that its unix_socket_directories names this directory"},
    {"connection to server", ErrorCode::kUnavailable,
     "check that the server runs and can be reached, then try again"},
    {"server closed the connection", ErrorCode::kUnavailable,
     "look at the server's log for the reason, then try again"},
    {"", ErrorCode::kConfig, "check the connection string, the service file and the PG* variables"},
};

const Symptom& SymptomOf(std::string_view text) {
  const Symptom* symptom = &kSymptoms[0];
  while (text.find(symptom->words) == std::string_view::npos) ++symptom;
  return *symptom;
}

bool IsStateCharacter(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

// Where "FATAL:  28P01: text" is in a line: the position of the severity (a word in the server's
// language) and of the text.
struct SpokenError {
  size_t begin;
  size_t text;
  std::string sqlstate;
};

std::optional<SpokenError> FindSpokenError(std::string_view line) {
  constexpr size_t kStateLength = 5;
  for (size_t at = line.find(":  "); at != std::string_view::npos; at = line.find(":  ", at + 1)) {
    const std::string_view rest = line.substr(at + 3);
    if (rest.size() < kStateLength + 2 || rest.substr(kStateLength, 2) != ": ") continue;
    const std::string_view state = rest.substr(0, kStateLength);
    if (!std::all_of(state.begin(), state.end(), IsStateCharacter)) continue;
    const size_t space = line.rfind(' ', at);
    return SpokenError{.begin = space == std::string_view::npos ? 0 : space + 1,
                       .text = at + 3 + kStateLength + 2,
                       .sqlstate = std::string(state)};
  }
  return std::nullopt;
}

}  // namespace

std::string_view ErrorField(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

Notice MakeNotice(const PGresult* result) {
  return {.severity = std::string(ErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED)),
          .sqlstate = std::string(ErrorField(result, PG_DIAG_SQLSTATE)),
          .message = std::string(ErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
          .detail = std::string(ErrorField(result, PG_DIAG_MESSAGE_DETAIL)),
          .hint = std::string(ErrorField(result, PG_DIAG_MESSAGE_HINT))};
}

Error LostError(std::string_view libpq_message) {
  const std::string words = OneLine(libpq_message.substr(0, libpq_message.find('\n')), kMessageMax);
  return Err(ErrorCode::kUnavailable, "{}", words.empty() ? "the server is gone" : words)
      .WithHint("look at the server's log and the network for the reason, then try again");
}

Error ServerError(const PGresult* result, std::string_view sql) {
  const std::string_view sqlstate = ErrorField(result, PG_DIAG_SQLSTATE);
  // Without an SQLSTATE libpq itself says that something went wrong: nearly always a lost server.
  if (sqlstate.empty()) return LostError(PQresultErrorMessage(result));

  std::string message = OneLine(ErrorField(result, PG_DIAG_MESSAGE_PRIMARY), kMessageMax);
  const std::string_view place = WithoutContent(ErrorField(result, PG_DIAG_CONTEXT));
  if (!place.empty()) message += fmt::format(", in {}", OneLine(place, kContextMax));
  const std::string_view detail = ErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) message += fmt::format(" ({})", OneLine(detail, kDetailMax));
  message += fmt::format(" [{}]", sqlstate);

  std::string hint(HintOfSqlState(sqlstate));
  if (hint.empty()) hint = OneLine(ErrorField(result, PG_DIAG_MESSAGE_HINT), kDetailMax);
  Error error = Error(CodeOfSqlState(sqlstate), std::move(message), std::move(hint))
                    .WithSqlState(std::string(sqlstate));
  if (sql.empty()) return error;
  return std::move(error).WithContext(fmt::format("running \"{}\"", SummarizeStatement(sql)));
}

Error ConnectErrorFromText(std::string_view text) {
  std::string message;
  std::string sqlstate;
  const Symptom* symptom = &SymptomOf(text);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // Verbosity brings the place in the server's source, which helps nobody here.
    if (line.starts_with("LOCATION:")) continue;
    std::string shown(line);
    if (const std::optional<SpokenError> spoken = FindSpokenError(line)) {
      shown = fmt::format("{}{} [{}]", line.substr(0, spoken->begin), line.substr(spoken->text),
                          spoken->sqlstate);
      sqlstate = spoken->sqlstate;
    }
    if (!message.empty()) message += "; ";
    message += OneLine(shown, kMessageMax);
  }
  if (message.empty()) message = "connecting failed without a reason";
  if (sqlstate.empty()) {
    return Error(symptom->code, OneLine(message, kMessageMax), std::string(symptom->hint));
  }
  return Error(CodeOfSqlState(sqlstate), OneLine(message, kMessageMax),
               std::string(HintOfSqlState(sqlstate)))
      .WithSqlState(sqlstate);
}

Error ConnectError(const PGconn* connection, const ConnectionParams& params) {
  return ConnectErrorFromText(PQerrorMessage(connection))
      .WithContext(fmt::format("connecting to {}", params.Describe()));
}

}  // namespace pgkeep::postgres::internal
