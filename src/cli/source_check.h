// Looking at a server before it is backed up.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/check_list.h"
#include "cli/environment.h"
#include "config/configuration.h"

namespace pgkeep::cli {

// Adds a line for everything that a backup of this source needs of its server. Connects as the
// backup would, and changes nothing. Returns the size of the databases that would be backed up,
// where the server tells it.
std::optional<uint64_t> CheckSource(const config::SourceSettings& source,
                                    const Environment& environment, CheckList& list);

}  // namespace pgkeep::cli
