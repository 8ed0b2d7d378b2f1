// The section [prices]. For this room only.
#pragma once

#include <toml++/toml.h>

#include "config/price_table.h"
#include "config/problems.h"

namespace pgkeep::config {

// Reads [prices] and its classes over the defaults in `table`; what is wrong is added to
// `problems`.
void ReadPrices(const toml::node& node, Problems& problems, PriceTable& table);

}  // namespace pgkeep::config
