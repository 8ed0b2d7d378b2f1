// The I/O thread of the client. For this room only.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

#include "base/mutex.h"
#include "net/curl_handles.h"

namespace pgkeep::net {

// Runs transfers of libcurl side by side in one thread. Thread-safe. REQUIRES of the destructor: no
// call of Run() is running.
class TransferLoop {
 public:
  explicit TransferLoop(size_t max_in_flight);
  TransferLoop(const TransferLoop&) = delete;
  TransferLoop& operator=(const TransferLoop&) = delete;
  ~TransferLoop();

  // Performs one transfer and returns its code; nullopt when `stop` ended it. The handle belongs to
  // the loop until then, and its callbacks run in the loop's thread.
  std::optional<CURLcode> Run(CURL* handle, std::stop_token stop) PGK_EXCLUDES(mutex_);

 private:
  // A transfer and its waiting caller, on whose stack it lives.
  struct Exchange {
    CURL* handle = nullptr;
    bool cancelled = false;
    bool done = false;
    std::optional<CURLcode> code = {};
    CondVar ended = {};
  };

  void Work(const std::stop_token& stop);
  void Admit() PGK_EXCLUDES(mutex_);
  void DropCancelled() PGK_EXCLUDES(mutex_);
  size_t Collect() PGK_EXCLUDES(mutex_);
  void Finish(Exchange* exchange, std::optional<CURLcode> code) PGK_EXCLUDES(mutex_);
  void Wake();

  // Constant after construction.
  const size_t max_in_flight_;
  const MultiHandle multi_;

  // Of the thread.
  std::set<Exchange*> running_;

  Mutex mutex_;
  std::deque<Exchange*> waiting_ PGK_GUARDED_BY(mutex_);
  bool any_cancelled_ PGK_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace pgkeep::net
