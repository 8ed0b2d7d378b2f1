// What the tests of restoring share: databases to restore into, what stock tools say of them, a
// store that lets a test act in the middle of a load.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backup/backup_test_kit.h"
#include "base/progress.h"
#include "restore/restore.h"
#include "storage/object_store.h"
#include "testing/postgres_cluster.h"
#include "testing/temporary_directory.h"

namespace pgkeep::restore {

using backup::OptionsFor;
using backup::Sql;
using backup::Vault;

// The name of a database that a test restores into, which goes with this object if it is there.
class CopyDatabase {
 public:
  explicit CopyDatabase(std::string name) : name_(std::move(name)) {}
  CopyDatabase(const CopyDatabase&) = delete;
  CopyDatabase& operator=(const CopyDatabase&) = delete;
  ~CopyDatabase();

  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

// A database with objects of every kind and names of every sort, without an extension of our own.
void MakeRichDatabase(const std::string& name);

// A database of the shared server with `sql` in it, and one backup of it.
class Backed {
 public:
  Backed(const std::string& name, const std::string& sql, storage::ObjectStore* store = nullptr,
         repository::InitOptions init = {});

  Vault& vault() { return vault_; }
  const repository::BackupId& backup() const { return result_.backup; }

 private:
  Vault vault_;
  backup::LogicalBackupResult result_;
};

// The options of a restore of the only database into `target` of a server.
RestoreOptions Into(const repository::BackupId& backup, const std::string& target,
                    const testing::PostgresCluster& cluster = testing::PostgresCluster::Shared());

// Restores; the second fails the test unless everything was restored.
Result<RestoreReport> Restore(Vault& vault, const RestoreOptions& options);
RestoreReport MustRestore(Vault& vault, const RestoreOptions& options);

// A backup that is whole for the repository, but where `change` was let loose on each unit of one
// stream: what a mistake of ours, or somebody with the keys, could make of it.
repository::BackupId Forge(Vault& vault, const repository::BackupId& backup,
                           const std::string& stream,
                           const std::function<void(std::string& unit)>& change);

// What stock pg_dump says of the schema, line by line, and of the data, its lines sorted.
std::vector<std::string> SchemaOf(const std::string& database,
                                  const std::vector<std::string>& arguments = {});
std::vector<std::string> DataOf(const std::string& database,
                                const std::vector<std::string>& arguments = {});
// Fails the test unless both are equal.
void ExpectCopy(const std::string& source, const std::string& copy);

// The lines of a text.
std::vector<std::string> LinesOf(std::string_view text);

// A store that runs something once, in the thread that reads, before it gives out a data pack.
class ReadHookStore : public backup::HookStore {
 public:
  explicit ReadHookStore(storage::ObjectStore& inner) : HookStore(inner) {}

  void BeforeNextRead(std::function<void()> action);
  bool fired() const;

  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;

 private:
  mutable Mutex mutex_;
  std::function<void()> action_ PGK_GUARDED_BY(mutex_);
  bool fired_ PGK_GUARDED_BY(mutex_) = false;
};

// Runs `action` when the phase begins; says whether it did.
class PhaseAction {
 public:
  PhaseAction(Progress& progress, std::string phase, std::function<void()> action);
  bool fired() const { return fired_; }

 private:
  bool fired_ = false;
};

}  // namespace pgkeep::restore
