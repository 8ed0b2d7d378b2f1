// The recovery kit: one text file with which an empty machine restores. A kit is a key file with an
// address and the exact commands, so ParseKeyFile() reads it and `--key-file` accepts it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"
#include "repository/key_file.h"
#include "repository/passphrase_wrap.h"

namespace pgkeep::repository {

// What a kit says besides the key.
struct RecoveryKitFacts {
  RepositoryAddress address;  // url must not be empty nor hold a password
  std::string pgkeep_version;
  Timestamp created;
  std::string kit_name;  // file name used in the commands, e.g. "pgkeep-recovery-kit.txt"
};

// The text of a kit with the full key in it. Errors: kRefused for a host key, which cannot restore,
// and for a URL with a password in it; kInvalidArgument for values with control characters.
Result<SecretBytes> FormatRecoveryKit(const KeyBundle& bundle, const RepositoryId& repository,
                                      const RecoveryKitFacts& facts);

// The same behind a passphrase. `wrapped` is of a full bundle with this key id.
Result<SecretBytes> FormatLockedRecoveryKit(const WrappedBundle& wrapped, std::string_view key_id,
                                            const RepositoryId& repository,
                                            const RecoveryKitFacts& facts);

}  // namespace pgkeep::repository
