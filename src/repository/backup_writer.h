// Writing a backup: the interface that backup rooms use.
//
//   auto writer = BackupWriter::Begin(repository, {.source = "app"}, options);
//   auto subtree = (*writer)->OpenSubtree({.name = "appdb"});
//   auto stream = (*subtree)->OpenStream({.name = "public.orders", .unit_size = 0});
//   auto range = (*stream)->OpenRange(0);
//   ... (*range)->Append(rows of one heap block); (*range)->Close();
//   (*stream)->Finish(); (*subtree)->Finish();
//   auto receipt = (*writer)->Commit({});
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "repository/directory_map.h"
#include "repository/exclusive_lease.h"
#include "repository/heartbeat_thread.h"
#include "repository/manifest.h"
#include "repository/pack_usage.h"
#include "repository/repository.h"
#include "repository/stream_account.h"
#include "repository/stream_spec.h"
#include "repository/stream_writer.h"
#include "repository/writer_protocol.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// What a backup is of.
struct BackupSpec {
  std::string source = {};
  BackupKind kind = BackupKind::kFiles;
  std::string label = {};
  std::string client_version = {};
  std::string host = {};
  // Names of the sub-trees that it will have, as far as they are known: each is compared with the
  // newest backup that has it. Empty: with the newest backup only, and older ones where it is
  // partial.
  std::vector<std::string> subtrees = {};
  // False: compare with nothing and store everything, as the first backup does.
  bool incremental = true;
};

// One sub-tree: a database, or the files of a cluster.
struct SubtreeSpec {
  std::string name = {};
  Timestamp snapshot_time = {};
  Bytes attributes = {};
};

class BackupWriter;

// Collects the streams of one sub-tree. Thread-safe.
//
// open -> finished. Only a finished sub-tree is in the backup; one that is destroyed unfinished is
// a database that failed: it leaves nothing but garbage, the backup can be committed as partial,
// and a new sub-tree of the same name may try again.
class SubtreeWriter {
 public:
  // A new stream; kAlreadyExists when there is one with this name, kInvalidArgument for a spec
  // beyond the limits or after Finish. This must outlive it.
  Result<std::unique_ptr<StreamWriter>> OpenStream(StreamSpec spec) PGK_EXCLUDES(mutex_);

  // Writes the directory and adds the sub-tree to the backup. Every stream that was opened and not
  // finished is left out and cannot be finished any more. `attributes` replace those of the spec.
  // kInvalidArgument for too long ones, for a second call and after the commit; kAlreadyExists when
  // a sub-tree of this name was finished before; kLimitExceeded when the manifest would get too
  // long.
  Status Finish(std::optional<Bytes> attributes = std::nullopt) PGK_EXCLUDES(mutex_);

 private:
  friend class BackupWriter;

  // `base` is the sub-tree of this name in a base, or null.
  SubtreeWriter(BackupWriter& writer, SubtreeSpec spec, const SubtreeEntry* base);

  Result<std::unique_ptr<StreamMap>> BaseStream(const StreamSpec& spec);
  Status AddStream(StreamEntry entry, StreamAccount& account) PGK_EXCLUDES(mutex_);
  Result<std::map<std::string, StreamEntry>> TakeStreams() PGK_EXCLUDES(mutex_);

  BackupWriter& writer_;
  const SubtreeSpec spec_;
  std::unique_ptr<DirectoryMap> base_;  // null without a base
  PackUsage usage_;                     // of the finished streams, later of the directory too
  StoredCounters counters_;             // of the finished streams
  Mutex mutex_;
  bool finished_ PGK_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::optional<StreamEntry>> streams_ PGK_GUARDED_BY(mutex_);
};

// What Commit adds to the manifest.
struct CommitOptions {
  BackupState state = BackupState::kComplete;
  Bytes attributes;
};

// One backup being written. Sub-trees may be written in several threads.
//
// open -> committed, or abandoned by destruction: then nothing of it can be restored, nothing is
// deleted, and the collector sweeps what it stored. The destructor tells it with one request that
// it need not wait for this writer any more; whether that succeeds does not matter. Memory:
// WriterOptions::memory_limit, one leaf (up to 1 MiB) per open range, and the names and attributes
// of the streams of unfinished sub-trees.
class BackupWriter {
 public:
  // Chooses the base (the newest backup of this source and kind; more of them where the newest ones
  // are partial) and begins. A damaged backup is no base: the next older one is taken, with a
  // warning.
  //   kInvalidArgument  the source's name is not clean text, so no backup of it would be found
  //   again kBusy             exclusive mode, and somebody is at work kRefused          the host
  //   key is retired others            as BeginWriter
  static Result<std::unique_ptr<BackupWriter>> Begin(Repository& repository, BackupSpec spec,
                                                     WriterOptions options);
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  const BackupId& id() const { return ticket_.writer; }
  // The backups that unchanged data is taken from; empty for a full one.
  const std::vector<BaseBackup>& bases() const { return ticket_.bases; }

  // A new sub-tree; kAlreadyExists when one with this name was finished, kInvalidArgument for a
  // spec beyond the limits or after Commit, kLimitExceeded for too many. This must outlive it.
  Result<std::unique_ptr<SubtreeWriter>> OpenSubtree(SubtreeSpec spec) PGK_EXCLUDES(mutex_);

  // The first error of anything written, which Commit would return: tells whether going on makes
  // sense.
  Status CheckStatus() const { return session_.CheckStatus(); }

  // One sign of life now; for drivers without the heartbeat thread.
  Status Beat() { return heartbeat_.Beat(); }

  // Stores what is left and makes the backup exist. REQUIRES: no range is open. Errors: those of
  // CommitWriter, and the first error of anything that all sub-trees share. kInvalidArgument for a
  // second call; and, with nothing done, when it is to be complete although a sub-tree was opened
  // and not finished, or when the attributes are too long.
  Result<CommitReceipt> Commit(CommitOptions options) PGK_EXCLUDES(mutex_);

 private:
  friend class SubtreeWriter;

  BackupWriter(Repository& repository, BackupSpec spec, const WriterOptions& options,
               std::unique_ptr<ExclusiveLease> lease, WriterTicket ticket,
               std::set<PackName> missing, std::optional<SourceSequence> sequence);

  WriterSession& session() { return session_; }
  Status AddSubtree(SubtreeEntry entry, PackUsage& usage) PGK_EXCLUDES(mutex_);
  Status BeginCommit(const CommitOptions& options) PGK_EXCLUDES(mutex_);
  Manifest BuildManifest(CommitOptions options) PGK_EXCLUDES(mutex_);

  const RepositoryContext context_;
  const BackupSpec spec_;
  std::unique_ptr<ExclusiveLease> lease_;
  const WriterTicket ticket_;
  const std::optional<SourceSequence> sequence_;
  Heartbeat heartbeat_;
  WriterSession session_;
  std::unique_ptr<HeartbeatThread> heartbeat_thread_;
  Mutex mutex_;
  bool committing_ PGK_GUARDED_BY(mutex_) = false;  // Commit was called
  bool deciding_ PGK_GUARDED_BY(mutex_) = false;    // and may have created the decision
  std::map<std::string, SubtreeEntry> subtrees_ PGK_GUARDED_BY(mutex_);
  std::set<std::string> unfinished_ PGK_GUARDED_BY(mutex_);  // names of sub-trees
  size_t subtree_bytes_ PGK_GUARDED_BY(mutex_) = 0;          // that subtrees_ take in the manifest
};

}  // namespace pgkeep::repository
