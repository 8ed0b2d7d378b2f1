// Creation that survives lost answers.
//
// A network may lose the answer to a creation that was done. Sending it again then says
// kAlreadyExists for our own object, which must not be taken for a rival's; and a rival's must not
// be taken for ours. Only the content can tell.
#pragma once

#include <stop_token>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "storage/object_store.h"

namespace pgkeep::storage {

// Creates `key`, retrying retryable failures by `policy`, and succeeds when the object is there
// with exactly these bytes, whoever wrote it. On kAlreadyExists the object is read and compared.
//   kConflict      the key holds other bytes: somebody else has won
//   kCancelled     `stop` was requested between attempts
//   others         the last failure
// After any error except kConflict the object may exist: a lost try may have been done. The caller
// must not conclude its absence. Blocks while backing off; `clock` does the sleeping.
Result<ObjectInfo> CreateOnce(ObjectStore& store, std::string_view key, ByteSpan bytes,
                              const RetryPolicy& policy, Clock& clock, std::stop_token stop);

// The same for credentials that may write and list but not read, as a database host has for packs:
// on kAlreadyExists the listed size and etag are compared with ExpectedEtag. Right only for keys
// that nobody else may write (the writer id is part of the key). Falls back to reading on stores
// whose etags do not tell the content.
Result<ObjectInfo> CreateOnceByListing(ObjectStore& store, std::string_view key, ByteSpan bytes,
                                       const RetryPolicy& policy, Clock& clock,
                                       std::stop_token stop);

// kRefused, with the command to use instead, when features().run_as is set. Stores ask this before
// every change; who does something else first, such as replacing a key file, asks before that.
Status RequireOwnUser(const ObjectStore& store);

}  // namespace pgkeep::storage
