// The contract between pgkeep and the place where a repository's objects live.
//
// An object store is a flat map from key to an immutable sequence of bytes. Everything pgkeep knows
// about losing no data rests on three promises that every implementation keeps and that
// testing/store_conformance.h checks:
//
//   1. CreateIfAbsent has exactly one winner per key, among threads, processes and machines.
//   2. An object is visible whole or not at all, and what was acknowledged survives a crash.
//   3. Head, Get and List show an object as soon as its creation was acknowledged (strong reads).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace pgkeep::storage {

// Longest key, in bytes. S3 allows 1024; half of that leaves room for a bucket prefix.
inline constexpr size_t kMaxKeyBytes = 512;

// Longest part of a key between two slashes: the limit of file names on Linux file systems.
inline constexpr size_t kMaxKeyComponentBytes = 255;

// Most objects in one page of a listing. A store may return fewer (S3: at most 1,000).
inline constexpr size_t kMaxListKeys = 10'000;

// Largest object: below the 5 GiB that S3 accepts in a single PUT. Larger creations are refused
// with kLimitExceeded before any byte is sent.
inline constexpr uint64_t kMaxObjectBytes = uint64_t{4} << 30;

// What a store tells about one object.
struct ObjectInfo {
  std::string key = {};
  uint64_t size = 0;
  // Opaque, may be empty. With StoreFeatures::content_etag, two writes of the same bytes to one key
  // give equal tags and different bytes give different ones.
  std::string etag = {};
  // When the object was created, by the clock of the store, never of this machine. May be rounded
  // to seconds. What a creation itself returns may differ by the time that it took, since S3 does
  // not say it there: where it matters, ask with Head or List.
  Timestamp modified = {};
};

// One page of a listing.
struct ListPage {
  // Ascending by the bytes of the whole key ('-' < '.' < '/' < '0').
  std::vector<ObjectInfo> objects;
  // Pass as start_after to get the next page; empty at the end. A page may hold fewer objects than
  // asked for, even none, and still not be the last.
  std::string next;
};

// What a store that can be full keeps back for its cleaning.
inline constexpr uint64_t kReserveBytes = uint64_t{1} << 20;

// What a store can do, as found when it was opened. Callers decide by these, not by the kind.
struct StoreFeatures {
  // CreateIfAbsent works. Without it only exclusive mode (one writer at a time) is safe.
  bool conditional_create = false;
  // List shows every acknowledged create and delete.
  bool strong_list = false;
  // ObjectInfo::etag depends on the content alone; see ObjectStore::ExpectedEtag.
  bool content_etag = false;
  // What is overwritten or deleted from now on stays readable as an older version.
  bool versioned = false;
  // Older versions may be there, though perhaps none is added any more.
  bool has_versions = false;
  // Shows everything as it was at a moment in the past; every change is kRefused.
  bool past = false;
  // These credentials may delete. False is the safer set-up for a database host.
  bool can_delete = false;
  // With how many requests at the same time it moves data fastest. More than 1 where the way to it
  // has a latency, as to S3.
  unsigned parallel_requests = 1;
  // "directory", "memory", "s3": for messages only.
  std::string kind = {};
  // Set when this process is root and the store belongs to another user, who could not read what
  // root writes into it: that user's name. Every change is then kRefused (see RequireOwnUser).
  std::optional<std::string> run_as = {};
};

// A place that keeps objects by key.
//
// Threads: thread-safe; every call blocks until done. Calls take no stop token: each is bounded by
// one object or one page, and retries live above (store_util.h).
//
// Failure: every method may return kInvalidArgument (bad key), kPermission, kUnauthenticated,
// kUnavailable, kTimeout or kIo; more codes stand at the methods. Messages name the key or the path
// and never contain credentials. A failed call leaves no partial object behind.
//
// Nothing here retries on its own behalf in a way that changes meaning: a creation that was sent
// twice may report kAlreadyExists for its own first try. Use CreateOnce to resolve that.
class ObjectStore {
 public:
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  virtual ~ObjectStore() = default;

  // Constant for the life of the store.
  virtual StoreFeatures features() const = 0;

  // The store's address as the user would write it, without secrets. For messages.
  virtual std::string Url() const = 0;

  // The tag that this store gives to an object with these bytes, or "" when the content alone does
  // not determine it. Not empty exactly when features().content_etag.
  virtual std::string ExpectedEtag(ByteSpan bytes) const = 0;

  // Creates `key` with `bytes` unless it exists; success means durable and visible to everyone.
  //   kAlreadyExists           an object with this key is there and durable: another writer's, or
  //                            that of an earlier try of ours whose answer was lost
  //   kUnavailable, kTimeout   outcome unknown: the object may be there, now or a little later
  //   kUnsupported             the store cannot create conditionally (features say so)
  //   kConflict                the key cannot exist beside another one (see ValidateKey)
  //   kOutOfSpace and others   this call has surely not made the object visible
  virtual Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) = 0;

  // Creates or replaces `key` atomically: readers see the old or the new object, whole. Only for
  // exclusive mode and for probes: nothing that the repository relies on is ever overwritten.
  virtual Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) = 0;

  // The whole object. kNotFound; kLimitExceeded when it is larger than `max_bytes`, decided before
  // memory is taken; kCorruption when the store delivers fewer bytes than it announced.
  virtual Result<Bytes> Get(std::string_view key, uint64_t max_bytes) = 0;

  // Fills `out` with the bytes from `offset` on: exactly out.size() of them, else kCorruption
  // ("object ends early") and the content of `out` is unspecified. An empty `out` succeeds when the
  // object exists and `offset` is not behind its end. kNotFound.
  virtual Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) = 0;

  // Objects whose key starts with `prefix` (which may end inside a component, or be empty) and is
  // strictly greater than `start_after` (any string; need not exist), at most `max_keys` of them.
  // kInvalidArgument when max_keys is 0 or prefix has a character that no key has. An object that
  // is created or deleted while several pages are read may or may not appear; all others do, once.
  virtual Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                                size_t max_keys) = 0;

  // kNotFound when there is no such object.
  virtual Result<ObjectInfo> Head(std::string_view key) = 0;

  // Removes `key`. A missing key is success, so a repeated call is safe. kPermission when these
  // credentials may not delete.
  virtual Status Delete(std::string_view key) = 0;

  // The store's clock now: comparable with ObjectInfo::modified and with nothing else.
  virtual Result<Timestamp> ServerTime() = 0;

  // Bytes that still fit, or nullopt when the store has no such limit.
  virtual Result<std::optional<uint64_t>> FreeBytes() = 0;

  // A store that can be full cannot be cleaned up when it is, because even that writes a little. So
  // it keeps kReserveBytes back: KeepReserve makes the reserve unless it is there or space is short
  // (no error), and ReleaseReserve gives it up; whoever frees space does that first. Stores without
  // a limit have none, and both do nothing.
  virtual Status KeepReserve() { return Ok(); }
  virtual Status ReleaseReserve() { return Ok(); }
};

// Checks the rule that every store applies to keys: 1 to kMaxKeyBytes bytes of [A-Za-z0-9._/-];
// components separated by single slashes, each of 1 to kMaxKeyComponentBytes bytes and not starting
// with a dot (which excludes "." and "..", hidden files, and what NFS and snapshots leave around).
// No key may be a directory of another key ("a" beside "a/b"): a directory store answers kConflict.
// Returns kInvalidArgument with the offending part.
Status ValidateKey(std::string_view key);

// Like ValidateKey for one part between slashes, without an error text; for walking directories.
bool IsKeyComponent(std::string_view name);

// Checks the arguments of List as its contract says.
Status ValidateListArguments(std::string_view prefix, size_t max_keys);

// Refuses objects above kMaxObjectBytes with kLimitExceeded.
Status ValidateObjectSize(std::string_view key, uint64_t size);

// Calls `visit` for every object under `prefix` in key order, page by page, so that memory does not
// grow with the number of objects. Stops at the first error of List or `visit` and returns it.
// Fails with kCorruption when a store returns keys out of order, outside the prefix or twice.
Status ListAll(ObjectStore& store, std::string_view prefix,
               const std::function<Status(const ObjectInfo&)>& visit);

}  // namespace pgkeep::storage
