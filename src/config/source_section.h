// Reading the sections [source.NAME]. For this room only.
#pragma once

#include <toml++/toml.h>

#include <vector>

#include "config/configuration.h"
#include "config/problems.h"

namespace pgkeep::config {

// Reads all of them from the value of "source", in the order of their names; what is wrong is added
// to `problems`.
std::vector<SourceSettings> ReadSources(const toml::node& node, Problems& problems);

}  // namespace pgkeep::config
