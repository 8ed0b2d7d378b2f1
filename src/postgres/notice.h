// What a server says besides its answers.
#pragma once

#include <functional>
#include <string>

namespace pgkeep::postgres {

// A notice or warning of the server. Text is in the connection's encoding and language.
struct Notice {
  std::string severity;  // never translated: "WARNING", "NOTICE", "INFO", "LOG", "DEBUG"
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
};

// Takes notices in the order in which they arrive, on the thread that uses the connection and in
// the middle of a call on it: it must not use the connection.
using NoticeHandler = std::function<void(const Notice&)>;

// Writes a notice to the log: a warning as a warning, everything else for debugging. What a
// connection does when it was given no handler.
void LogNotice(const Notice& notice);

}  // namespace pgkeep::postgres
