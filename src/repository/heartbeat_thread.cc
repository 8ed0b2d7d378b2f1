#include "repository/heartbeat_thread.h"

#include <utility>

#include "base/log.h"
#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/pin_object.h"

namespace pgkeep::repository {

Heartbeat::Heartbeat(const RepositoryContext& context, const WriterId& writer)
    : context_(context), writer_(writer) {
  PGK_CHECK(context_.keys != nullptr, "a writer has keys");
}

Status Heartbeat::Beat() {
  const ControlAccess control(context_);
  // Kept until it is there: a repeated try must send the same bytes to know its own object.
  if (pending_.empty()) {
    const HeartbeatObject heartbeat{.time = context_.clock->Now(), .extensions = {}};
    pending_ =
        EncodeHeartbeat(heartbeat, control.Identity(writer_), context_.keys->host_signing_key());
  }
  PGK_TRY(control.Create(HeartbeatKey(writer_, next_), pending_));
  pending_.clear();
  ++next_;
  return Ok();
}

namespace {

void BeatUntilStopped(const RepositoryContext& context, const WriterId& writer, Duration interval,
                      std::stop_token stop) {
  RepositoryContext own = context;
  own.stop = stop;
  Heartbeat heartbeat(own, writer);
  while (context.clock->SleepFor(interval, stop).ok()) {
    const Status beat = heartbeat.Beat();
    if (!beat.ok() && !stop.stop_requested()) {
      Log(LogLevel::kWarning, "backup", "heartbeat of backup {} failed: {}", writer.Hex(),
          beat.error().ToString());
    }
  }
}

}  // namespace

HeartbeatThread::HeartbeatThread(const RepositoryContext& context, const WriterId& writer,
                                 Duration interval)
    : thread_([context, writer, interval](std::stop_token stop) {
        BeatUntilStopped(context, writer, interval, std::move(stop));
      }) {}

// The thread asks itself to stop, and is waited for.
HeartbeatThread::~HeartbeatThread() = default;

}  // namespace pgkeep::repository
