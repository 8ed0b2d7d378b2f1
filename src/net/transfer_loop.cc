#include "net/transfer_loop.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/thread_name.h"

namespace pgkeep::net {
namespace {

// Longest sleep without anything to do; wake-ups and libcurl's own timers end it early.
constexpr int kIdleMs = 60'000;

MultiHandle NewMulti(size_t connections) {
  InitCurl();
  MultiHandle multi(curl_multi_init());
  PGK_CHECK(multi != nullptr, "out of memory");
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
  // HTTP/2 is never spoken, so there is nothing to multiplex or to wait for.
  curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
  return multi;
}

}  // namespace

TransferLoop::TransferLoop(size_t max_in_flight)
    : max_in_flight_(std::max<size_t>(max_in_flight, 1)), multi_(NewMulti(max_in_flight_)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
}

TransferLoop::~TransferLoop() {
  thread_.request_stop();
  Wake();
  thread_.join();
}

std::optional<CURLcode> TransferLoop::Run(CURL* handle, std::stop_token stop) {
  Exchange exchange;
  exchange.handle = handle;
  {
    const MutexLock lock(mutex_);
    waiting_.push_back(&exchange);
  }
  Wake();
  const std::stop_callback on_stop(std::move(stop), [this, &exchange] {
    {
      const MutexLock lock(mutex_);
      exchange.cancelled = true;
      any_cancelled_ = true;
    }
    Wake();
  });
  const MutexLock lock(mutex_);
  exchange.ended.Wait(mutex_, {}, [&exchange] { return exchange.done; });
  return exchange.code;
}

void TransferLoop::Wake() { curl_multi_wakeup(multi_.get()); }

void TransferLoop::Work(const std::stop_token& stop) {
  SetThreadName("net-io");
  while (!stop.stop_requested()) {
    DropCancelled();
    Admit();
    int running = 0;
    const CURLMcode performed = curl_multi_perform(multi_.get(), &running);
    PGK_CHECK(performed == CURLM_OK, "libcurl can do its I/O");
    // What has ended makes room for what waits.
    if (Collect() == 0) curl_multi_poll(multi_.get(), nullptr, 0, kIdleMs, nullptr);
  }
  PGK_CHECK(running_.empty(), "no request is running when its client goes");
}

void TransferLoop::Admit() {
  while (running_.size() < max_in_flight_) {
    Exchange* next = nullptr;
    {
      const MutexLock lock(mutex_);
      if (waiting_.empty()) return;
      next = waiting_.front();
      waiting_.pop_front();
    }
    curl_easy_setopt(next->handle, CURLOPT_PRIVATE, next);
    const CURLMcode added = curl_multi_add_handle(multi_.get(), next->handle);
    PGK_CHECK(added == CURLM_OK, "libcurl takes a request");
    running_.insert(next);
  }
}

void TransferLoop::DropCancelled() {
  std::vector<Exchange*> dropped;
  {
    const MutexLock lock(mutex_);
    if (!std::exchange(any_cancelled_, false)) return;
    const auto is_cancelled = [](const Exchange* exchange) { return exchange->cancelled; };
    std::ranges::copy_if(waiting_, std::back_inserter(dropped), is_cancelled);
    std::erase_if(waiting_, is_cancelled);
    std::ranges::copy_if(running_, std::back_inserter(dropped), is_cancelled);
  }
  for (Exchange* exchange : dropped) {
    if (running_.erase(exchange) > 0) {
      curl_multi_remove_handle(multi_.get(), exchange->handle);
    }
    Finish(exchange, std::nullopt);
  }
}

size_t TransferLoop::Collect() {
  size_t collected = 0;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;  // removing the handle frees the message
    Exchange* exchange = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &exchange);
    curl_multi_remove_handle(multi_.get(), handle);
    running_.erase(exchange);
    Finish(exchange, code);
    ++collected;
  }
  return collected;
}

void TransferLoop::Finish(Exchange* exchange, std::optional<CURLcode> code) {
  // Under the lock to the end: the exchange is gone as soon as its caller can have it.
  const MutexLock lock(mutex_);
  exchange->code = code;
  exchange->done = true;
  exchange->ended.NotifyOne();
}

}  // namespace pgkeep::net
