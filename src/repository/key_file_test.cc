#include "repository/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/file_util.h"
#include "base/hex.h"
#include "repository/limits.h"
#include "testing/control_samples.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::TemporaryDirectory;

std::string Text(const SecretBytes& secret) { return std::string(AsText(secret.Expose())); }

std::string FullKeyText(const ControlFixture& fixture) {
  return Text(FormatKeyFile(fixture.bundle, fixture.repository));
}

Result<KeyFile> Parse(const std::string& text) { return ParseKeyFile(AsBytes(text)); }

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string Hex(const KeyBundle& bundle) { return HexEncode(bundle.Encode().Expose()); }

TEST(KeyFile, IsReadBack) {
  const ControlFixture fixture(1);
  const KeyBundle host = fixture.bundle.ToHostBundle(fixture.repository);
  for (const KeyBundle* bundle : {&fixture.bundle, &host}) {
    const auto file = ParseKeyFile(FormatKeyFile(*bundle, fixture.repository).Expose());
    ASSERT_TRUE(file.ok()) << file.error().Describe();
    EXPECT_EQ(file->kind, bundle->kind());
    EXPECT_EQ(file->repository, fixture.repository);
    EXPECT_EQ(file->key_id, ComputeKeyId(*bundle, fixture.repository));
    EXPECT_FALSE(file->locked());
    EXPECT_EQ(Hex(UnlockKeyFile(*file, nullptr).value()), Hex(*bundle));
  }
}

// What version 1 wrote must be readable for ever, comments and line breaks included.
TEST(KeyFile, IsTheTextOfTheGoldenFile) {
  const ControlFixture fixture(1);
  const std::string path = std::string(PGKEEP_GOLDEN_DIR) + "/format-v1/key_file.txt";
  if (std::getenv("PGKEEP_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << FullKeyText(fixture);
  std::ifstream file(path);
  const std::string golden((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  EXPECT_EQ(FullKeyText(fixture), golden);
}

TEST(KeyFile, SurvivesEditorsAndMail) {
  const ControlFixture fixture(1);
  const std::string text = FullKeyText(fixture);
  std::string windows = "\xef\xbb\xbf";
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  std::string lower = text;
  for (size_t i = text.find("\nkey:"); i < lower.size(); ++i) {
    lower[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[i])));
  }
  for (const std::string& changed :
       {windows, lower, text + "\n\n# a note\nowner: Ada\n", text.substr(0, text.size() - 1),
        Replaced(text, "\nkind: full", "\nkind:   full  ")}) {
    const auto file = Parse(changed);
    ASSERT_TRUE(file.ok()) << file.error().Describe() << "\n" << changed;
    EXPECT_EQ(file->key_id, fixture.keys->key_id());
  }
}

// One wrong character in the key, as from typing it off paper.
TEST(KeyFile, EveryMistypedCharacterOfTheKeyIsFound) {
  const ControlFixture fixture(1);
  const std::string text = FullKeyText(fixture);
  size_t tried = 0;
  for (size_t i = text.find("\nkey:") + 5; i < text.size(); ++i) {
    if (std::isalnum(static_cast<unsigned char>(text[i])) == 0) continue;
    for (const char other : {'A', '7', '1'}) {
      if (text[i] == other) continue;
      std::string changed = text;
      changed[i] = other;
      const auto file = Parse(changed);
      ASSERT_FALSE(file.ok()) << i;
      EXPECT_EQ(file.error().code(), ErrorCode::kCorruption) << file.error().Describe();
      EXPECT_FALSE(file.error().hint().empty());
      ++tried;
    }
  }
  EXPECT_GT(tried, 300U);
}

TEST(KeyFile, PutTogetherFromTwoIsRefused) {
  const ControlFixture fixture(1);
  const ControlFixture other(2);
  const std::string text = FullKeyText(fixture);
  for (const std::string& changed :
       {Replaced(text, fixture.repository.Hex(), other.repository.Hex()),
        Replaced(text, fixture.keys->key_id(), other.keys->key_id()),
        Replaced(text, "kind: full", "kind: host")}) {
    EXPECT_EQ(Parse(changed).error().code(), ErrorCode::kCorruption);
  }
}

TEST(KeyFile, RefusesWhatIsNoKeyFile) {
  const ControlFixture fixture(1);
  const std::string text = FullKeyText(fixture);
  for (const std::string& changed : std::vector<std::string>{
           "", "# only a comment\n", "hello\n", "pgkeep-key 1\n", "pgkeep-key: one\n",
           "pgkeep-key: 0\n", "pgkeep-key: 1\n", " continues: nothing\n", text + "kind: full\n",
           text + "Bad Name: x\n", text + ": x\n", text + "a\x01: x\n", text + "\xff: x\n",
           Replaced(text, "\nkind: full", ""), Replaced(text, "\nkey-id: ", "\nkey-id: x"),
           Replaced(text, "kind: full", "kind: half"),
           Replaced(text, "\nrepository-id: ", "\nrepository-id: 0"), text + "wrapped-key: AAAA\n",
           "x: y\n" + text}) {
    const auto file = Parse(changed);
    ASSERT_FALSE(file.ok()) << changed;
    EXPECT_EQ(file.error().code(), ErrorCode::kInvalidArgument) << file.error().Describe();
  }
  EXPECT_EQ(Parse(std::string(kMaxKeyFileBytes + 1, '#')).error().code(),
            ErrorCode::kLimitExceeded);
}

TEST(KeyFile, OfANewerProgramAsksForAnUpgrade) {
  const ControlFixture fixture(1);
  const std::string text = FullKeyText(fixture);
  for (const std::string& changed : {Replaced(text, "pgkeep-key: 1", "pgkeep-key: 2"),
                                     text + "!hardware-token: 7\n", text + "format: 2\n"}) {
    const Error error = Parse(changed).error();
    EXPECT_EQ(error.code(), ErrorCode::kUnsupportedVersion) << error.Describe();
    EXPECT_EQ(error.hint(), "upgrade pgkeep on this machine");
  }
}

// Errors go to logs and tickets.
TEST(KeyFile, ErrorsNeverShowTheKey) {
  const ControlFixture fixture(1);
  const std::string text = FullKeyText(fixture);
  const size_t at = text.find("\nkey:\n ") + 7;
  const std::string digits = text.substr(at, 9);
  for (const std::string& changed :
       {Replaced(text, digits, "0000-0000"), Replaced(text, "\nkey:\n ", "\nkey\n "),
        Replaced(text, "\nkey:\n ", "\n"), Replaced(text, digits, digits + "\x01")}) {
    const Error error = Parse(changed).error();
    EXPECT_EQ(error.Describe().find(text.substr(at + 20, 9)), std::string::npos)
        << error.Describe();
    EXPECT_EQ(error.Describe().find(digits), std::string::npos) << error.Describe();
  }
}

TEST(KeyFile, LockedOneChecksItsParametersAndContent) {
  ControlFixture fixture(1);
  const KeyBundle host = fixture.bundle.ToHostBundle(fixture.repository);
  const SecretBytes passphrase(AsBytes("correct horse battery staple"));
  const WrappedBundle wrapped =
      WrapBundle(host, fixture.repository, passphrase,
                 {.memory_bytes = crypto::kArgon2MemoryBytesMin, .passes = 1, .lanes = 1},
                 fixture.random)
          .value();
  const std::string key_id = ComputeKeyId(host, fixture.repository);
  const std::string text =
      Text(FormatLockedKeyFile(wrapped, KeyKind::kHost, key_id, fixture.repository));
  EXPECT_EQ(Hex(UnlockKeyFile(Parse(text).value(), &passphrase).value()), Hex(host));

  // Says "full" in the readable part, holds a host key: found when it is opened.
  const std::string claims =
      Text(FormatLockedKeyFile(wrapped, KeyKind::kFull, key_id, fixture.repository));
  EXPECT_EQ(UnlockKeyFile(Parse(claims).value(), &passphrase).error().code(),
            ErrorCode::kCorruption);

  const std::string memory = "argon2-memory: 67108864";
  EXPECT_EQ(Parse(Replaced(text, memory, "argon2-memory: 1024")).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(Parse(Replaced(text, memory, "argon2-memory: 18446744073709550592")).error().code(),
            ErrorCode::kLimitExceeded);
  EXPECT_EQ(Parse(Replaced(text, memory, "argon2-memory: 64M")).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(Parse(Replaced(text, "salt: ", "salt: 00")).error().code(),
            ErrorCode::kInvalidArgument);
}

class KeyFileOnDisk : public ::testing::Test {
 protected:
  Status Save(const KeyBundle& bundle, KeyFileExists exists = KeyFileExists::kRefuse) {
    return SaveKeyFile(files_, path_, FormatKeyFile(bundle, fixture_.repository), exists);
  }

  // Writes the text with another mode than SaveKeyFile would.
  void WriteWithMode(std::string_view text, uint32_t mode) {
    ASSERT_TRUE(WriteFileDurably(files_, path_, AsBytes(text), mode, true).ok());
  }

  ControlFixture fixture_{1};
  FileSystem& files_ = PosixFileSystem();
  TemporaryDirectory directory_;
  std::string path_ = directory_.Join("pgkeep.key");
};

TEST_F(KeyFileOnDisk, IsPrivateAndReadBack) {
  ASSERT_TRUE(Save(fixture_.bundle).ok());
  EXPECT_EQ(files_.Stat(path_)->mode, 0600U);
  const auto file = LoadKeyFile(files_, path_);
  ASSERT_TRUE(file.ok()) << file.error().Describe();
  EXPECT_EQ(file->key_id, fixture_.keys->key_id());
}

TEST_F(KeyFileOnDisk, IsNotOverwrittenUnlessAsked) {
  ASSERT_TRUE(Save(fixture_.bundle).ok());
  const KeyBundle rotated = fixture_.bundle.Rotated(fixture_.random, true);
  const Status refused = Save(rotated);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_FALSE(refused.error().hint().empty());
  EXPECT_EQ(LoadKeyFile(files_, path_)->key_id, fixture_.keys->key_id());
  ASSERT_TRUE(Save(rotated, KeyFileExists::kReplace).ok());
  EXPECT_EQ(LoadKeyFile(files_, path_)->key_id, ComputeKeyId(rotated, fixture_.repository));
}

// Rotation: at every moment there is a whole key file, the old or the new one.
TEST_F(KeyFileOnDisk, IsNeverBrokenByAFailingDisk) {
  ASSERT_TRUE(Save(fixture_.bundle).ok());
  const KeyBundle rotated = fixture_.bundle.Rotated(fixture_.random, true);
  const SecretBytes text = FormatKeyFile(rotated, fixture_.repository);
  const std::string old_id = fixture_.keys->key_id();
  const std::string new_id = ComputeKeyId(rotated, fixture_.repository);
  size_t failed = 0;
  for (uint64_t nth = 1;; ++nth) {
    ASSERT_TRUE(Save(fixture_.bundle, KeyFileExists::kReplace).ok());
    testing::FaultyFileSystem faulty(files_);
    faulty.AddFault({.action = testing::FileFaultAction::kFailBefore, .nth = nth});
    const Status saved = SaveKeyFile(faulty, path_, text, KeyFileExists::kReplace);
    const auto file = LoadKeyFile(files_, path_);
    ASSERT_TRUE(file.ok()) << nth << ": " << file.error().Describe();
    EXPECT_TRUE(file->key_id == old_id || file->key_id == new_id) << nth;
    if (saved.ok()) {
      EXPECT_EQ(file->key_id, new_id) << nth;
    }
    if (faulty.fired() == 0) break;
    failed += saved.ok() ? 0U : 1U;
  }
  EXPECT_GE(failed, 4U);  // create, write, sync and rename at least
}

// Who uses the key must be able to use it after a rotation by somebody else.
TEST_F(KeyFileOnDisk, ReplacingKeepsModeAndLink) {
  ASSERT_TRUE(Save(fixture_.bundle).ok());
  WriteWithMode(FullKeyText(fixture_), 0640);
  const std::string link = directory_.Join("link.key");
  ASSERT_EQ(::symlink("pgkeep.key", link.c_str()), 0);
  const KeyBundle rotated = fixture_.bundle.Rotated(fixture_.random, true);
  ASSERT_TRUE(SaveKeyFile(files_, link, FormatKeyFile(rotated, fixture_.repository),
                          KeyFileExists::kReplace)
                  .ok());
  EXPECT_EQ(files_.StatNoFollow(link)->type, FileInfo::Type::kOther);
  EXPECT_EQ(files_.Stat(path_)->mode, 0640U);
  EXPECT_EQ(LoadKeyFile(files_, path_)->key_id, ComputeKeyId(rotated, fixture_.repository));
}

TEST_F(KeyFileOnDisk, PipeIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(LoadKeyFile(files_, path_).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(KeyFileOnDisk, OthersMayNotReadIt) {
  const std::string text = FullKeyText(fixture_);
  for (const uint32_t mode : {0644U, 0604U, 0660U, 0602U, 0601U, 0777U}) {
    WriteWithMode(text, mode);
    const Error error = LoadKeyFile(files_, path_).error();
    EXPECT_EQ(error.code(), ErrorCode::kRefused) << mode;
    EXPECT_NE(error.hint().find("chmod 600 " + path_), std::string::npos) << error.hint();
  }
  // A key that root owns and a service account's group reads.
  for (const uint32_t mode : {0600U, 0400U, 0640U, 0440U}) {
    WriteWithMode(text, mode);
    EXPECT_TRUE(LoadKeyFile(files_, path_).ok()) << mode;
  }
}

TEST_F(KeyFileOnDisk, LockedOneMayBePublic) {
  WrappedBundle wrapped;
  wrapped.wrapped = Bytes(100, 1);
  const SecretBytes text =
      FormatLockedKeyFile(wrapped, KeyKind::kFull, fixture_.keys->key_id(), fixture_.repository);
  WriteWithMode(AsText(text.Expose()), 0644);
  const auto file = LoadKeyFile(files_, path_);
  ASSERT_TRUE(file.ok()) << file.error().Describe();
  EXPECT_TRUE(file->locked());
}

TEST_F(KeyFileOnDisk, ErrorsNameTheFile) {
  const Error missing = LoadKeyFile(files_, path_).error();
  EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
  EXPECT_NE(missing.ToString().find(path_), std::string::npos);
  WriteWithMode(std::string(kMaxKeyFileBytes + 1, '#'), 0600);
  EXPECT_EQ(LoadKeyFile(files_, path_).error().code(), ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace pgkeep::repository
