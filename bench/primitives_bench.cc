// Speed of the primitives that every byte of a backup passes through, per block size. Run it from
// the "bench" preset; bytes_per_second is one thread. The rows "raw" call the libraries directly,
// so that the cost of pgkeep's own layer shows.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <zstd.h>

#include <random>
#include <string>

#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/crc32c.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/siphash.h"

namespace pgkeep {
namespace {

// Rows of a table as COPY writes them: compresses about fourfold.
Bytes TableRows(size_t size) {
  std::mt19937 random(42);
  Bytes rows;
  while (rows.size() < size) {
    const std::string id = std::to_string(random() % 1000000);
    Append(rows, AsBytes(id + "\tcustomer-" + id + "\tactive\t2026-01-01 12:00:00+00\t"));
    Append(rows, AsBytes(std::to_string(random()) + ".50\n"));
  }
  rows.resize(size);
  return rows;
}

void SetRate(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

size_t BlockSize(const benchmark::State& state) { return static_cast<size_t>(state.range(0)); }

void Sha256Raw(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  crypto::Digest32 digest;
  for ([[maybe_unused]] auto _ : state) {
    EVP_DigestInit_ex2(context, md, nullptr);
    EVP_DigestUpdate(context, block.data(), block.size());
    EVP_DigestFinal_ex(context, digest.data(), nullptr);
    benchmark::DoNotOptimize(digest);
  }
  EVP_MD_CTX_free(context);
  EVP_MD_free(md);
  SetRate(state);
}

void Sha256(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(crypto::Sha256(block));
  SetRate(state);
}

void HmacSha256(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const crypto::HmacSha256Key key(Bytes(32, 1));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(key.Mac(block));
  SetRate(state);
}

void SipHash24(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const crypto::SipHash24 hash(Bytes(16, 1));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(hash.Hash(block));
  SetRate(state);
}

void SipHash128(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const crypto::SipHash128 hash(Bytes(16, 1));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(hash.Hash(block));
  SetRate(state);
}

void Crc32c(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(codec::Crc32c(block));
  SetRate(state);
}

void GcmSeal(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const Bytes aad(124, 3);  // pack header and frame header
  Bytes out(block.size() + crypto::kAes256GcmTagBytes);
  Bytes nonce(crypto::kAes256GcmNonceBytes);
  crypto::Aes256Gcm cipher(Bytes(32, 1));
  for ([[maybe_unused]] auto _ : state) {
    ++nonce[0];
    cipher.Seal(nonce, aad, block, out);
    benchmark::DoNotOptimize(out.data());
  }
  SetRate(state);
}

void GcmOpen(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const Bytes aad(124, 3);
  const Bytes nonce(crypto::kAes256GcmNonceBytes);
  Bytes sealed(block.size() + crypto::kAes256GcmTagBytes);
  Bytes out(block.size());
  crypto::Aes256Gcm cipher(Bytes(32, 1));
  cipher.Seal(nonce, aad, block, sealed);
  for ([[maybe_unused]] auto _ : state) {
    if (!cipher.Open(nonce, aad, sealed, out).ok()) state.SkipWithError("cannot open");
    benchmark::DoNotOptimize(out.data());
  }
  SetRate(state);
}

void ZstdCompress(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const auto codec = codec::MakeZstd(static_cast<int>(state.range(1)));
  Bytes out(codec->MaxCompressedSize(block.size()));
  size_t size = 1;
  for ([[maybe_unused]] auto _ : state) size = codec->Compress(block, out).value();
  state.counters["ratio"] = static_cast<double>(block.size()) / static_cast<double>(size);
  SetRate(state);
}

void ZstdDecompress(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  const auto codec = codec::MakeZstd(static_cast<int>(state.range(1)));
  Bytes packed(codec->MaxCompressedSize(block.size()));
  packed.resize(codec->Compress(block, packed).value());
  Bytes out(block.size());
  for ([[maybe_unused]] auto _ : state) {
    if (!codec->Decompress(packed, out).ok()) state.SkipWithError("cannot decompress");
    benchmark::DoNotOptimize(out.data());
  }
  SetRate(state);
}

// What zstd's own checksum would cost: compress and decompress through the library, range(1) =
// flag.
void ZstdChecksumRaw(benchmark::State& state) {
  const Bytes block = TableRows(BlockSize(state));
  ZSTD_CCtx* compressor = ZSTD_createCCtx();
  ZSTD_DCtx* decompressor = ZSTD_createDCtx();
  ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, static_cast<int>(state.range(1)));
  Bytes packed(ZSTD_compressBound(block.size()));
  packed.resize(
      ZSTD_compress2(compressor, packed.data(), packed.size(), block.data(), block.size()));
  Bytes out(block.size());
  for ([[maybe_unused]] auto _ : state) {
    ZSTD_decompressDCtx(decompressor, out.data(), out.size(), packed.data(), packed.size());
    benchmark::DoNotOptimize(out.data());
  }
  ZSTD_freeCCtx(compressor);
  ZSTD_freeDCtx(decompressor);
  SetRate(state);
}

void KernelRandom(benchmark::State& state) {
  Bytes block(BlockSize(state));
  for ([[maybe_unused]] auto _ : state) crypto::RandomBytes(block);
  SetRate(state);
}

constexpr int64_t kPage = 8 << 10;
constexpr int64_t kFrame = 128 << 10;
constexpr int64_t kLarge = 1 << 20;

void Blocks(benchmark::internal::Benchmark* bench) { bench->Arg(kPage)->Arg(kFrame)->Arg(kLarge); }

void BlocksAndLevels(benchmark::internal::Benchmark* bench) {
  bench->ArgsProduct({{kPage, kFrame, kLarge}, {-5, -1, 1, 3}});
}

BENCHMARK(Sha256Raw)->Apply(Blocks);
BENCHMARK(Sha256)->Apply(Blocks);
BENCHMARK(HmacSha256)->Arg(64)->Apply(Blocks);
BENCHMARK(SipHash24)->Arg(64)->Apply(Blocks);
BENCHMARK(SipHash128)->Arg(64)->Apply(Blocks);
BENCHMARK(Crc32c)->Arg(28)->Apply(Blocks);
BENCHMARK(GcmSeal)->Apply(Blocks);
BENCHMARK(GcmOpen)->Apply(Blocks);
BENCHMARK(ZstdCompress)->Apply(BlocksAndLevels);
BENCHMARK(ZstdDecompress)->Apply(BlocksAndLevels);
BENCHMARK(ZstdChecksumRaw)->ArgsProduct({{kPage, kFrame, kLarge}, {0, 1}});
BENCHMARK(KernelRandom)->Arg(8)->Arg(32);

}  // namespace
}  // namespace pgkeep

BENCHMARK_MAIN();
