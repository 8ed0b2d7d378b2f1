// How close the repository comes to the primitives it is made of.
//
//   repository_bench [MIB]      default 512 MiB of made-up table pages
//
// Everything happens in memory: no disk is measured. Printed are medians of five interleaved
// rounds:
//
// - naked: the same primitive calls on the same buffers, one after the other, in one thread
// - full path: a first backup through BackupWriter, one delivering thread, none in the background
// - two threads: the same with two delivering threads, each half of the data
// - detection: a second backup of unchanged data, and SipHash alone over the same units
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "codec/codec.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "crypto/siphash.h"
#include "repository/backup_writer.h"
#include "repository/repository.h"
#include "repository/units_payload.h"
#include "testing/memory_store.h"
#include "testing/seeded_random.h"

namespace pgkeep {
namespace {

constexpr size_t kPage = 8192;
constexpr int kRounds = 5;

// Rows of a made-up order table in heap pages: compresses about as real ones do (2 to 3 times).
Bytes MakePages(size_t count) {
  testing::SeededRandom random(42);
  Bytes pages(count * kPage);
  for (size_t page = 0; page < count; ++page) {
    uint8_t* at = pages.data() + page * kPage;
    random.Fill({at, 24});
    for (size_t row = 0; row < 60; ++row) {
      const std::string text = fmt::format(
          "{:010}|customer-{:06}|2026-{:02}-{:02}|{:012x}|shipped|{:08}|EUR|warehouse-{}",
          page * 60 + row, random.Next() % 1'000'000, 1 + random.Next() % 12,
          1 + random.Next() % 28, random.Next() & 0xffffffffffff, random.Next() % 100'000'000,
          random.Next() % 40);
      std::copy_n(text.begin(), std::min<size_t>(text.size(), 130), at + 300 + row * 130);
    }
  }
  return pages;
}

// Takes packs and forgets their content, so that neither memory nor disk is measured.
class ForgetfulStore final : public storage::ObjectStore {
 public:
  storage::StoreFeatures features() const override { return memory_.features(); }
  std::string Url() const override { return "nowhere:"; }
  std::string ExpectedEtag(ByteSpan /*bytes*/) const override { return "x"; }
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override {
    if (!key.starts_with("p/")) return memory_.CreateIfAbsent(key, bytes);
    PGK_TRY(memory_.CreateIfAbsent(key, {}));
    const MutexLock lock(mutex_);
    stored_ += bytes.size();
    sizes_[std::string(key)] = bytes.size();
    return storage::ObjectInfo{std::string(key), bytes.size(), "x", {}};
  }
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override {
    return memory_.Put(key, bytes);
  }
  Result<Bytes> Get(std::string_view key, uint64_t max) override { return memory_.Get(key, max); }
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override {
    return memory_.GetRange(key, offset, out);
  }
  Result<storage::ListPage> List(std::string_view prefix, std::string_view after,
                                 size_t max) override {
    PGK_ASSIGN_OR_RETURN(storage::ListPage page, memory_.List(prefix, after, max));
    const MutexLock lock(mutex_);
    for (storage::ObjectInfo& info : page.objects) {
      const auto found = sizes_.find(info.key);
      if (found != sizes_.end()) info.size = found->second;
    }
    return page;
  }
  Result<storage::ObjectInfo> Head(std::string_view key) override { return memory_.Head(key); }
  Status Delete(std::string_view key) override { return memory_.Delete(key); }
  Result<Timestamp> ServerTime() override { return memory_.ServerTime(); }
  Result<std::optional<uint64_t>> FreeBytes() override { return memory_.FreeBytes(); }
  uint64_t stored() {
    const MutexLock lock(mutex_);
    return stored_;
  }

 private:
  testing::MemoryStore memory_;
  Mutex mutex_;
  uint64_t stored_ PGK_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> sizes_ PGK_GUARDED_BY(mutex_);
};

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Every primitive that a first backup needs, and nothing else.
void Naked(ByteSpan pages) {
  const Bytes key(32, 7);
  const crypto::SipHash24 fingerprint(ByteSpan(key).first(16));
  const crypto::HmacSha256Key hmac(key);
  crypto::Aes256Gcm cipher(key);
  const auto codec = codec::MakeZstd(1);
  const size_t frame_bytes = 16 * kPage;
  Bytes compressed(codec->MaxCompressedSize(frame_bytes));
  Bytes sealed(compressed.size() + 16);
  Bytes opened(compressed.size());
  Bytes back(frame_bytes);
  crypto::Sha256Hasher pack;
  uint64_t number = 0;
  volatile uint64_t sink = 0;
  for (size_t at = 0; at + frame_bytes <= pages.size(); at += frame_bytes) {
    const ByteSpan frame = pages.subspan(at, frame_bytes);
    for (size_t unit = 0; unit < 16; ++unit) {
      sink = sink + fingerprint.Hash(frame.subspan(unit * kPage, kPage));
    }
    sink = sink + hmac.Mac(frame)[0];
    const size_t size = *codec->Compress(frame, compressed);
    ByteArray<12> nonce{};
    std::copy_n(reinterpret_cast<const uint8_t*>(&number), 8, nonce.begin());
    ++number;
    const MutableByteSpan out = MutableByteSpan(sealed).first(size + 16);
    cipher.Seal(nonce, {}, ByteSpan(compressed).first(size), out);
    PGK_CHECK(cipher.Open(nonce, {}, out, MutableByteSpan(opened).first(size)).ok());
    PGK_CHECK(codec->Decompress(ByteSpan(opened).first(size), back).ok());
    pack.Update(out);
  }
  sink = sink + pack.Finish()[0];
}

void SipHashAlone(ByteSpan pages) {
  const Bytes key(16, 7);
  const crypto::SipHash24 fingerprint(key);
  volatile uint64_t sink = 0;
  for (size_t at = 0; at < pages.size(); at += kPage) {
    sink = sink + fingerprint.Hash(pages.subspan(at, kPage));
  }
}

// A repository in memory and one backup after the other into it.
class Bench {
 public:
  Bench() {
    auto made = repository::InitRepository(store_, {}, {},
                                           [](const repository::NewRepository&) { return Ok(); });
    PGK_CHECK(made.ok());
    auto opened = repository::Repository::Open(store_, made->id, &made->keys, {});
    PGK_CHECK(opened.ok());
    repository_ = *std::move(opened);
  }

  // One backup of `parts`, each delivered by a thread of its own.
  void Backup(const std::vector<ByteSpan>& parts) {
    repository::WriterOptions options;
    options.upload_threads = 0;
    options.deliver_threads = static_cast<unsigned>(parts.size());
    options.heartbeat_thread = false;
    repository::BackupSpec spec;
    spec.source = "bench";
    auto writer = repository::BackupWriter::Begin(*repository_, spec, options);
    PGK_CHECK(writer.ok());
    repository::SubtreeSpec subtree_spec;
    subtree_spec.name = "db";
    auto subtree = (*writer)->OpenSubtree(subtree_spec);
    PGK_CHECK(subtree.ok());
    {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i < parts.size(); ++i) {
        threads.emplace_back([&, i] { Deliver(**subtree, i, parts[i]); });
      }
    }
    PGK_CHECK((*subtree)->Finish().ok());
    PGK_CHECK((*writer)->Commit({}).ok());
  }

  uint64_t stored() { return store_.stored(); }

 private:
  static void Deliver(repository::SubtreeWriter& subtree, size_t number, ByteSpan pages) {
    repository::StreamSpec spec;
    spec.name = "stream " + std::to_string(number);
    spec.unit_size = kPage;
    auto stream = subtree.OpenStream(spec);
    PGK_CHECK(stream.ok());
    auto range = (*stream)->OpenRange(0);
    PGK_CHECK(range.ok());
    for (size_t at = 0; at < pages.size(); at += kPage) {
      PGK_CHECK((*range)->Append(pages.subspan(at, kPage)).ok());
    }
    PGK_CHECK((*range)->Close().ok());
    PGK_CHECK((*stream)->Finish().ok());
  }

  ForgetfulStore store_;
  std::unique_ptr<repository::Repository> repository_;
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int Main(int argc, char** argv) {
  const long given = argc == 1 ? 512 : argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (given <= 0) {
    fmt::print(stderr, "usage: repository_bench [MIB]\n");
    return 2;
  }
  const auto mib = static_cast<size_t>(given);
  SetLogLevel(LogLevel::kError);
  const Bytes pages = MakePages(mib * 1024 * 1024 / kPage);
  const ByteSpan all(pages);
  const std::vector<ByteSpan> halves = {all.first(pages.size() / 2), all.subspan(pages.size() / 2)};
  std::vector<double> naked;
  std::vector<double> full;
  std::vector<double> two;
  std::vector<double> detection;
  std::vector<double> siphash;
  uint64_t stored = 0;
  for (int round = 0; round < kRounds; ++round) {
    naked.push_back(Seconds([&] { Naked(all); }));
    Bench one;
    full.push_back(Seconds([&] { one.Backup({all}); }));
    stored = one.stored();
    Bench both;
    two.push_back(Seconds([&] { both.Backup(halves); }));
    detection.push_back(Seconds([&] { one.Backup({all}); }));
    siphash.push_back(Seconds([&] { SipHashAlone(all); }));
    fmt::print(
        "round {}: naked {:.3f} s, full path {:.3f} s, two threads {:.3f} s, detection "
        "{:.3f} s, SipHash {:.3f} s\n",
        round + 1, naked.back(), full.back(), two.back(), detection.back(), siphash.back());
  }
  const double size = static_cast<double>(mib);
  fmt::print("\n{} MiB of pages, stored in {:.0f} MiB\n\n", mib,
             static_cast<double>(stored) / 1024 / 1024);
  fmt::print("{:<28}{:>10}{:>12}{:>10}\n", "", "MiB/s", "ratio", "goal");
  fmt::print("{:<28}{:>10.0f}\n", "naked primitives", size / Median(naked));
  fmt::print("{:<28}{:>10.0f}{:>12.2f}{:>10}\n", "full path / naked", size / Median(full),
             Median(naked) / Median(full), ">= 0.85");
  fmt::print("{:<28}{:>10.0f}{:>12.2f}{:>10}\n", "two threads / one", size / Median(two),
             Median(full) / Median(two), ">= 1.8");
  fmt::print("{:<28}{:>10.0f}\n", "SipHash alone", size / Median(siphash));
  fmt::print("{:<28}{:>10.0f}{:>12.2f}{:>10}\n", "detection / SipHash", size / Median(detection),
             Median(siphash) / Median(detection), ">= 0.60");
  return 0;
}

}  // namespace
}  // namespace pgkeep

int main(int argc, char** argv) { return pgkeep::Main(argc, argv); }
