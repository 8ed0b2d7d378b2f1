#include "postgres/notice.h"

#include "base/log.h"
#include "postgres/statement_text.h"

namespace pgkeep::postgres {

void LogNotice(const Notice& notice) {
  constexpr size_t kMessageMax = 500;
  const LogLevel level = notice.severity == "WARNING" ? LogLevel::kWarning : LogLevel::kDebug;
  Log(level, "postgres", "the server says: {}", internal::OneLine(notice.message, kMessageMax));
}

}  // namespace pgkeep::postgres
