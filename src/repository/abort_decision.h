#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/control_access.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// `dec/<S>` = ABORT, signed if there are keys.
Bytes MakeAbort(const ControlAccess& control, const WriterId& writer, std::string_view reason);

// Creates it. Success: the writer is aborted, by this call or another. kConflict: it has committed.
Status DecideAbort(const ControlAccess& control, const WriterId& writer, std::string_view reason);

}  // namespace pgkeep::repository
