#include "repository/writer_session.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/fingerprint_node.h"
#include "repository/key_ring.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

// Packs are large: half as many as requests of another kind fill the way to a store.
unsigned UploadThreads(const RepositoryContext& context, const WriterOptions& options) {
  return options.upload_threads.value_or(
      std::max(1U, context.store->features().parallel_requests / 2));
}

}  // namespace

// What the memory limit allows.
struct WriterSession::Sizes {
  size_t data_packs = 1;  // filled at the same time
  size_t pack_bytes = kDefaultPackBytes;

  static Sizes For(const RepositoryContext& context, const WriterOptions& options) {
    Sizes sizes;
    sizes.data_packs =
        std::max(1U, options.encode_threads > 0 ? options.encode_threads : options.deliver_threads);
    // Two metadata packs, what is being uploaded, one that waits for it, and a spare buffer for
    // each of the three sinks.
    const size_t packs = sizes.data_packs + 2 + UploadThreads(context, options) + 1 + 3;
    const uint64_t share = options.memory_limit / packs;
    const size_t wanted = context.config->pack_bytes.value_or(kDefaultPackBytes);
    sizes.pack_bytes = std::clamp<size_t>(static_cast<size_t>(std::min<uint64_t>(share, wanted)),
                                          kMinPackTargetBytes, kMaxPackBytes);
    return sizes;
  }
};

namespace {

// A base that is damaged all over is worth no more lines than these.
constexpr size_t kWarningsMax = 256;

std::function<std::unique_ptr<codec::BlockCodec>()> CodecMaker(const RepositoryContext& context,
                                                               const WriterOptions& options) {
  if (options.make_codec) return options.make_codec;
  const std::optional<int8_t> level = context.config->zstd_level;
  return [level] { return codec::MakeZstd(level.value_or(codec::kZstdLevelDefault)); };
}

}  // namespace

WriterSession::WriterSession(const RepositoryContext& context, const WriterTicket& ticket,
                             const WriterOptions& options, std::set<PackName> missing,
                             LocalPackCache* local)
    : context_(context),
      ticket_(ticket),
      options_(options),
      missing_(std::move(missing)),
      local_(local),
      nodes_(context, local),
      fingerprints_(nodes_),
      codecs_(CodecMaker(context, options)),
      jobs_([] { return std::make_unique<FrameJob>(); },
            [](FrameJob& job) { job.payload.Clear(); }),
      uploads_("upload", UploadThreads(context, options), 1),
      prints_(context, SinkOptions(PackKind::kMeta, Sizes::For(context, options))),
      tree_(context, SinkOptions(PackKind::kMeta, Sizes::For(context, options))),
      print_writer_(prints_, codecs_, context.keys->node_hmac()),
      node_writer_(tree_, codecs_, context.keys->node_hmac()),
      data_(context, SinkOptions(PackKind::kData, Sizes::For(context, options))),
      encoders_("encode", options.encode_threads, size_t{2} * (options.encode_threads + 1)) {
  nodes_.RememberDamage();
  for (const BaseBackup& base : ticket.bases) nodes_.AddPacks(base.references);
}

WriterSession::~WriterSession() = default;

PackSink::Options WriterSession::SinkOptions(PackKind kind, const Sizes& sizes) {
  PackSink::Options options;
  options.writer = ticket_.writer;
  options.kind = kind;
  options.pack_bytes = sizes.pack_bytes;
  options.uploads = &uploads_;
  if (kind == PackKind::kData) {
    options.prk = ticket_.writer_key.Expose();
    options.max_open = sizes.data_packs;
    options.next_seq = &next_data_seq_;
    options.before_upload = [this](const PackSink::OpenPack& pack) {
      return StoreFingerprints(pack);
    };
  } else {
    options.prk = context_.keys->meta_key();
    options.next_seq = &next_meta_seq_;
    options.after_upload = [this](const PackName& pack, ByteSpan bytes) {
      if (local_ != nullptr) local_->Keep(pack, bytes);
    };
  }
  return options;
}

Result<StoredFrame> WriterSession::StoreUnits(FrameJob& job, StoredCounters& counters) {
  const uint16_t units = job.payload.units();
  const size_t unit_bytes = job.payload.unit_bytes();
  const ByteSpan bytes = job.payload.Finish();
  const ContentHash hash = ComputeContentHash(context_.keys->content_hmac(), bytes);
  PGK_ASSIGN_OR_RETURN(const PackSink::Lease pack, data_.Borrow(bytes.size(), units));
  const auto codec = codecs_.Borrow();
  PGK_ASSIGN_OR_RETURN(const FramePlace place,
                       pack->builder->Store(*codec, FrameKind::kUnits, units, bytes, hash));
  pack->fingerprints.insert(pack->fingerprints.end(), job.fingerprints.begin(),
                            job.fingerprints.begin() + units);
  counters.new_units += units;
  counters.new_bytes += unit_bytes;
  counters.stored_bytes += FrameBytes(place.clen);
  // As the pack remembers it, not as it was meant to be.
  const FooterFrame& recorded = pack->builder->frames().back();
  StoredFrame stored{{place.pack.writer, place.pack.seq},
                     {.pack = 0,
                      .offset = recorded.offset,
                      .clen = place.clen,
                      .rlen = place.rlen,
                      .units = recorded.units,
                      .hash = recorded.hash}};
  stored.checksum = FrameChecksum(stored.pack, stored.frame);
  if (options_.after_frame) options_.after_frame(stored);
  return stored;
}

Result<FingerprintPlace> WriterSession::StoreFingerprints(const PackSink::OpenPack& pack) {
  const FingerprintNode node{pack.builder->name().seq, FingerprintFrames(pack.builder->frames()),
                             pack.fingerprints};
  PGK_ASSIGN_OR_RETURN(const FramePlace place, print_writer_.WriteAlways(FrameKind::kFingerprints,
                                                                         EncodeFingerprints(node)));
  return FingerprintPlace{place.pack.seq, place.offset, place.clen, place.rlen};
}

const PackEntry* WriterSession::FindBasePack(const PackName& pack) const {
  for (const BaseBackup& base : ticket_.bases) {
    if (const PackEntry* entry = base.references.Find(pack)) return entry;
  }
  return nullptr;
}

Result<std::shared_ptr<const FingerprintTable>> WriterSession::BaseFingerprints(
    const PackName& pack) {
  const PackEntry* entry = FindBasePack(pack);
  if (entry == nullptr || missing_.contains(pack)) return nullptr;
  if (missing_.contains({pack.writer, PackKind::kMeta, entry->fingerprints->meta_seq})) {
    return nullptr;
  }
  if (options_.store_again && options_.store_again(*entry)) return nullptr;
  {
    const MutexLock lock(mutex_);
    if (without_fingerprints_.contains(pack)) return nullptr;
  }
  Result<std::shared_ptr<const FingerprintTable>> table = fingerprints_.Get(*entry);
  if (table.ok() || !IsDamage(table.error())) return table;
  WarnOfDamage("the fingerprints of " + pack.Key() + " are damaged, so its units are stored again",
               table.error());
  const MutexLock lock(mutex_);
  without_fingerprints_.insert(pack);
  return nullptr;
}

void WriterSession::WarnOfDamage(std::string_view what, const Error& error) {
  std::string line = std::string(what) + ": " + error.ToString();
  {
    const MutexLock lock(mutex_);
    if (warned_.size() == kWarningsMax || !warned_.insert(line).second) return;
  }
  Log(LogLevel::kWarning, "repository", "{}", line);
}

bool WriterSession::MayName(const NodePointer& pointer) const {
  return pointer.reference() == nullptr || !missing_.contains(pointer.reference()->pack());
}

Status WriterSession::Flush() {
  encoders_.Drain();
  PGK_TRY(CheckStatus());
  PGK_TRY(data_.Flush());
  PGK_TRY(tree_.Flush());
  return prints_.Flush();
}

Result<ReferenceList> WriterSession::BuildReferences() {
  std::map<PackName, PackEntry> own;
  for (const PackSink* sink : {&data_, &tree_, &prints_}) {
    for (PackEntry& entry : sink->entries()) own.emplace(entry.name, std::move(entry));
  }
  std::map<PackName, PackEntry> named;
  const auto add = [&](const PackName& name, uint64_t live_units) -> Status {
    const auto mine = own.find(name);
    const PackEntry* entry = mine != own.end() ? &mine->second : FindBasePack(name);
    if (entry == nullptr) {
      return Err(ErrorCode::kInternal, "a map names {} which nobody stored", name.Key());
    }
    PackEntry& copy = named.try_emplace(name, *entry).first->second;
    copy.live_units = live_units;
    if (name.kind == PackKind::kMeta) copy.all_units = 0;
    return Ok();
  };
  for (const auto& [name, live_units] : usage_.Take()) PGK_TRY(add(name, live_units));
  std::vector<PackName> print_packs;
  for (const auto& [name, entry] : named) {
    if (entry.fingerprints) {
      print_packs.push_back({name.writer, PackKind::kMeta, entry.fingerprints->meta_seq});
    }
  }
  for (const PackName& name : print_packs) PGK_TRY(add(name, 0));
  std::vector<PackEntry> entries;
  entries.reserve(named.size());
  for (auto& [name, entry] : named) entries.push_back(std::move(entry));
  return ReferenceList::FromEntries(std::move(entries));
}

}  // namespace pgkeep::repository
