#include "tests/model/state.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace pgkeep::model {
namespace {

// Appends fields to a key.
class Packer {
 public:
  template <typename T>
  void Field(T& value, int width) {
    Append(static_cast<std::uint64_t>(value), width);
  }
  void Append(std::uint64_t value, int width) {
    if (value >> width != 0 || used_ + width > 128) {
      std::fputs("protocol model: state does not fit its key\n", stderr);
      std::abort();
    }
    if (used_ < 64) key_.low |= value << used_;
    if (used_ + width > 64) {
      key_.high |= used_ >= 64 ? value << (used_ - 64) : value >> (64 - used_);
    }
    used_ += width;
  }
  const Key& key() const { return key_; }

 private:
  Key key_;
  int used_ = 0;
};

// Takes fields from a key in the order in which Packer appended them.
class Unpacker {
 public:
  explicit Unpacker(const Key& key) : key_(key) {}
  template <typename T>
  void Field(T& value, int width) {
    value = static_cast<T>(Take(width));
  }
  std::uint64_t Take(int width) {
    std::uint64_t value = 0;
    if (used_ < 64) value = key_.low >> used_;
    if (used_ + width > 64) {
      value |= used_ >= 64 ? key_.high >> (used_ - 64) : key_.high << (64 - used_);
    }
    used_ += width;
    return value & ((std::uint64_t{1} << width) - 1);
  }

 private:
  Key key_;
  int used_ = 0;
};

template <typename Archive>
void VisitLease(const Config& config, Archive& archive, Lease& lease) {
  if (!config.exclusive) return;
  archive.Field(lease.pc, 3);
  archive.Field(lease.object, 1);
  archive.Field(lease.crashed, 1);
}

template <typename Archive>
void VisitGc(const Config& config, Archive& archive, Gc& gc) {
  const int ids = config.Ids();
  archive.Field(gc.pc, 4);
  archive.Field(gc.todo, ids);
  if (gc.pc == GcPc::kDelete) {
    archive.Field(gc.plan_packs, ids * config.packs_per_id);
    for (Mask* mask : {&gc.plan_manifests, &gc.plan_ses, &gc.plan_pins}) archive.Field(*mask, ids);
    if (config.Has(Mutant::kTombstoneDeleted)) archive.Field(gc.plan_tombstones, ids);
  } else if (gc.pc != GcPc::kEnded) {
    for (Mask* mask : {&gc.expired, &gc.decided1, &gc.pins, &gc.decided2, &gc.committed}) {
      archive.Field(*mask, ids);
    }
  }
  VisitLease(config, archive, gc.lease);
  if (config.exclusive) archive.Field(gc.abort_in_flight, 2);
}

int GcWidth(const Config& config) {
  const int ids = config.Ids();
  const int plan =
      ids * config.packs_per_id + ids * (config.Has(Mutant::kTombstoneDeleted) ? 4 : 3);
  return 4 + ids + std::max(5 * ids, plan) + (config.exclusive ? 7 : 0);
}

template <typename Archive>
void VisitStore(const Config& config, Archive& archive, State& state) {
  const int ids = config.Ids();
  for (Mask* mask : {&state.ses, &state.pin, &state.man, &state.ref, &state.committed,
                     &state.aborted, &state.expired}) {
    archive.Field(*mask, ids);
  }
  archive.Field(state.packs, ids * config.packs_per_id);
  for (int id = 1; id < ids; ++id) {
    Writer& writer = state.writer[static_cast<std::size_t>(id)];
    archive.Field(writer.pc, 5);
    archive.Field(writer.bases, ids);
    const bool looking = writer.pc < WriterPc::kReadBases;
    archive.Field(looking ? writer.unlooked : writer.content, ids * config.packs_per_id);
    VisitLease(config, archive, writer.lease);
    if (config.exclusive) archive.Field(writer.commit_in_flight, 1);
  }
}

}  // namespace

Mask Owners(const Config& config, Mask packs) {
  if (config.packs_per_id == 1) return packs;
  Mask owners = 0;
  for (int id = 0; id < config.Ids(); ++id) {
    if ((packs & config.OwnPacks(id)) != 0) Set(owners, Bit(id));
  }
  return owners;
}

State InitialState(const Config& config) {
  State state;
  state.ses = state.pin = state.man = state.ref = state.committed = Bit(0);
  state.packs = config.OwnPacks(0);
  state.writer[0].pc = WriterPc::kReported;
  state.writer[0].content = config.OwnPacks(0);
  for (Gc& gc : state.gc) gc.todo = config.paged_lists ? config.AllIds() : Mask{0};
  return state;
}

Key Pack(const Config& config, const State& state) {
  State copy = state;
  std::array<std::uint64_t, kMaxGcs> packed{};
  for (int i = 0; i < config.gcs; ++i) {
    Packer one;
    VisitGc(config, one, copy.gc[static_cast<std::size_t>(i)]);
    packed[static_cast<std::size_t>(i)] = one.key().low;
  }
  static_assert(kMaxGcs == 2);
  if (config.gcs == 2 && packed[1] < packed[0]) std::swap(packed[0], packed[1]);
  Packer packer;
  VisitStore(config, packer, copy);
  for (int i = 0; i < config.gcs; ++i) {
    packer.Append(packed[static_cast<std::size_t>(i)], GcWidth(config));
  }
  return packer.key();
}

State Unpack(const Config& config, const Key& key) {
  State state = InitialState(config);
  Unpacker unpacker(key);
  VisitStore(config, unpacker, state);
  for (int i = 0; i < config.gcs; ++i) {
    Unpacker one(Key{unpacker.Take(GcWidth(config)), 0});
    VisitGc(config, one, state.gc[static_cast<std::size_t>(i)]);
  }
  return state;
}

}  // namespace pgkeep::model
