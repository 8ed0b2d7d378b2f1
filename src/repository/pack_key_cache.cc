#include "repository/pack_key_cache.h"

#include <optional>
#include <string>

#include "repository/config_object.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/pack_format.h"
#include "repository/session_object.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kPacksMax = 4'096;

}  // namespace

PackKeyCache::PackKeyCache(const RepositoryContext& context) : context_(context) {}

Result<std::shared_ptr<const PackKeys>> PackKeyCache::Get(const PackName& pack,
                                                          const HeaderReader& read_header) {
  {
    const MutexLock lock(mutex_);
    const auto found = packs_.find(pack);
    if (found != packs_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
  }
  std::shared_ptr<const SecretBytes> writer_key;
  ByteSpan prk = context_.keys->meta_key();
  if (pack.kind == PackKind::kData) {
    PGK_ASSIGN_OR_RETURN(writer_key, WriterKey(pack.writer));
    prk = writer_key->Expose();
  }
  PackHeaderBytes header{};
  PGK_TRY_CONTEXT("reading the header of " + pack.Key(), read_header(pack, header));
  PGK_ASSIGN_OR_RETURN(PackKeys opened, OpenPackHeader(header, pack, context_.id, prk));
  auto keys = std::make_shared<const PackKeys>(std::move(opened));
  Insert(pack, keys);
  return keys;
}

Result<std::shared_ptr<const SecretBytes>> PackKeyCache::WriterKey(const WriterId& writer) {
  {
    const MutexLock lock(mutex_);
    const auto found = writers_.find(writer);
    if (found != writers_.end()) return found->second;
  }
  PGK_TRY(context_.keys->RequireReadData("reading the data of a backup"));
  const std::string key = SessionKey(writer);
  const SignerSet signers(context_.config->signers);
  PGK_ASSIGN_OR_RETURN(const Bytes object,
                       Retry(context_.retry, *context_.clock, context_.stop,
                             [&] { return context_.store->Get(key, kMaxSessionObjectBytes); }));
  PGK_ASSIGN_OR_RETURN(const SessionObject session,
                       DecodeSession(object, {context_.id, writer}, signers));
  PGK_ASSIGN_OR_RETURN(SecretBytes opened,
                       context_.keys->OpenWriterKey(session, context_.id, writer));
  auto shared = std::make_shared<const SecretBytes>(std::move(opened));
  const MutexLock lock(mutex_);
  return writers_.try_emplace(writer, std::move(shared)).first->second;
}

void PackKeyCache::Insert(const PackName& pack, std::shared_ptr<const PackKeys> keys) {
  const MutexLock lock(mutex_);
  if (packs_.contains(pack)) return;
  order_.emplace_front(pack, std::move(keys));
  packs_.emplace(pack, order_.begin());
  if (packs_.size() > kPacksMax) {
    packs_.erase(order_.back().first);
    order_.pop_back();
  }
}

}  // namespace pgkeep::repository
