// Writing key slots; key_access.h reads them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/key_access.h"
#include "repository/key_bundle.h"
#include "repository/passphrase_wrap.h"
#include "repository/repository_context.h"

namespace pgkeep::cli {

// Wraps `bundle` and stores it under a new slot, which is returned. Slots have random names that
// are never used again: where a store keeps old versions, a name that came back would show the old
// slot. Takes 256 MiB of memory and about a second. Errors: as WrapBundle and the store.
Result<uint32_t> AddKeySlot(const repository::RepositoryContext& context,
                            const repository::KeyBundle& bundle, const SecretBytes& passphrase,
                            const std::string& label);

// The same for a bundle that is wrapped already.
Result<uint32_t> StoreKeySlot(const repository::RepositoryContext& context,
                              const repository::WrappedBundle& wrapped, const std::string& label);

}  // namespace pgkeep::cli
