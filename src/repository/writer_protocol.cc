#include "repository/writer_protocol.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/retry.h"
#include "repository/abort_decision.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/decision_object.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/pin_object.h"
#include "repository/protocol_mutants.h"
#include "repository/session_object.h"
#include "storage/store_util.h"

namespace pgkeep::repository {
namespace {

Status CheckMayWrite(const RepositoryContext& context, const BeginOptions& options) {
  PGK_CHECK(context.keys != nullptr, "a writer has keys");
  PGK_TRY(RequireFeatures(*context.config, FeatureUse::kWrite));
  PGK_TRY(CheckCanCreate(context));
  PGK_TRY(SignerSet(context.config->signers)
              .RequireActive(context.keys->host_signing_key().public_key()));
  if (options.bases.size() > kMaxBases) {
    return Err(ErrorCode::kLimitExceeded, "{} base backups, but at most {} are possible",
               options.bases.size(), kMaxBases);
  }
  return Ok();
}

// The decisions of the bases. They never change, so this may come before the pin; and it must,
// since the collector stops at a pin whose base is not committed.
Result<std::vector<DecisionObject>> ReadBaseDecisions(const ControlAccess& control,
                                                      const std::vector<BackupId>& bases) {
  std::vector<DecisionObject> decisions;
  for (const BackupId& base : bases) {
    Result<DecisionObject> decision = control.ReadDecision(base);
    const bool absent = !decision.ok() && decision.error().code() == ErrorCode::kNotFound;
    if (absent || (decision.ok() && decision->verdict != Verdict::kCommit)) {
      return Err(ErrorCode::kNotFound, "there is no backup {}", base.Hex())
          .WithHint("run 'pgkeep list' to see the backups of this repository");
    }
    if (!decision.ok()) return std::move(decision).error();
    decisions.push_back(std::move(*decision));
  }
  return decisions;
}

Error AbortedByOther(const ControlAccess& control, const WriterId& writer) {
  const Result<DecisionObject> decision = control.ReadDecision(writer);
  std::string why = "no reason is given";
  if (decision.ok() && !decision->reason.empty()) why = decision->reason;
  return Err(ErrorCode::kConflict, "backup {} was aborted while it was being written: {}",
             writer.Hex(), why)
      .WithHint("start the backup again; what it had stored is freed by the next 'pgkeep gc'");
}

Error BaseExpired(const BackupId& base) {
  return Err(ErrorCode::kConflict, "base backup {} expired while this backup was starting",
             base.Hex())
      .WithHint("start the backup again; it will choose another base");
}

// Why an object of the base is missing: the base has expired since, or this writer was aborted and
// so its pin holds nothing; else it is damage.
Error JudgeMissing(const ControlAccess& control, const WriterId& writer, const BackupId& base,
                   const Error& missing) {
  const Result<bool> expired = control.Exists(ExpiryKey(base));
  if (!expired.ok()) return expired.error();
  if (*expired) return BaseExpired(base);
  const Result<bool> decided = control.Exists(DecisionKey(writer));
  if (!decided.ok()) return decided.error();
  if (*decided) return AbortedByOther(control, writer);
  return Err(ErrorCode::kCorruption,
             "an object of base backup {}, which has not expired, is missing", base.Hex())
      .WithHint("run 'pgkeep check' to see what is damaged")
      .Attach(missing);
}

// Step W3 for one base: still alive after the pin, and readable.
Result<BaseBackup> LoadBase(const ControlAccess& control, const WriterId& writer,
                            const BackupId& base, const DecisionObject& decision) {
  PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(base)));
  if (expired) return BaseExpired(base);
  Result<Manifest> manifest = control.ReadManifest(base, decision.manifest_sha256);
  Result<ReferenceList> references =
      control.ReadReferenceList(base, decision.reference_list_sha256);
  for (const Error* error : {manifest.ok() ? nullptr : &manifest.error(),
                             references.ok() ? nullptr : &references.error()}) {
    if (error == nullptr) continue;
    if (error->code() == ErrorCode::kNotFound) return JudgeMissing(control, writer, base, *error);
    return Error(*error).WithContext("reading base backup " + base.Hex());
  }
  return BaseBackup{base, std::move(*manifest), std::move(*references)};
}

Result<std::vector<BaseBackup>> LoadBases(const ControlAccess& control, const WriterId& writer,
                                          const std::vector<BackupId>& bases,
                                          const std::vector<DecisionObject>& decisions) {
  std::vector<BaseBackup> loaded;
  for (size_t i = 0; i < bases.size(); ++i) {
    PGK_ASSIGN_OR_RETURN(BaseBackup base, LoadBase(control, writer, bases[i], decisions[i]));
    loaded.push_back(std::move(base));
  }
  return loaded;
}

// Step W2. The order matters: a writer without a pin could not be aborted, so its rests never
// swept.
Status CreatePinAndSession(const ControlAccess& control, const BeginOptions& options,
                           WriterTicket& ticket) {
  const RepositoryContext& context = control.context();
  const ObjectIdentity identity = control.Identity(ticket.writer);
  const crypto::SigningKey& signer = context.keys->host_signing_key();
  const PinObject pin{.bases = options.bases,
                      .client_version = options.client_version,
                      .started = ticket.started,
                      .extensions = {}};
  PGK_ASSIGN_OR_RETURN(
      const SessionObject session,
      SealWriterKey(ticket.writer_key, context.config->recipients, identity, *context.random));
  const Bytes session_object = EncodeSession(session, identity, signer);
  ticket.session_sha256 = crypto::Sha256(session_object);
  if (!MutantActive(Mutant::kNoPin)) {
    PGK_TRY(control.Create(PinKey(ticket.writer), EncodePin(pin, identity, signer)));
  }
  return control.Create(SessionKey(ticket.writer), session_object);
}

// One past the last entry with the writer and kind of the first.
std::span<const PackEntry> FirstGroup(std::span<const PackEntry> entries) {
  const PackName& first = entries.front().name;
  const auto end = std::ranges::find_if(entries, [&](const PackEntry& entry) {
    return entry.name.writer != first.writer || entry.name.kind != first.kind;
  });
  return entries.first(static_cast<size_t>(end - entries.begin()));
}

// Compares the packs of one writer and kind, ascending, with a listing that begins at the first and
// ends at the last of them.
Result<std::vector<PackEntry>> MissingInGroup(storage::ObjectStore& store,
                                              std::span<const PackEntry> group) {
  std::vector<PackEntry> missing;
  const PackName& first = group.front().name;
  const std::string prefix = PackPrefix(first.kind, first.writer);
  std::string after =
      first.seq == 0 ? prefix : PackName{first.writer, first.kind, first.seq - 1}.Key();
  size_t next = 0;
  while (next < group.size()) {
    PGK_ASSIGN_OR_RETURN(const storage::ListPage page,
                         store.List(prefix, after, storage::kMaxListKeys));
    for (const storage::ObjectInfo& info : page.objects) {
      for (; next < group.size() && group[next].name.Key() < info.key; ++next) {
        missing.push_back(group[next]);
      }
      if (next == group.size()) break;
      if (group[next].name.Key() != info.key) continue;
      if (group[next].size != info.size) missing.push_back(group[next]);
      ++next;
    }
    if (page.next.empty()) break;
    after = page.next;
  }
  for (; next < group.size(); ++next) missing.push_back(group[next]);
  return missing;
}

// What CommitWriter refuses to make a backup of: objects that do not belong together.
Status CheckCommitObjects(const ControlAccess& control, const WriterTicket& ticket,
                          ByteSpan manifest_object, ByteSpan reference_object,
                          ReferenceList& references) {
  const ObjectIdentity identity = control.Identity(ticket.writer);
  PGK_ASSIGN_OR_RETURN(
      const Manifest manifest,
      DecodeManifest(manifest_object, identity, *control.context().keys, control.signers()));
  PGK_ASSIGN_OR_RETURN(references,
                       DecodeReferenceList(reference_object, identity, control.signers()));
  if (manifest.reference_list_sha256 != crypto::Sha256(reference_object) ||
      manifest.session_sha256 != ticket.session_sha256) {
    return Err(ErrorCode::kInternal, "the manifest of {} names another reference list or key",
               ticket.writer.Hex());
  }
  for (const PackEntry& entry : references.entries()) {
    if (entry.name.writer == ticket.writer) continue;
    const bool from_base = std::ranges::any_of(ticket.bases, [&](const BaseBackup& base) {
      return base.references.Find(entry.name) != nullptr;
    });
    if (!from_base) {
      return Err(ErrorCode::kInternal, "{} is neither a pack of this writer nor of its bases",
                 entry.name.Key());
    }
  }
  return Ok();
}

// Step W6 for the keys: without `ses/<T>` the data packs of T are there, but for nobody.
Status CheckSessionsPresent(const RepositoryContext& context, const WriterId& writer,
                            const ReferenceList& references) {
  std::set<WriterId> writers = {writer};
  for (const WriterId& owner : references.Writers()) writers.insert(owner);
  PGK_ASSIGN_OR_RETURN(const std::set<WriterId> missing, FindMissingSessions(context, writers));
  if (missing.empty()) return Ok();
  return Err(ErrorCode::kConflict,
             "the writer keys of {} backups whose packs this one needs are missing, first {}",
             missing.size(), SessionKey(*missing.begin()))
      .WithHint("run 'pgkeep verify' to see what is damaged, then start the backup again");
}

// Step W7. The bytes are made once: every try sends the same, so that reading them back proves that
// the decision is ours.
Status CreateCommit(const ControlAccess& control, const WriterId& writer, ByteSpan object) {
  const RepositoryContext& context = control.context();
  if (MutantActive(Mutant::kCommitOverwrites)) {
    PGK_TRY(context.store->Put(DecisionKey(writer), object));
    return Ok();
  }
  // One try at a time, to know whether any answer was lost: after that, no later refusal proves
  // that the decision is not there.
  RetryPolicy once = context.retry;
  once.attempts = 1;
  bool answer_lost = false;
  Status created = Retry(context.retry, *context.clock, context.stop, [&]() -> Status {
    const Result<storage::ObjectInfo> tried = storage::CreateOnce(
        *context.store, DecisionKey(writer), object, once, *context.clock, context.stop);
    if (tried.ok()) return Ok();
    answer_lost = answer_lost || IsRetryable(tried.error().code());
    return tried.error();
  });
  if (created.ok()) return created;
  if (created.error().code() == ErrorCode::kConflict) return AbortedByOther(control, writer);
  if (!answer_lost) return created;
  if (MutantActive(Mutant::kLostAnswerIsSuccess)) return Ok();
  const Result<Bytes> there = context.store->Get(DecisionKey(writer), kMaxDecisionObjectBytes);
  if (there.ok()) {
    if (BytesEqual(*there, object)) return Ok();
    return AbortedByOther(control, writer);
  }
  return Error(created.error())
      .WithContext("outcome unknown: the decision of backup " + writer.Hex() +
                   " was sent, but no answer came")
      .WithHint("run 'pgkeep list' to see whether the backup exists; it may still appear");
}

}  // namespace

Result<WriterTicket> BeginWriter(const RepositoryContext& context, const BeginOptions& options) {
  PGK_TRY(CheckMayWrite(context, options));
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<DecisionObject> decisions,
                       ReadBaseDecisions(control, options.bases));
  WriterTicket ticket;
  ticket.writer = WriterId::New(*context.random);
  ticket.writer_key = SecretBytes(kKeyBytes);
  context.random->Fill(ticket.writer_key.ExposeMutable());
  ticket.started = context.clock->Now();
  if (MutantActive(Mutant::kNoExpiryCheckAfterPin)) {
    PGK_ASSIGN_OR_RETURN(ticket.bases, LoadBases(control, ticket.writer, options.bases, decisions));
    PGK_TRY(CreatePinAndSession(control, options, ticket));
    return ticket;
  }
  Status begun = CreatePinAndSession(control, options, ticket);
  if (begun.ok()) {
    Result<std::vector<BaseBackup>> bases =
        LoadBases(control, ticket.writer, options.bases, decisions);
    if (bases.ok()) {
      ticket.bases = std::move(*bases);
      return ticket;
    }
    begun = std::move(bases).error();
  }
  // The pin may be there. Without this courtesy it would hold its base for a day.
  Error error = std::move(begun).error();
  Status aborted = AbortWriter(context, ticket.writer, "could not start: " + error.message());
  if (!aborted.ok()) error = std::move(error).Attach(std::move(aborted).error());
  return std::move(error).WithContext("starting backup " + ticket.writer.Hex());
}

Result<std::vector<PackEntry>> FindMissingPacks(const RepositoryContext& context,
                                                const ReferenceList& references) {
  std::vector<PackEntry> missing;
  std::span<const PackEntry> rest = references.entries();
  while (!rest.empty()) {
    const std::span<const PackEntry> group = FirstGroup(rest);
    PGK_ASSIGN_OR_RETURN(std::vector<PackEntry> of_group,
                         Retry(context.retry, *context.clock, context.stop,
                               [&] { return MissingInGroup(*context.store, group); }));
    std::ranges::move(of_group, std::back_inserter(missing));
    rest = rest.subspan(group.size());
  }
  return missing;
}

Status CheckPacksPresent(const RepositoryContext& context, const ReferenceList& references) {
  PGK_ASSIGN_OR_RETURN(const std::vector<PackEntry> missing, FindMissingPacks(context, references));
  if (missing.empty()) return Ok();
  return Err(ErrorCode::kConflict,
             "{} of {} packs that this backup needs are missing or have another size, first {}",
             missing.size(), references.entries().size(), missing.front().name.Key())
      .WithHint("run 'pgkeep check' to see what is damaged, then start the backup again");
}

Result<std::set<WriterId>> FindMissingSessions(const RepositoryContext& context,
                                               const std::set<WriterId>& writers) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> there,
                       control.ListWriters(kSessionPrefix, ObjectName::Kind::kSession,
                                           ControlAccess::Strangers::kIgnore));
  std::set<WriterId> missing;
  std::ranges::set_difference(writers, there, std::inserter(missing, missing.end()));
  return missing;
}

Result<CommitReceipt> CommitWriter(const RepositoryContext& context, const WriterTicket& ticket,
                                   Bytes manifest_object, Bytes reference_object) {
  const ControlAccess control(context);
  ReferenceList references;
  PGK_TRY(CheckCommitObjects(control, ticket, manifest_object, reference_object, references));
  PGK_TRY(control.Create(ManifestKey(ticket.writer), manifest_object));
  PGK_TRY(control.Create(ReferenceListKey(ticket.writer), reference_object));
  if (!MutantActive(Mutant::kNoPresenceCheck)) {
    PGK_TRY(CheckPacksPresent(context, references));
    PGK_TRY(CheckSessionsPresent(context, ticket.writer, references));
  }

  CommitReceipt receipt;
  receipt.backup = ticket.writer;
  receipt.manifest_sha256 = crypto::Sha256(manifest_object);
  receipt.reference_sha256 = crypto::Sha256(reference_object);
  receipt.committed = context.clock->Now();
  const DecisionObject decision{.verdict = Verdict::kCommit,
                                .manifest_sha256 = receipt.manifest_sha256,
                                .reference_list_sha256 = receipt.reference_sha256,
                                .time = receipt.committed,
                                .reason = {},
                                .extensions = {}};
  const Bytes object =
      EncodeDecision(decision, control.Identity(ticket.writer), &context.keys->host_signing_key());
  PGK_TRY(CreateCommit(control, ticket.writer, object));
  return receipt;
}

Status AbortWriter(const RepositoryContext& context, const WriterId& writer,
                   std::string_view reason) {
  // There a lost commit could still arrive and overwrite the abort; the collector has the time to
  // wait.
  if (context.lease != nullptr) return Ok();
  return DecideAbort(ControlAccess(context), writer, reason);
}

}  // namespace pgkeep::repository
