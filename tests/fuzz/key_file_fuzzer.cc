// Any bytes as a key file or recovery kit: what is accepted is written and read again as the same
// key.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "repository/key_file.h"
#include "repository/recovery_kit.h"

namespace repository = pgkeep::repository;
using pgkeep::ByteSpan;

namespace {

// A kit of the parsed key, at the parsed address.
void CheckKit(const repository::KeyFile& file, const repository::KeyBundle& bundle) {
  const auto kit = repository::FormatRecoveryKit(bundle, file.repository,
                                                 {.address = file.address,
                                                  .pgkeep_version = file.pgkeep_version,
                                                  .created = {},
                                                  .kit_name = "kit.txt"});
  if (!kit.ok()) return;
  const auto again = repository::ParseKeyFile(kit->Expose());
  PGK_CHECK(again.ok() && again->key_id == file.key_id && again->address == file.address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = repository::ParseKeyFile(ByteSpan(data, size));
  if (!file.ok()) return 0;
  if (file->locked()) {
    const auto text =
        repository::FormatLockedKeyFile(std::get<repository::WrappedBundle>(file->keys), file->kind,
                                        file->key_id, file->repository);
    const auto again = repository::ParseKeyFile(text.Expose());
    PGK_CHECK(again.ok() && again->locked() && again->key_id == file->key_id);
    return 0;
  }
  const auto bundle = repository::UnlockKeyFile(*file, nullptr).value();
  const auto text = repository::FormatKeyFile(bundle, file->repository);
  const auto again = repository::ParseKeyFile(text.Expose());
  PGK_CHECK(again.ok() && again->key_id == file->key_id);
  CheckKit(*file, bundle);
  return 0;
}
