// Any bytes as a configuration: what is accepted is written and read again as the same settings.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "config/configuration.h"

namespace config = pgkeep::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = pgkeep::AsText(pgkeep::ByteSpan(data, size));
  const auto parsed = config::ParseConfiguration(text, "/etc/pgkeep/pgkeep.toml");
  if (!parsed.ok()) {
    PGK_CHECK(parsed.error().code() == pgkeep::ErrorCode::kConfig && !parsed.error().hint().empty(),
              "whatever is wrong is said");
    return 0;
  }
  const auto again = config::FormatConfiguration(parsed->repository);
  if (again.ok()) {
    PGK_CHECK(config::ParseConfiguration(*again, "/").value().repository == parsed->repository,
              "settings survive");
  }
  return 0;
}
