// What must hold for every class of control objects alike: one fixed encoding, and nothing accepted
// that was changed, cut, moved or written by somebody else.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/hex.h"
#include "base/wire.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlCase;
using testing::ControlFixture;
using testing::MendCrc;

constexpr uint64_t kSeed = 1;

ControlFixture& Own() {
  static ControlFixture fixture(kSeed);
  return fixture;
}

ControlFixture& Stranger() {
  static ControlFixture fixture(kSeed + 1);
  return fixture;
}

const std::vector<ControlCase>& Cases() {
  static const std::vector<ControlCase> cases = testing::AllControlCases(Own());
  return cases;
}

class ControlObjects : public ::testing::TestWithParam<size_t> {
 protected:
  const ControlCase& sample() const { return Cases()[GetParam()]; }
  bool is_signed() const {
    return sample().rule == SignerRule::kRequired || sample().rule == SignerRule::kSelf;
  }

  Result<Bytes> Recode(ByteSpan object) const {
    return sample().recode(object, Own().identity(), Own().signers);
  }

  // Refused with `code`, the object's key and advice.
  void ExpectRefused(const Result<Bytes>& result, ErrorCode code, std::string_view what) const {
    ASSERT_FALSE(result.ok()) << sample().name << ": " << what;
    const Error& error = result.error();
    EXPECT_EQ(error.code(), code) << what << ": " << error.Describe();
    EXPECT_NE(error.ToString().find(sample().key), std::string::npos) << error.ToString();
    EXPECT_FALSE(error.hint().empty()) << error.ToString();
  }

  // The sample's body with one more field at its sorted place.
  Bytes BodyWithField(uint16_t tag, ByteSpan value) const {
    const TlvReader fields = TlvReader::Parse(sample().body).value();
    TlvWriter writer;
    for (uint32_t known = 0; known <= 0xffff; ++known) {
      if (const auto field = fields.Find(static_cast<uint16_t>(known))) {
        writer.Add(static_cast<uint16_t>(known), *field);
      }
    }
    writer.Add(tag, value);
    return writer.Finish();
  }
};

std::string GoldenPath(const std::string& name) {
  return std::string(PGKEEP_GOLDEN_DIR) + "/format-v1/" + name + ".hex";
}

// 32 bytes a line, so that a difference can be seen.
std::string HexLines(ByteSpan bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 32) {
    text += HexEncode(bytes.subspan(i, std::min<size_t>(32, bytes.size() - i))) + "\n";
  }
  return text;
}

// Keeps the format fixed: what version 1 writes today it must read for ever. After a wanted change
// before the first release, run with PGKEEP_UPDATE_GOLDEN=1 and look at the difference.
TEST_P(ControlObjects, AreTheBytesOfTheGoldenFile) {
  const std::string text = HexLines(sample().Object());
  if (std::getenv("PGKEEP_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GoldenPath(sample().name)) << text;
  }
  std::ifstream file(GoldenPath(sample().name));
  const std::string golden((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  EXPECT_EQ(text, golden) << GoldenPath(sample().name);
}

TEST_P(ControlObjects, DecodeToWhatWasEncoded) {
  const Bytes object = sample().Object();
  const Result<Bytes> body = Recode(object);
  ASSERT_TRUE(body.ok()) << body.error().Describe();
  EXPECT_EQ(*body, sample().body);
  EXPECT_EQ(sample().wrap(*body, nullptr), object);
  EXPECT_LE(object.size(), MaxObjectBytes(sample().object_class));
}

TEST_P(ControlObjects, RefuseEveryFlippedBit) {
  const Bytes object = sample().Object();
  for (size_t bit = 0; bit < object.size() * 8; ++bit) {
    Bytes changed = object;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    ExpectRefused(Recode(changed), ErrorCode::kCorruption, "bit " + std::to_string(bit));
  }
}

// As RefuseEveryFlippedBit, by somebody who can compute a CRC. Signed objects are refused whatever
// the bit; unsigned ones may be changed by anybody, but then only into another valid encoding.
TEST_P(ControlObjects, RefuseEveryFlippedBitUnderAMendedCrc) {
  const Bytes object = sample().Object();
  for (size_t bit = 0; bit < (object.size() - 4) * 8; ++bit) {
    Bytes changed = object;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    MendCrc(changed);
    const Result<Bytes> result = Recode(changed);
    if (is_signed()) {
      ASSERT_FALSE(result.ok()) << sample().name << " bit " << bit;
    }
    if (result.ok()) {
      const size_t in_body = bit / 8 - kEnvelopeHeaderBytes;
      const bool subject = bit / 8 >= 32 && bit / 8 < kEnvelopeHeaderBytes;
      if (subject) {
        EXPECT_FALSE(sample().subject_checked) << sample().name << " bit " << bit;
      } else {
        ASSERT_LT(in_body, result->size()) << sample().name << " bit " << bit;
        EXPECT_EQ(*result,
                  ToBytes(ByteSpan(changed).subspan(kEnvelopeHeaderBytes, result->size())));
      }
      continue;
    }
    const ErrorCode code = result.error().code();
    EXPECT_TRUE(code == ErrorCode::kCorruption || code == ErrorCode::kUnsupportedVersion ||
                code == ErrorCode::kWrongKey || code == ErrorCode::kLimitExceeded ||
                code == ErrorCode::kInvalidArgument || code == ErrorCode::kUnsupported)
        << sample().name << " bit " << bit << ": " << result.error().Describe();
  }
}

TEST_P(ControlObjects, RefuseEveryTruncation) {
  const Bytes object = sample().Object();
  for (size_t size = 0; size < object.size(); ++size) {
    const Bytes cut(object.begin(), object.begin() + static_cast<ptrdiff_t>(size));
    ExpectRefused(Recode(cut), ErrorCode::kCorruption, "cut to " + std::to_string(size));
    if (size < 4) continue;
    Bytes mended = cut;
    MendCrc(mended);
    EXPECT_FALSE(Recode(mended).ok()) << sample().name << " cut to " << size;
  }
}

TEST_P(ControlObjects, RefuseWhatFollowsTheCrc) {
  Bytes object = sample().Object();
  object.push_back(0);
  ExpectRefused(Recode(object), ErrorCode::kCorruption, "one more byte");
  MendCrc(object);
  ExpectRefused(Recode(object), ErrorCode::kCorruption, "one more byte and a mended CRC");
}

TEST_P(ControlObjects, RefuseMoreBytesThanTheClassAllows) {
  // Of the largest class this would be a quarter of a gigabyte.
  if (sample().object_class == ObjectClass::kReferenceList) return;
  Bytes object = sample().Object();
  object.resize(MaxObjectBytes(sample().object_class) + 1);
  ExpectRefused(Recode(object), ErrorCode::kCorruption, "too large");
}

TEST_P(ControlObjects, RefuseAnotherRepository) {
  const Bytes object = sample().Object();
  const Result<Bytes> result =
      sample().recode(object, {Stranger().repository, Own().writer}, Own().signers);
  const bool config = sample().object_class == ObjectClass::kConfig;
  ExpectRefused(result, config ? ErrorCode::kWrongKey : ErrorCode::kCorruption, "moved");
}

TEST_P(ControlObjects, RefuseAnotherName) {
  if (!sample().subject_checked) return;
  const Result<Bytes> result =
      sample().recode(sample().Object(), {Own().repository, Stranger().writer}, Own().signers);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCorruption) << result.error().Describe();
}

TEST_P(ControlObjects, RefuseEveryOtherClass) {
  for (const ControlCase& other : Cases()) {
    if (other.name == sample().name) continue;
    const Result<Bytes> result = Recode(other.Object());
    if (other.object_class != sample().object_class) {
      ExpectRefused(result, ErrorCode::kCorruption, other.name);
    } else if (result.ok()) {
      // COMMIT and ABORT are of one class.
      EXPECT_EQ(sample().object_class, ObjectClass::kDecision) << other.name;
    }
  }
}

TEST_P(ControlObjects, AskForAnUpgradeWhenTheFormatIsNewer) {
  const Bytes object = sample().Object();
  const auto with = [&object](size_t offset, uint8_t value) {
    Bytes changed = object;
    changed[offset] = value;
    MendCrc(changed);
    return changed;
  };
  const Result<Bytes> major = Recode(with(7, '2'));
  ExpectRefused(major, ErrorCode::kUnsupportedVersion, "major version");
  EXPECT_NE(major.error().message().find("newer pgkeep: format 2, this one reads up to 1"),
            std::string::npos)
      << major.error().message();
  EXPECT_NE(major.error().hint().find("upgrade pgkeep"), std::string::npos);
  ExpectRefused(Recode(with(8, 1)), ErrorCode::kUnsupportedVersion, "minor version");
  ExpectRefused(Recode(with(10, 1)), ErrorCode::kUnsupportedVersion, "flag");
  ExpectRefused(Recode(with(7, 'x')), ErrorCode::kCorruption, "no version");
}

TEST_P(ControlObjects, KeepAnUnknownOptionalField) {
  const Bytes body = BodyWithField(0x7abc, AsBytes("of a newer pgkeep"));
  const Result<Bytes> result = Recode(sample().wrap(body, nullptr));
  ASSERT_TRUE(result.ok()) << result.error().Describe();
  EXPECT_EQ(*result, body);
}

TEST_P(ControlObjects, RefuseAnUnknownMandatoryField) {
  const Bytes body = BodyWithField(0xfabc, AsBytes("x"));
  ExpectRefused(Recode(sample().wrap(body, nullptr)), ErrorCode::kUnsupportedVersion,
                "mandatory field");
}

TEST_P(ControlObjects, RefuseRepeatedAndUnsortedFields) {
  const size_t size = sample().body.size();
  Bytes repeated = sample().body;
  Append(repeated, sample().body);
  ExpectRefused(Recode(sample().wrap(repeated, nullptr)), ErrorCode::kCorruption, "repeated");
  Bytes unsorted = sample().body;
  ByteWriter writer(unsorted);
  writer.U16(0);
  writer.VarBytes({});
  ExpectRefused(Recode(sample().wrap(unsorted, nullptr)), ErrorCode::kCorruption, "unsorted");
  EXPECT_EQ(sample().body.size(), size);
}

TEST_P(ControlObjects, RefuseALengthInALongerForm) {
  // A field with the highest optional tag whose length 0 takes two bytes.
  for (const bool canonical : {true, false}) {
    TlvWriter fields;
    fields.Add(0x7fff, {});
    Bytes field = fields.Finish();
    if (!canonical) {
      field.back() = 0x80;
      field.push_back(0x00);
    }
    // It must come before the mandatory fields: tags ascend.
    const Bytes& body = sample().body;
    size_t at = 0;
    ByteReader reader(body);
    while (reader.remaining() > 0 && reader.U16().value() < kTlvMandatoryBit) {
      ASSERT_TRUE(reader.VarBytes(body.size(), "field").ok());
      at = reader.position();
    }
    Bytes changed(body.begin(), body.begin() + static_cast<ptrdiff_t>(at));
    Append(changed, field);
    Append(changed, ByteSpan(body).subspan(at));
    const Result<Bytes> result = Recode(sample().wrap(changed, nullptr));
    if (canonical) {
      EXPECT_TRUE(result.ok()) << result.error().Describe();
    } else {
      ExpectRefused(result, ErrorCode::kCorruption, "longer form");
    }
  }
}

TEST_P(ControlObjects, RefuseAHostileBodyLength) {
  for (const uint32_t length : {0U, 1U, 0x7fffffffU, 0xfffffff0U, 0xffffffffU}) {
    Bytes object = sample().Object();
    for (size_t i = 0; i < 4; ++i) object[12 + i] = static_cast<uint8_t>(length >> (8 * i));
    MendCrc(object);
    EXPECT_FALSE(Recode(object).ok()) << sample().name << " " << length;
  }
}

TEST_P(ControlObjects, RefuseASignerThatTheConfigurationDoesNotList) {
  const auto& stranger = Stranger().keys->host_signing_key();
  const Result<Bytes> result = Recode(sample().wrap(sample().body, &stranger));
  const bool config = sample().object_class == ObjectClass::kConfig;
  ExpectRefused(result, config ? ErrorCode::kWrongKey : ErrorCode::kCorruption, "stranger");
  // A signature is checked even where none is needed.
  EXPECT_EQ(sample().recode(sample().Object(), Own().identity(), SignerSet()).ok(),
            sample().rule != SignerRule::kRequired);
}

TEST_P(ControlObjects, AcceptARetiredSigner) {
  if (sample().rule == SignerRule::kUnsigned || sample().rule == SignerRule::kSelf) return;
  const auto& key = Own().keys->host_signing_key();
  const SignerSet retired(std::vector<Signer>{{key.public_key(), SignerState::kRetired}});
  const Bytes object = sample().wrap(sample().body, &key);
  EXPECT_TRUE(sample().recode(object, Own().identity(), retired).ok());
  EXPECT_EQ(retired.RequireActive(key.public_key()).error().code(), ErrorCode::kRefused);
}

TEST_P(ControlObjects, RefuseAMissingSignature) {
  const bool config = sample().object_class == ObjectClass::kConfig;
  const Bytes object =
      SealEnvelope(sample().object_class, {Own().repository, config ? WriterId{} : Own().writer},
                   sample().body, nullptr);
  if (!is_signed()) return;
  const Result<Bytes> result = Recode(object);
  ExpectRefused(result, ErrorCode::kCorruption, "unsigned");
  EXPECT_NE(result.error().ToString().find("not signed"), std::string::npos)
      << result.error().ToString();
}

// A signature belongs to all bytes before it: it does not fit another object of the same class.
TEST_P(ControlObjects, RefuseASignatureOfAnotherObject) {
  if (!is_signed()) return;
  Bytes object = sample().Object();
  const Bytes body = BodyWithField(0x7abc, AsBytes("y"));
  const Bytes other = sample().wrap(body, nullptr);
  std::copy(other.end() - 68, other.end() - 4, object.end() - 68);
  MendCrc(object);
  ExpectRefused(Recode(object), ErrorCode::kCorruption, "signature of another object");
}

INSTANTIATE_TEST_SUITE_P(Classes, ControlObjects, ::testing::Range(size_t{0}, Cases().size()),
                         [](const auto& test) { return Cases()[test.param].name; });

}  // namespace
}  // namespace pgkeep::repository
