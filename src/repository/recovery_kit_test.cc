#include "repository/recovery_kit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/hex.h"
#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;

RecoveryKitFacts Facts() {
  return {.address = {.url = "s3://backups/db1",
                      .s3_endpoint = "https://s3.example",
                      .s3_region = "eu-1"},
          .pgkeep_version = "0.1.0",
          .created = testing::kSampleTime,
          .kit_name = "pgkeep-recovery-kit.txt"};
}

std::string Text(const Result<SecretBytes>& kit) {
  return std::string(AsText(kit.value().Expose()));
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(RecoveryKit, IsAKeyFileWithAnAddress) {
  const ControlFixture fixture(1);
  const auto kit = FormatRecoveryKit(fixture.bundle, fixture.repository, Facts());
  ASSERT_TRUE(kit.ok()) << kit.error().Describe();
  const auto file = ParseKeyFile(kit->Expose());
  ASSERT_TRUE(file.ok()) << file.error().Describe();
  EXPECT_EQ(file->address, Facts().address);
  EXPECT_EQ(file->repository, fixture.repository);
  EXPECT_EQ(file->key_id, fixture.keys->key_id());
  EXPECT_EQ(file->format, kFormatMajor);
  EXPECT_EQ(file->pgkeep_version, "0.1.0");
  const KeyBundle bundle = UnlockKeyFile(*file, nullptr).value();
  EXPECT_EQ(HexEncode(bundle.Encode().Expose()), HexEncode(fixture.bundle.Encode().Expose()));
}

// Whoever needs the kit has nothing else: the commands must be complete.
TEST(RecoveryKit, HoldsTheExactCommands) {
  const ControlFixture fixture(1);
  const std::string text = Text(FormatRecoveryKit(fixture.bundle, fixture.repository, Facts()));
  const std::string options =
      "--repository s3://backups/db1 --key-file pgkeep-recovery-kit.txt "
      "--s3-endpoint https://s3.example --s3-region eu-1";
  EXPECT_TRUE(Contains(text, "#   pgkeep list " + options + "\n")) << text;
  EXPECT_TRUE(Contains(text, "#   pgkeep restore latest " + options + " --source-database NAME"));
  // Every command in it works in this version.
  EXPECT_FALSE(Contains(text, "--directory"));

  RecoveryKitFacts local = Facts();
  local.address = {.url = "/srv/my backups/it's", .s3_endpoint = "", .s3_region = ""};
  const std::string quoted = Text(FormatRecoveryKit(fixture.bundle, fixture.repository, local));
  EXPECT_TRUE(Contains(quoted,
                       "pgkeep list --repository '/srv/my backups/it'\\''s' --key-file "
                       "pgkeep-recovery-kit.txt\n"))
      << quoted;
  EXPECT_FALSE(Contains(quoted, "s3-"));
}

TEST(RecoveryKit, NeverHoldsAPassword) {
  const ControlFixture fixture(1);
  for (const char* url : {"s3://access:secret@bucket/x", "https://user@host/x"}) {
    RecoveryKitFacts facts = Facts();
    facts.address.url = url;
    const Error error = FormatRecoveryKit(fixture.bundle, fixture.repository, facts).error();
    EXPECT_EQ(error.code(), ErrorCode::kRefused) << url;
    EXPECT_FALSE(Contains(error.Describe(), "secret"));
    facts = Facts();
    facts.address.s3_endpoint = url;
    EXPECT_FALSE(FormatRecoveryKit(fixture.bundle, fixture.repository, facts).ok());
  }
  RecoveryKitFacts path = Facts();
  path.address.url = "file:///srv/mail@example/backups";
  EXPECT_TRUE(FormatRecoveryKit(fixture.bundle, fixture.repository, path).ok());
}

TEST(RecoveryKit, IsOfTheFullKeyOnly) {
  const ControlFixture fixture(1);
  const Error error = FormatRecoveryKit(fixture.bundle.ToHostBundle(fixture.repository),
                                        fixture.repository, Facts())
                          .error();
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_FALSE(error.hint().empty());
}

TEST(RecoveryKit, RefusesValuesThatWouldBreakItsLines) {
  const ControlFixture fixture(1);
  const auto code = [&fixture](const RecoveryKitFacts& facts) {
    const auto kit = FormatRecoveryKit(fixture.bundle, fixture.repository, facts);
    return kit.ok() ? ErrorCode::kInternal : kit.error().code();
  };
  RecoveryKitFacts facts = Facts();
  facts.address.url = "/srv/x\nkey: forged";
  EXPECT_EQ(code(facts), ErrorCode::kInvalidArgument);
  facts = Facts();
  facts.kit_name = "";
  EXPECT_EQ(code(facts), ErrorCode::kInvalidArgument);
  facts = Facts();
  facts.address.url = "";
  EXPECT_EQ(code(facts), ErrorCode::kInvalidArgument);
  facts = Facts();
  facts.address.url = "/" + std::string(kMaxTextBytes, '\'');
  EXPECT_EQ(code(facts), ErrorCode::kInvalidArgument);
}

TEST(RecoveryKit, CanBeLocked) {
  ControlFixture fixture(1);
  const SecretBytes passphrase(AsBytes("correct horse battery staple"));
  const WrappedBundle wrapped =
      WrapBundle(fixture.bundle, fixture.repository, passphrase,
                 {.memory_bytes = crypto::kArgon2MemoryBytesMin, .passes = 1, .lanes = 1},
                 fixture.random)
          .value();
  const auto kit =
      FormatLockedRecoveryKit(wrapped, fixture.keys->key_id(), fixture.repository, Facts());
  const std::string text = Text(kit);
  EXPECT_TRUE(Contains(text, "--passphrase-file PASSPHRASE-FILE")) << text;
  EXPECT_FALSE(Contains(text, "\nkey:"));
  const auto file = ParseKeyFile(kit->Expose());
  ASSERT_TRUE(file.ok()) << file.error().Describe();
  EXPECT_TRUE(file->locked());
  EXPECT_EQ(UnlockKeyFile(*file, nullptr).error().code(), ErrorCode::kRefused);
  const auto bundle = UnlockKeyFile(*file, &passphrase);
  ASSERT_TRUE(bundle.ok()) << bundle.error().Describe();
  EXPECT_EQ(HexEncode(bundle->Encode().Expose()), HexEncode(fixture.bundle.Encode().Expose()));
}

}  // namespace
}  // namespace pgkeep::repository
