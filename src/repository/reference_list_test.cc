#include "repository/reference_list.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/wire.h"
#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;

std::vector<PackEntry> SampleEntries() {
  ControlFixture fixture(1);
  return testing::SampleReferenceList(fixture).entries();
}

// The list after a change to its first data pack.
Result<ReferenceList> Changed(const std::function<void(PackEntry&)>& change) {
  std::vector<PackEntry> entries = SampleEntries();
  change(entries[0]);
  return ReferenceList::FromEntries(std::move(entries));
}

TEST(ReferenceList, SortsAndFinds) {
  std::vector<PackEntry> entries = SampleEntries();
  std::vector<PackEntry> reversed(entries.rbegin(), entries.rend());
  const ReferenceList list = ReferenceList::FromEntries(reversed).value();
  EXPECT_EQ(list.entries(), entries);
  for (const PackEntry& entry : entries) {
    ASSERT_NE(list.Find(entry.name), nullptr);
    EXPECT_EQ(*list.Find(entry.name), entry);
    PackName other = entry.name;
    other.seq += 1000;
    EXPECT_EQ(list.Find(other), nullptr);
  }
  EXPECT_EQ(list.Writers().size(), 2U);
  EXPECT_LT(list.Writers()[0], list.Writers()[1]);
  EXPECT_TRUE(ReferenceList().empty());
  EXPECT_EQ(ReferenceList().Find(entries[0].name), nullptr);
}

TEST(ReferenceList, RefusesWhatNoBackupCanNeed) {
  ASSERT_EQ(SampleEntries()[0].name.kind, PackKind::kData);
  EXPECT_TRUE(Changed([](PackEntry&) {}).ok());
  const std::vector<std::pair<const char*, std::function<void(PackEntry&)>>> changes = {
      {"too small", [](PackEntry& e) { e.size = 100; }},
      {"too large", [](PackEntry& e) { e.size = kMaxPackBytes + 1; }},
      {"etag", [](PackEntry& e) { e.etag.assign(kMaxEtagBytes + 1, 'x'); }},
      {"units", [](PackEntry& e) { e.all_units = kMaxUnitsPerPack + 1; }},
      {"live units", [](PackEntry& e) { e.live_units = e.all_units + 1; }},
      {"no fingerprints", [](PackEntry& e) { e.fingerprints.reset(); }},
      {"fingerprints elsewhere", [](PackEntry& e) { e.fingerprints->meta_seq = 2; }},
      {"fingerprints in the header", [](PackEntry& e) { e.fingerprints->offset = 95; }},
      {"fingerprints beyond the end", [](PackEntry& e) { e.fingerprints->offset = 999'999; }},
      {"longer than raw", [](PackEntry& e) { e.fingerprints->clen = e.fingerprints->rlen + 1; }},
      {"too long", [](PackEntry& e) { e.fingerprints->rlen = kMaxNodeFrameRlen + 1; }},
      {"a metadata pack with units",
       [](PackEntry& e) { e.name.kind = PackKind::kMeta, e.fingerprints.reset(); }},
      {"a metadata pack with fingerprints",
       [](PackEntry& e) { e.name.kind = PackKind::kMeta, e.live_units = e.all_units = 0; }},
  };
  for (const auto& [what, change] : changes) {
    const Result<ReferenceList> list = Changed(change);
    ASSERT_FALSE(list.ok()) << what;
    EXPECT_EQ(list.error().code(), ErrorCode::kInvalidArgument) << what;
  }
}

TEST(ReferenceList, RefusesAPackNamedTwice) {
  std::vector<PackEntry> entries = SampleEntries();
  entries.push_back(entries[2]);
  const Error error = ReferenceList::FromEntries(entries).error();
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(error.message().find(entries[2].name.Key()), std::string::npos);
}

// Counts come before what they count: they must not decide how much memory is taken.
TEST(ReferenceList, HostileCountsAreRefused) {
  const auto decode = [](const std::function<void(ByteWriter&)>& write) {
    Bytes packs;
    ByteWriter writer(packs);
    write(writer);
    TlvWriter fields;
    fields.AddBytes(0x8001, packs);
    return DecodeReferenceListBody(fields.Finish());
  };
  EXPECT_TRUE(decode([](ByteWriter& w) { w.Varint(0); }).ok());
  const Bytes id(16, 1);
  const std::vector<std::pair<const char*, std::function<void(ByteWriter&)>>> bodies = {
      {"nothing", [](ByteWriter&) {}},
      {"many writers", [](ByteWriter& w) { w.Varint(UINT64_MAX); }},
      {"most writers", [](ByteWriter& w) { w.Varint(kMaxReferencedPacks); }},
      {"no packs", [&id](ByteWriter& w) { w.Varint(1), w.Raw(id), w.Varint(0); }},
      {"many packs", [&id](ByteWriter& w) { w.Varint(1), w.Raw(id), w.Varint(UINT64_MAX); }},
      {"most packs",
       [&id](ByteWriter& w) { w.Varint(1), w.Raw(id), w.Varint(kMaxReferencedPacks); }},
      {"trailing byte", [](ByteWriter& w) { w.Varint(0), w.U8(0); }},
  };
  for (const auto& [what, body] : bodies) {
    const Result<ReferenceList> list = decode(body);
    ASSERT_FALSE(list.ok()) << what;
    EXPECT_EQ(list.error().code(), ErrorCode::kCorruption) << what;
  }
}

TEST(ReferenceList, RefusesWritersAndPacksOutOfOrder) {
  const auto body = [](const std::vector<uint8_t>& writers, const std::vector<uint32_t>& seqs) {
    Bytes packs;
    ByteWriter writer(packs);
    writer.Varint(writers.size());
    for (const uint8_t id : writers) {
      writer.Raw(Bytes(16, id));
      writer.Varint(seqs.size());
      for (const uint32_t seq : seqs) {
        writer.U8(static_cast<uint8_t>(PackKind::kMeta));
        writer.Varint(seq);
        writer.Varint(1000);
        writer.Raw(Bytes(32, 7));
        writer.VarBytes({});
        writer.Varint(0);
        writer.Varint(0);
      }
    }
    TlvWriter fields;
    fields.AddBytes(0x8001, packs);
    return fields.Finish();
  };
  EXPECT_TRUE(DecodeReferenceListBody(body({1, 2}, {0, 1})).ok());
  for (const Bytes& bad : {body({2, 1}, {0, 1}), body({1, 1}, {0}), body({1}, {1, 0}),
                           body({1}, {0, 0}), body({1}, {kMaxPackSeq + 1})}) {
    EXPECT_EQ(DecodeReferenceListBody(bad).error().code(), ErrorCode::kCorruption);
  }
}

TEST(ReferenceList, OfManyPacksIsReadBack) {
  std::vector<PackEntry> entries;
  for (uint32_t seq = 0; seq < 5'000; ++seq) {
    PackEntry entry;
    entry.name = {WriterId{{static_cast<uint8_t>(seq % 7 + 1)}}, PackKind::kMeta, seq};
    entry.size = 1'000 + seq;
    entry.sha256.fill(static_cast<uint8_t>(seq));
    entries.push_back(entry);
  }
  const ReferenceList list = ReferenceList::FromEntries(entries).value();
  const ControlFixture fixture(1);
  const Bytes object =
      EncodeReferenceList(list, fixture.identity(), fixture.keys->host_signing_key()).value();
  EXPECT_EQ(DecodeReferenceList(object, fixture.identity(), fixture.signers).value(), list);
  EXPECT_EQ(list.Writers().size(), 7U);
}

}  // namespace
}  // namespace pgkeep::repository
