// The list of base backups, as pins and manifests carry it.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// 16 bytes each. Checks nothing: encoders do that through DecodeBases().
Bytes EncodeBases(const std::vector<BackupId>& bases);

// The inverse. kCorruption for a length that is no multiple of 16, more than kMaxBases, a zero id
// or a repeated one.
Result<std::vector<BackupId>> DecodeBases(ByteSpan value);

}  // namespace pgkeep::repository
