// The writer's half of the commit protocol (docs/format/protocol.md, steps W1 to W8), cut at the
// points where a writer does its own work in between:
//
//   BeginWriter -> upload packs -> FindMissingPacks -> CommitWriter
//
// A writer that fails anywhere just stops; nothing here ever deletes. Its rests are swept by the
// garbage collector once the writer is decided. All functions are thread-safe (they keep no state)
// and block; one writer is driven by one thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "repository/ids.h"
#include "repository/manifest.h"
#include "repository/reference_list.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// A committed backup on which a writer stands: proven to exist after the pin was durable, so that
// the collector keeps all its packs until the writer is decided. Reuse packs of these lists only.
struct BaseBackup {
  BackupId id;
  Manifest manifest;
  ReferenceList references;
};

// What a writer wants to begin with.
struct BeginOptions {
  // Committed backups to reuse packs of; at most kMaxBases.
  std::vector<BackupId> bases = {};
  // Recorded in the pin, for people.
  std::string client_version = {};
};

// The right to write under one id. The key is secret; wiped when the ticket dies.
struct WriterTicket {
  WriterId writer;
  // Encrypts this writer's data packs.
  SecretBytes writer_key;
  // Of `ses/<S>`; the manifest carries it.
  crypto::Digest32 session_sha256{};
  Timestamp started;
  // One for each of BeginOptions::bases, in that order.
  std::vector<BaseBackup> bases;
};

// Steps W2 and W3: draws an id and a key, creates `pin/<S>` and then `ses/<S>`, looks for the
// expiry of every base and reads the bases' manifests and reference lists against their decisions.
//   kConflict      a base has expired (or is gone) meanwhile; this attempt is aborted already: list
//                  the backups again, choose another base, begin again
//   kNotFound      a base is not a committed backup: the caller never listed it
//   kLimitExceeded more than kMaxBases bases
//   others         as the store and the decoders; an attempt that got as far as its pin is swept
//                  when it is stale
// REQUIRES: context.keys.
Result<WriterTicket> BeginWriter(const RepositoryContext& context, const BeginOptions& options);

// Step W6: lists the packs of every writer that `references` names and returns the entries that are
// not there with the listed size, in the order of the list. One listing per writer and kind; memory
// is that of the answer.
Result<std::vector<PackEntry>> FindMissingPacks(const RepositoryContext& context,
                                                const ReferenceList& references);

// FindMissingPacks as a yes or no: kConflict naming the first missing pack and how many there are.
Status CheckPacksPresent(const RepositoryContext& context, const ReferenceList& references);

// Those of `writers` whose `ses/<T>` is not there, so that nobody can open their data packs. Also
// part of step W6. One listing of all sessions.
Result<std::set<WriterId>> FindMissingSessions(const RepositoryContext& context,
                                               const std::set<WriterId>& writers);

// Proof that a backup exists.
struct CommitReceipt {
  BackupId backup;
  crypto::Digest32 manifest_sha256{};
  crypto::Digest32 reference_sha256{};
  // As written into the decision.
  Timestamp committed;
};

// Steps W5 to W8: creates `man/<S>` and `ref/<S>`, checks that every pack and every writer key is
// there, and creates `dec/<S>` = COMMIT. Both objects must decode, and name this writer and each
// other. Only success means that the backup exists.
//   kConflict     somebody has aborted this writer (the collector, after 24 hours without heartbeat
//                 or by an operator's order), or a pack or the key of one has gone; start a new
//                 backup
//   kUnavailable, kTimeout, kCancelled with the words "outcome unknown": the decision was sent but
//                 no answer came: the backup may exist, now or later. Everything else: it does not.
// Never call it twice for one ticket.
Result<CommitReceipt> CommitWriter(const RepositoryContext& context, const WriterTicket& ticket,
                                   Bytes manifest_object, Bytes reference_object);

// Creates `dec/<S>` = ABORT as a courtesy, so that the collector need not wait for the writer to go
// stale. Success: the writer is aborted, by this call or another. kConflict: it has committed.
// Deletes nothing. Does nothing in exclusive mode, where the next collector aborts whoever is left
// over.
Status AbortWriter(const RepositoryContext& context, const WriterId& writer,
                   std::string_view reason);

}  // namespace pgkeep::repository
