#include "repository/object_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "repository/limits.h"
#include "storage/object_store.h"
#include "testing/seeded_random.h"

namespace pgkeep::repository {
namespace {

const std::string kHex = "00112233445566778899aabbccddeeff";

WriterId Writer() { return WriterId::FromHex(kHex).value(); }

TEST(Ids, AreTheirLowerCaseHex) {
  EXPECT_EQ(Writer().Hex(), kHex);
  EXPECT_FALSE(WriterId::FromHex("00112233445566778899AABBCCDDEEFF").ok());
  EXPECT_FALSE(WriterId::FromHex(kHex.substr(1)).ok());
  EXPECT_FALSE(WriterId::FromHex(kHex + "0").ok());
  EXPECT_FALSE(WriterId::FromHex("0011223344556677 899aabbccddeeff").ok());
  EXPECT_FALSE(WriterId::FromHex("").ok());
}

TEST(Ids, AreOrderedAsTheirText) {
  testing::SeededRandom random(4);
  for (int i = 0; i < 100; ++i) {
    const auto a = WriterId::New(random);
    const auto b = WriterId::New(random);
    EXPECT_EQ(a < b, a.Hex() < b.Hex());
  }
}

// A source that gives zeros first.
class ZerosFirst : public crypto::RandomSource {
 public:
  void Fill(MutableByteSpan out) override {
    for (uint8_t& byte : out) byte = calls_;
    ++calls_;
  }

 private:
  uint8_t calls_ = 0;
};

TEST(Ids, AreNeverZeroWhenNew) {
  ZerosFirst random;
  EXPECT_FALSE(WriterId::New(random).IsZero());
  EXPECT_TRUE(WriterId().IsZero());
}

TEST(PackNames, HaveEightDigits) {
  const PackName data{Writer(), PackKind::kData, 42};
  EXPECT_EQ(data.Key(), "p/" + kHex + "/00000042");
  EXPECT_EQ((PackName{Writer(), PackKind::kMeta, kMaxPackSeq}.Key()), "m/" + kHex + "/99999999");
  EXPECT_EQ(PackName::Parse(data.Key()).value(), data);
  for (const char* end : {"/42", "/000000042", "/0000004a", "/-0000042", "/+0000042", "/ 0000042",
                          "/00000042/", "", "/"}) {
    EXPECT_FALSE(PackName::Parse("p/" + kHex + end).ok()) << end;
  }
  EXPECT_FALSE(PackName::Parse(ManifestKey(Writer())).ok());
}

TEST(PackNames, AreOrderedByWriterKindAndNumber) {
  testing::SeededRandom random(5);
  const auto a = WriterId{};
  const auto b = WriterId::New(random);
  EXPECT_LT((PackName{a, PackKind::kMeta, 9}), (PackName{b, PackKind::kData, 0}));
  EXPECT_LT((PackName{a, PackKind::kData, 9}), (PackName{a, PackKind::kMeta, 0}));
  EXPECT_LT((PackName{a, PackKind::kData, 8}), (PackName{a, PackKind::kData, 9}));
}

TEST(ObjectNames, AreThoseOfTheFormat) {
  EXPECT_EQ(ConfigKey(1), "config.1");
  EXPECT_EQ(ConfigCopyKey(12), "cfgcopy/12");
  EXPECT_EQ(KeySlotKey(0xabc), "key/00000abc");
  EXPECT_EQ(SessionKey(Writer()), "ses/" + kHex);
  EXPECT_EQ(PinKey(Writer()), "pin/" + kHex);
  EXPECT_EQ(HeartbeatKey(Writer(), 3), "pin/" + kHex + ".3");
  EXPECT_EQ(ManifestKey(Writer()), "man/" + kHex);
  EXPECT_EQ(ReferenceListKey(Writer()), "ref/" + kHex);
  EXPECT_EQ(DecisionKey(Writer()), "dec/" + kHex);
  EXPECT_EQ(ExpiryKey(Writer()), "exp/" + kHex);
  EXPECT_EQ(GcPlanKey(7), "gcplan/00000007");
  EXPECT_EQ(LeaseKey({Writer().bytes}), "lease/" + kHex);
  EXPECT_EQ(PackPrefix(PackKind::kMeta, Writer()), "m/" + kHex + "/");
}

TEST(ObjectNames, ParseToWhatTheyWereMadeFrom) {
  const std::vector<std::string> keys = {ConfigKey(1),
                                         ConfigKey(UINT64_MAX),
                                         ConfigCopyKey(2),
                                         KeySlotKey(0),
                                         KeySlotKey(UINT32_MAX),
                                         SessionKey(Writer()),
                                         PinKey(Writer()),
                                         HeartbeatKey(Writer(), 10),
                                         ManifestKey(Writer()),
                                         ReferenceListKey(Writer()),
                                         DecisionKey(Writer()),
                                         ExpiryKey(Writer()),
                                         GcPlanKey(1),
                                         GcPlanKey(kMaxGcPlanNumber),
                                         LeaseKey({Writer().bytes}),
                                         PackName{Writer(), PackKind::kData, 0}.Key(),
                                         PackName{Writer(), PackKind::kMeta, 1}.Key()};
  for (const std::string& key : keys) {
    const Result<ObjectName> name = ObjectName::Parse(key);
    ASSERT_TRUE(name.ok()) << key;
    EXPECT_EQ(name->Key(), key);
    EXPECT_TRUE(storage::ValidateKey(key).ok()) << key;
    // No key is the beginning of another: one more character is another name or none.
    const Result<ObjectName> longer = ObjectName::Parse(key + "0");
    EXPECT_TRUE(!longer.ok() || !(*longer == *name)) << key;
  }
}

TEST(ObjectNames, HaveOneForm) {
  for (const std::string& key : std::vector<std::string>{"config.",
                                                         "config.0",
                                                         "config.01",
                                                         "config.+1",
                                                         "config.18446744073709551616",
                                                         "Config.1",
                                                         "cfgcopy/",
                                                         "key/ABCDEF00",
                                                         "key/abc",
                                                         "ses/",
                                                         "ses/" + kHex + "/",
                                                         "ses/" + kHex + ".1",
                                                         "pin/" + kHex + ".",
                                                         "pin/" + kHex + ".0",
                                                         "pin/" + kHex + ".01",
                                                         "pin/" + kHex + "1",
                                                         "dec/00112233445566778899AABBCCDDEEFF",
                                                         "gcplan/00000000",
                                                         "gcplan/1",
                                                         "lease/",
                                                         "",
                                                         "x",
                                                         "export/a/b",
                                                         "wal/1"}) {
    const Result<ObjectName> name = ObjectName::Parse(key);
    ASSERT_FALSE(name.ok()) << key;
    EXPECT_EQ(name.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(ObjectNames, DoNotPrintHostileKeysAsTheyAre) {
  const Error error = ObjectName::Parse("dec/\x1b[2J\n").error();
  EXPECT_EQ(error.message().find('\x1b'), std::string::npos);
  EXPECT_EQ(error.message().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::repository
