#include "repository/protocol_test_kit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "crypto/init.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/expiry_object.h"
#include "repository/key_bundle.h"
#include "repository/session_object.h"

namespace pgkeep::repository {
namespace {

template <class T>
T Must(Result<T> result, const char* what) {
  if (!result.ok()) ADD_FAILURE() << what << ": " << result.error().Describe();
  PGK_CHECK(result.ok(), "a step of the test's own set-up works");
  return std::move(result).value();
}

void Must(const Status& status, const char* what) {
  if (!status.ok()) ADD_FAILURE() << what << ": " << status.error().Describe();
  PGK_CHECK(status.ok(), "a step of the test's own set-up works");
}

}  // namespace

void HookStore::Before(std::string operation, std::string key, int nth,
                       std::function<void()> action) {
  fired_ = false;
  hook_ = [this, operation = std::move(operation), key = std::move(key), left = nth,
           action = std::move(action)](std::string_view op, std::string_view k) mutable {
    if (op != operation || !k.starts_with(key) || --left != 0) return;
    fired_ = true;
    action();
  };
}

void HookStore::Call(std::string_view operation, std::string_view key) {
  const std::thread::id self = std::this_thread::get_id();
  if (!hook_ || in_hook_ == self) return;
  const MutexLock lock(mutex_);
  in_hook_ = self;
  hook_(operation, key);
  in_hook_ = std::thread::id();
}

Result<storage::ObjectInfo> HookStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  Call("create", key);
  return inner().CreateIfAbsent(key, bytes);
}

Result<storage::ObjectInfo> HookStore::Put(std::string_view key, ByteSpan bytes) {
  Call("put", key);
  return inner().Put(key, bytes);
}

Result<Bytes> HookStore::Get(std::string_view key, uint64_t max_bytes) {
  Call("get", key);
  return inner().Get(key, max_bytes);
}

Status HookStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  Call("get", key);
  return inner().GetRange(key, offset, out);
}

Result<storage::ListPage> HookStore::List(std::string_view prefix, std::string_view start_after,
                                          size_t max_keys) {
  Call("list", prefix);
  return inner().List(prefix, start_after, max_keys);
}

Result<storage::ObjectInfo> HookStore::Head(std::string_view key) {
  Call("head", key);
  return inner().Head(key);
}

Status HookStore::Delete(std::string_view key) {
  Call("delete", key);
  return inner().Delete(key);
}

TestRepository::TestRepository(storage::ObjectStore& store, Clock& clock, uint64_t seed)
    : store_(store), clock_(clock), random_(seed) {
  Must(crypto::InitCrypto(), "crypto");
  id_ = RepositoryId::New(random_);
  keys_ = Must(KeyRing::FromBundle(KeyBundle::Generate(random_), id_), "keys");
  ConfigObject config;
  config.operator_public_key = keys_->operator_public_key();
  config.recipients = keys_->data_public_keys();
  config.signers = {{keys_->host_signing_key().public_key(), SignerState::kActive}};
  const Bytes object =
      Must(EncodeConfig(config, id_, *keys_->operator_signing_key()), "configuration");
  (void)store_.CreateIfAbsent(ConfigKey(1), object);
  (void)store_.CreateIfAbsent(ConfigCopyKey(1), object);
  config_ = std::make_shared<const ConfigObject>(
      Must(DecodeConfig(object, id_, 1, &keys_->operator_public_key()), "configuration"));
}

RepositoryContext TestRepository::Context(storage::ObjectStore* store) const {
  RepositoryContext context;
  context.store = store != nullptr ? store : &store_;
  context.keys = keys_;
  context.id = id_;
  context.config = config_;
  context.clock = &clock_;
  context.random = &random_;
  context.files = &PosixFileSystem();
  context.state_directory = ::testing::TempDir();
  return context;
}

RepositoryContext TestRepository::KeylessContext(storage::ObjectStore* store) const {
  RepositoryContext context = Context(store);
  context.keys = nullptr;
  return context;
}

Result<TestRepository::Writer> TestRepository::Begin(const RepositoryContext& context,
                                                     const std::vector<BackupId>& bases) const {
  PGK_ASSIGN_OR_RETURN(WriterTicket ticket,
                       BeginWriter(context, {.bases = bases, .client_version = "test"}));
  return Writer{std::move(ticket), {}};
}

Status TestRepository::StorePacks(const RepositoryContext& context, Writer& writer, int data_packs,
                                  size_t pack_bytes) const {
  const WriterId id = writer.ticket.writer;
  for (int i = 0; i <= data_packs; ++i) {
    PackEntry entry;
    entry.name = i == 0 ? PackName{id, PackKind::kMeta, 0}
                        : PackName{id, PackKind::kData, static_cast<uint32_t>(i - 1)};
    Bytes content(pack_bytes);
    random_.Fill(content);
    entry.size = content.size();
    entry.sha256 = crypto::Sha256(content);
    if (i > 0) {
      entry.live_units = 1;
      entry.all_units = 1;
      entry.fingerprints = FingerprintPlace{.meta_seq = 0, .offset = 96, .clen = 16, .rlen = 16};
    }
    PGK_TRY(ControlAccess(context).Create(entry.name.Key(), content));
    writer.entries.push_back(entry);
  }
  return Ok();
}

void TestRepository::Reuse(Writer& writer, size_t base, bool all) {
  for (const PackEntry& entry : writer.ticket.bases.at(base).references.entries()) {
    const bool first_data = entry.name.kind == PackKind::kData && entry.name.seq == 0;
    if (all || first_data || entry.name.kind == PackKind::kMeta) writer.entries.push_back(entry);
  }
}

TestRepository::CommitObjects TestRepository::MakeCommitObjects(
    const Writer& writer, const std::string& source, bool complete,
    std::optional<uint64_t> counter) const {
  const ObjectIdentity identity{id_, writer.ticket.writer};
  std::vector<PackEntry> entries = writer.entries;
  std::ranges::sort(entries, {}, &PackEntry::name);
  entries.erase(std::ranges::unique(entries, {}, &PackEntry::name).begin(), entries.end());
  CommitObjects objects;
  objects.references = Must(EncodeReferenceList(Must(ReferenceList::FromEntries(entries), "list"),
                                                identity, keys_->host_signing_key()),
                            "reference list");
  Manifest manifest;
  manifest.state = complete ? BackupState::kComplete : BackupState::kPartial;
  manifest.started = writer.ticket.started;
  manifest.finished = clock_.Now();
  for (const BaseBackup& base : writer.ticket.bases) manifest.bases.push_back(base.id);
  manifest.reference_list_sha256 = crypto::Sha256(objects.references);
  manifest.session_sha256 = writer.ticket.session_sha256;
  manifest.source = source;
  if (counter) manifest.sequence = SourceSequence{*counter, {}};
  objects.manifest = Must(EncodeManifest(manifest, identity, *keys_, random_), "manifest");
  return objects;
}

Result<DummyBackup> TestRepository::Commit(const RepositoryContext& context, const Writer& writer,
                                           const std::string& source, bool complete,
                                           std::optional<uint64_t> counter) const {
  CommitObjects objects = MakeCommitObjects(writer, source, complete, counter);
  PGK_ASSIGN_OR_RETURN(ReferenceList references,
                       DecodeReferenceList(objects.references, {id_, writer.ticket.writer},
                                           SignerSet(config_->signers)));
  PGK_TRY(CommitWriter(context, writer.ticket, std::move(objects.manifest),
                       std::move(objects.references)));
  return DummyBackup{writer.ticket.writer, std::move(references)};
}

DummyBackup TestRepository::MakeBackup(const std::vector<BackupId>& bases, int data_packs,
                                       const std::string& source, bool complete,
                                       std::optional<uint64_t> counter) const {
  const RepositoryContext context = Context();
  Writer writer = Must(Begin(context, bases), "begin");
  if (data_packs > 0) Must(StorePacks(context, writer, data_packs), "store packs");
  for (size_t i = 0; i < bases.size(); ++i) Reuse(writer, i);
  return Must(Commit(context, writer, source, complete, counter), "commit");
}

WriterId TestRepository::MakeDeadWriter(const std::vector<BackupId>& bases, int data_packs) const {
  const RepositoryContext context = Context();
  Writer writer = Must(Begin(context, bases), "begin");
  Must(StorePacks(context, writer, data_packs), "store packs");
  return writer.ticket.writer;
}

void TestRepository::Expire(const BackupId& backup) const {
  const ExpiryObject expiry{.time = clock_.Now(), .reason = "test", .extensions = {}};
  const Bytes object = EncodeExpiry(expiry, {id_, backup}, nullptr);
  const auto created = store_.CreateIfAbsent(ExpiryKey(backup), object);
  EXPECT_TRUE(created.ok()) << created.error().Describe();
}

std::vector<std::string> KeysBelow(storage::ObjectStore& store, std::string_view prefix) {
  std::vector<std::string> keys;
  const Status listed = storage::ListAll(store, prefix, [&](const storage::ObjectInfo& info) {
    keys.push_back(info.key);
    return Ok();
  });
  EXPECT_TRUE(listed.ok());
  return keys;
}

std::vector<std::string> MissingLiveObjects(const RepositoryContext& context) {
  const ControlAccess control(context);
  std::vector<std::string> missing;
  const auto need = [&](const std::string& key) {
    if (!context.store->Head(key).ok()) missing.push_back(key);
  };
  for (const std::string& key : KeysBelow(*context.store, kDecisionPrefix)) {
    const WriterId id = Must(ObjectName::Parse(key), "name").writer;
    const DecisionObject decision = Must(control.ReadDecision(id), "decision");
    if (decision.verdict != Verdict::kCommit || context.store->Head(ExpiryKey(id)).ok()) continue;
    need(ManifestKey(id));
    need(SessionKey(id));
    const Result<ReferenceList> references =
        control.ReadReferenceList(id, decision.reference_list_sha256);
    if (!references.ok()) {
      missing.push_back(ReferenceListKey(id));
      continue;
    }
    for (const PackEntry& entry : references->entries()) need(entry.name.Key());
    for (const WriterId& writer : references->Writers()) need(SessionKey(writer));
  }
  return missing;
}

}  // namespace pgkeep::repository
