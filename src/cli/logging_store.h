// A decorator that logs what goes through it, for support: --verbose shows it.
#pragma once

#include <memory>

#include "storage/object_store.h"

namespace pgkeep::cli {

// Forwards every call to `inner`, and writes one line of log for each at debug level: what was
// asked for, of which key, and what came of it. Thread-safe. Changes no result.
std::unique_ptr<storage::ObjectStore> MakeLoggingStore(std::unique_ptr<storage::ObjectStore> inner);

}  // namespace pgkeep::cli
