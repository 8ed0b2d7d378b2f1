// The files with which a repository survives its machine: keys and recovery kits.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/environment.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"
#include "repository/key_file.h"
#include "repository/passphrase_wrap.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// Name of the first recovery kit, beside the configuration.
inline constexpr char kKitName[] = "pgkeep-recovery-kit.txt";

// Everything that a kit is made of. Borrows; lives for one call.
struct KitContent {
  const storage::StoreUrl& url;
  const repository::RepositoryId& repository;
  const repository::KeyBundle& bundle;      // full
  const repository::WrappedBundle* locked;  // the same behind a passphrase, or null
};

// The text of a kit that is called `name`. Errors: as FormatRecoveryKit.
Result<SecretBytes> FormatKit(const KitContent& content, const std::string& name,
                              const Environment& environment);

// Whether the key file or kit at `path` holds the keys of `bundle`.
bool HoldsKey(FileSystem& files, const std::string& path, const repository::KeyBundle& bundle,
              const repository::RepositoryId& repository);

// Writes a kit to a new file, durably and with mode 0600. A file that is there is kAlreadyExists,
// unless it holds the same key already: then nothing is done.
Status SaveKit(const KitContent& content, const std::string& path, const Environment& environment);

// kAlreadyExists, with words for the user, if something has this name.
Status CheckAbsent(FileSystem& files, const std::string& path);

}  // namespace pgkeep::cli
