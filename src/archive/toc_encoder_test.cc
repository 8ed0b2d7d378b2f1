#include "archive/toc_encoder.h"

#include <gtest/gtest.h>

#include <functional>

#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

TEST(EncodeToc, RefusesWhatTheFormatCannotHold) {
  const std::vector<std::pair<const char*, std::function<void(Toc&)>>> changes = {
      {"format 1.13", [](Toc& toc) { toc.header.version.minor = 13; }},
      {"compression 3", [](Toc& toc) { toc.header.compression = Compression::kZstd; }},
      {"level 0",
       [](Toc& toc) {
         toc.header.compression = Compression::kGzip;
         toc.header.gzip_level = 0;
       }},
      {"level 5", [](Toc& toc) { toc.header.gzip_level = 5; }},
      {"integers of 3", [](Toc& toc) { toc.header.int_size = 3; }},
      {"offsets of 9", [](Toc& toc) { toc.header.offset_size = 9; }},
      {"dump id 0", [](Toc& toc) { toc.entries[1].dump_id = 0; }},
      {"used twice", [](Toc& toc) { toc.entries[1].dump_id = 100; }},
      {"NUL", [](Toc& toc) { toc.entries[1].owner = std::string("a\0b", 3); }},
      {"relation kind 114", [](Toc& toc) { toc.entries[1].relation_kind = 'r'; }},
      {"dependency 0", [](Toc& toc) { toc.entries[1].dependencies = {0}; }},
      {"offset 4294967296",
       [](Toc& toc) {
         toc.header.offset_size = 4;
         toc.entries[1].offset = uint64_t{1} << 32;
       }},
  };
  ASSERT_TRUE(EncodeToc(SmallToc()).ok());
  for (const auto& [message, change] : changes) {
    Toc toc = SmallToc();
    change(toc);
    const auto bytes = EncodeToc(toc);
    ASSERT_FALSE(bytes.ok()) << message;
    EXPECT_EQ(bytes.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(bytes.error().ToString().find(message), std::string::npos)
        << bytes.error().ToString();
  }
}

TEST(EncodeToc, NamesTheEntry) {
  Toc toc = SmallToc();
  toc.entries[1].dump_id = -1;
  EXPECT_NE(EncodeToc(toc).error().ToString().find("TABLE one"), std::string::npos);
}

TEST(EncodeWithoutData, SaysThatThereIsDataSomewhere) {
  Toc toc = DecodeToc(RealDirectoryToc()).value();
  const Toc bare = DecodeToc(EncodeWithoutData(toc).value()).value();
  EXPECT_EQ(bare.header.format, ArchiveFormat::kCustom);
  EXPECT_EQ(bare.header.compression, Compression::kNone);
  ASSERT_EQ(bare.entries.size(), toc.entries.size());
  for (size_t i = 0; i < bare.entries.size(); ++i) {
    const TocEntry& entry = bare.entries[i];
    EXPECT_EQ(entry.has_data, toc.entries[i].has_data);
    EXPECT_EQ(entry.offset_state, entry.has_data ? OffsetState::kNotSet : OffsetState::kNoData);
  }
}

}  // namespace
}  // namespace pgkeep::archive
