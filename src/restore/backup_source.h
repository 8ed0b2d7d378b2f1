// The side of a restore or an export that it comes from: one database of one backup.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "archive/contents.h"
#include "archive/toc.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/stream_format.h"
#include "repository/backup_reader.h"
#include "repository/repository.h"

namespace pgkeep::restore {

// A stream of rows and what it says about itself.
struct RowStream {
  repository::StreamEntry entry;
  logical::RowsIdentity identity;
  logical::RowsAttributes attributes;
};

// One database of a backup: its table of contents, in version 1.14, and its streams. Constant after
// Open(), so any number of threads may use it.
class BackupSource {
 public:
  // `database` empty: the only one of the backup.
  //   kRefused          the keys at hand cannot read data
  //   kInvalidArgument  no logical backup; or several databases, which the message names
  //   kNotFound         no such backup, or no such database in it
  //   kCorruption, kUnsupportedVersion and others as the repository and the archive's reader
  static Result<std::unique_ptr<BackupSource>> Open(repository::Repository& repository,
                                                    const repository::BackupId& backup,
                                                    const std::string& database);

  const repository::Manifest& manifest() const { return reader_->manifest(); }
  const std::string& database() const { return database_; }
  Timestamp snapshot_time() const { return snapshot_time_; }
  const logical::DatabaseAttributes& attributes() const { return attributes_; }
  const archive::Toc& toc() const { return toc_; }
  // With the key of the fingerprints in this backup.
  const crypto::SipHash128& hash() const { return *hash_; }

  // The rows of a table. kCorruption if they are not there, or have other columns than the table of
  // contents says.
  Result<RowStream> TableRows(const archive::TableData& table) const;

  // The rows of pg_largeobject; nothing if the backup has none.
  Result<std::optional<RowStream>> LargeObjectRows() const;

  // SQL of roles and tablespaces; kNotFound if the backup was made without.
  Result<Bytes> Globals() const;

  // A reader for one thread.
  Result<std::unique_ptr<repository::StreamReader>> OpenStream(const RowStream& rows) const {
    return reader_->OpenStream(rows.entry);
  }

 private:
  BackupSource() = default;
  Status ChooseDatabase(const std::string& database);
  Status ReadContents();

  std::unique_ptr<repository::BackupReader> reader_;
  std::string database_;
  Timestamp snapshot_time_;
  logical::DatabaseAttributes attributes_;
  std::optional<crypto::SipHash128> hash_;
  archive::Toc toc_;
  std::map<std::string, repository::StreamEntry, std::less<>> streams_;
};

}  // namespace pgkeep::restore
