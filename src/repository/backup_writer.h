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
#include "repository/repository.h"
#include "repository/stream_spec.h"
#include "repository/stream_writer.h"
#include "repository/writer_protocol.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// What a backup is of.
struct BackupSpec {
  std::string source;
  BackupKind kind = BackupKind::kFiles;
  std::string label;
  std::string client_version;
  std::string host;
  // False: compare with nothing and store everything, as the first backup does.
  bool incremental = true;
};

// One sub-tree: a database, or the files of a cluster.
struct SubtreeSpec {
  std::string name;
  Timestamp snapshot_time;
  Bytes attributes;
};

class BackupWriter;

// Collects the streams of one sub-tree. Thread-safe. Only a finished sub-tree is in the backup; one
// that is destroyed unfinished is a database that failed, and leaves nothing but garbage.
class SubtreeWriter {
 public:
  // A new stream; kAlreadyExists when there is one with this name, kInvalidArgument for a spec
  // beyond the limits. This must outlive it.
  Result<std::unique_ptr<StreamWriter>> OpenStream(StreamSpec spec) PGK_EXCLUDES(mutex_);

  // Writes the directory and adds the sub-tree to the backup. Every stream that was opened and not
  // finished is left out. `attributes` replace those of the spec.
  Status Finish(std::optional<Bytes> attributes = std::nullopt) PGK_EXCLUDES(mutex_);

 private:
  friend class BackupWriter;

  SubtreeWriter(BackupWriter& writer, SubtreeSpec spec, std::optional<NodePointer> base);

  Result<std::unique_ptr<StreamMap>> BaseStream(const StreamSpec& spec);
  Status AddStream(StreamEntry entry) PGK_EXCLUDES(mutex_);

  BackupWriter& writer_;
  const SubtreeSpec spec_;
  std::unique_ptr<DirectoryMap> base_;  // null without a base
  StoredCounters counters_;
  Mutex mutex_;
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
// deleted, and the collector sweeps what it stored. Memory: WriterOptions::memory_limit, one leaf
// (up to 1 MiB) per open range, and the names and attributes of the streams of unfinished
// sub-trees.
class BackupWriter {
 public:
  // Chooses the base (the newest backup of this source and kind; more of them where the newest ones
  // are partial) and begins.
  //   kBusy     exclusive mode, and somebody is at work
  //   kRefused  the host key is retired
  //   others    as BeginWriter
  static Result<std::unique_ptr<BackupWriter>> Begin(Repository& repository, BackupSpec spec,
                                                     WriterOptions options);
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  const BackupId& id() const { return ticket_.writer; }
  // The backups that unchanged data is taken from; empty for a full one.
  const std::vector<BaseBackup>& bases() const { return ticket_.bases; }

  // A new sub-tree; kAlreadyExists when one with this name was finished. This must outlive it.
  Result<std::unique_ptr<SubtreeWriter>> OpenSubtree(SubtreeSpec spec) PGK_EXCLUDES(mutex_);

  // The first error of anything written, which Commit would return: tells whether going on makes
  // sense.
  Status CheckStatus() const { return session_.CheckStatus(); }

  // One sign of life now; for drivers without the heartbeat thread.
  Status Beat() { return heartbeat_.Beat(); }

  // Stores what is left and makes the backup exist. Errors: those of CommitWriter, and the first
  // error of anything written. Call once.
  Result<CommitReceipt> Commit(CommitOptions options) PGK_EXCLUDES(mutex_);

  // Tells the collector that this will never be committed. A courtesy; see AbortWriter.
  Status Abandon(std::string_view reason);

 private:
  friend class SubtreeWriter;

  BackupWriter(Repository& repository, BackupSpec spec, const WriterOptions& options,
               std::unique_ptr<ExclusiveLease> lease, WriterTicket ticket,
               std::set<PackName> missing, std::optional<SourceSequence> sequence);

  WriterSession& session() { return session_; }
  Status AddSubtree(SubtreeEntry entry) PGK_EXCLUDES(mutex_);
  Result<Manifest> BuildManifest(CommitOptions options) PGK_EXCLUDES(mutex_);

  const RepositoryContext context_;
  const BackupSpec spec_;
  std::unique_ptr<ExclusiveLease> lease_;
  const WriterTicket ticket_;
  const std::optional<SourceSequence> sequence_;
  Heartbeat heartbeat_;
  WriterSession session_;
  std::unique_ptr<HeartbeatThread> heartbeat_thread_;
  Mutex mutex_;
  std::map<std::string, SubtreeEntry> subtrees_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository
