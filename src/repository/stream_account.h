#pragma once

#include "repository/first_error.h"
#include "repository/pack_usage.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// What one stream has done so far: what its maps name, what it stored, and why it failed. It counts
// for the sub-tree, and that for the backup, only when it is finished: so a stream that failed
// leaves no trace in the reference list, and may be delivered again. Thread-safe.
class StreamAccount {
 public:
  explicit StreamAccount(const WriterSession& session) : session_(session) {}

  PackUsage& usage() { return usage_; }
  StoredCounters& counters() { return counters_; }

  // Ends this stream; the rest of the backup goes on. Errors of what all streams share (store,
  // encoder) belong to WriterSession::Fail.
  void Fail(const Error& error) { error_.Keep(error); }

  // The first error of the stream or of the session.
  Status CheckStatus() const {
    PGK_TRY(error_.Check());
    return session_.CheckStatus();
  }

 private:
  const WriterSession& session_;
  PackUsage usage_;
  StoredCounters counters_;
  FirstError error_;
};

}  // namespace pgkeep::repository
