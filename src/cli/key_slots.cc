#include "cli/key_slots.h"

#include <utility>

#include "base/endian.h"
#include "repository/key_slot.h"
#include "repository/object_names.h"
#include "storage/store_util.h"

namespace pgkeep::cli {

Result<uint32_t> AddKeySlot(const repository::RepositoryContext& context,
                            const repository::KeyBundle& bundle, const SecretBytes& passphrase,
                            const std::string& label) {
  PGK_ASSIGN_OR_RETURN(const repository::WrappedBundle wrapped,
                       repository::WrapBundle(bundle, context.id, passphrase, {}, *context.random));
  return StoreKeySlot(context, wrapped, label);
}

Result<uint32_t> StoreKeySlot(const repository::RepositoryContext& context,
                              const repository::WrappedBundle& wrapped, const std::string& label) {
  const repository::KeySlotObject object{
      .wrapped = wrapped, .label = label, .created = context.clock->Now(), .extensions = {}};
  Bytes number(4);
  context.random->Fill(number);
  const uint32_t slot = LoadLe32(number.data());
  PGK_TRY(storage::CreateOnce(*context.store, repository::KeySlotKey(slot),
                              repository::EncodeKeySlot(object, context.id), context.retry,
                              *context.clock, context.stop));
  return slot;
}

}  // namespace pgkeep::cli
