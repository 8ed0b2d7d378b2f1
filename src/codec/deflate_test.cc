#include "codec/deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "base/error.h"
#include "testing/seeded_random.h"

namespace pgkeep::codec {
namespace {

// What a reader of zlib makes of the bytes: their content, and how many were left over.
struct Inflated {
  Bytes content;
  size_t left = 0;
};

Inflated Inflate(Bytes compressed, DeflateWrapper wrapper) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, wrapper == DeflateWrapper::kGzip ? 31 : 15), Z_OK);
  stream.next_in = compressed.data();
  stream.avail_in = static_cast<uInt>(compressed.size());
  Inflated result;
  int status = Z_OK;
  while (status == Z_OK) {
    Bytes piece(100'000);
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    piece.resize(piece.size() - stream.avail_out);
    Append(result.content, piece);
  }
  EXPECT_EQ(status, Z_STREAM_END);
  result.left = stream.avail_in;
  inflateEnd(&stream);
  return result;
}

Bytes Sample(size_t size) {
  testing::SeededRandom random(size);
  Bytes bytes(size);
  random.Fill(bytes);
  for (size_t i = 0; i < size; i += 2) bytes[i] = 'x';  // half of it compresses
  return bytes;
}

TEST(DeflateStream, IsReadBackByZlib) {
  for (const DeflateWrapper wrapper : {DeflateWrapper::kGzip, DeflateWrapper::kZlib}) {
    for (const int level : {kDeflateLevelDefault, 1, 9}) {
      for (const size_t size : {0U, 1U, 65'536U, 1'000'000U}) {
        const Bytes sample = Sample(size);
        auto stream = MakeDeflateStream(wrapper, level).value();
        Bytes compressed;
        const auto sink = [&](ByteSpan piece) {
          EXPECT_FALSE(piece.empty());
          EXPECT_LE(piece.size(), 65'536U);
          Append(compressed, piece);
          return Ok();
        };
        const ByteSpan all = sample;
        ASSERT_TRUE(stream->Write(all.first(size / 3), sink).ok());
        ASSERT_TRUE(stream->Write(all.subspan(size / 3), sink).ok());
        ASSERT_TRUE(stream->Finish(sink).ok());
        const Inflated read = Inflate(compressed, wrapper);
        EXPECT_EQ(read.content, sample);
        EXPECT_EQ(read.left, 0U);
      }
    }
  }
}

TEST(DeflateStream, GivesEqualBytesForEqualInputInAnyPieces) {
  const Bytes sample = Sample(300'000);
  const auto compress = [&](size_t piece) {
    auto stream = MakeDeflateStream(DeflateWrapper::kGzip, 6).value();
    Bytes compressed;
    const auto sink = [&](ByteSpan bytes) {
      Append(compressed, bytes);
      return Ok();
    };
    for (size_t at = 0; at < sample.size(); at += piece) {
      const ByteSpan rest = ByteSpan(sample).subspan(at);
      EXPECT_TRUE(stream->Write(rest.first(std::min(piece, rest.size())), sink).ok());
    }
    EXPECT_TRUE(stream->Finish(sink).ok());
    return compressed;
  };
  EXPECT_EQ(compress(7'919), compress(sample.size()));
}

TEST(DeflateStream, PassesOnTheErrorOfItsSink) {
  auto stream = MakeDeflateStream(DeflateWrapper::kZlib, 1).value();
  const auto full = [](ByteSpan) { return Status(Error(ErrorCode::kOutOfSpace, "full")); };
  const Status status = stream->Write(Sample(1'000'000), full);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kOutOfSpace);
}

TEST(DeflateStream, RefusesLevelsThatAreNone) {
  for (const int level : {-2, 0, 10}) {
    const auto stream = MakeDeflateStream(DeflateWrapper::kGzip, level);
    ASSERT_FALSE(stream.ok()) << level;
    EXPECT_EQ(stream.error().code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pgkeep::codec
