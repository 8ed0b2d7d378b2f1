#include "storage/overwrite_trial.h"

#include <string_view>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kContent = "pgkeep tries whether this can be overwritten";

Result<bool> IsThere(ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const ListPage page, store.List(kOverwriteTrialKey, "", 1));
  return !page.objects.empty() && page.objects.front().key == kOverwriteTrialKey;
}

// As backups create: on the condition that there is no such object, where the store has that.
Status Create(ObjectStore& store) {
  const bool conditional = store.features().conditional_create;
  const Result<ObjectInfo> created =
      conditional ? store.CreateIfAbsent(kOverwriteTrialKey, AsBytes(kContent))
                  : store.Put(kOverwriteTrialKey, AsBytes(kContent));
  const bool there = created.ok() || created.error().code() == ErrorCode::kAlreadyExists;
  return there ? Ok() : Status(created.error());
}

}  // namespace

Result<bool> RefusesToOverwrite(ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const bool there, IsThere(store));
  if (!there) PGK_TRY(Create(store));
  const Result<ObjectInfo> over = store.Put(kOverwriteTrialKey, AsBytes(kContent));
  if (over.ok()) return false;
  if (over.error().code() != ErrorCode::kPermission) return over.error();
  // Who may create nothing at all is refused this, too.
  if (there) PGK_TRY(Create(store));
  return true;
}

}  // namespace pgkeep::storage
