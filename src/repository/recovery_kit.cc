#include "repository/recovery_kit.h"

#include <initializer_list>

#include "base/shell_word.h"
#include "repository/clean_text.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

// True if the URL carries a user name or password: anything before an '@' in its authority.
bool HasUserInfo(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority = url.substr(scheme + 3);
  return authority.substr(0, authority.find_first_of("/?#")).find('@') != std::string_view::npos;
}

// The options with which a command on an empty machine finds the repository.
std::string AddressOptions(const RecoveryKitFacts& facts) {
  std::string options =
      "--repository " + ShellWord(facts.address.url) + " --key-file " + ShellWord(facts.kit_name);
  if (!facts.address.s3_endpoint.empty()) {
    options += " --s3-endpoint " + ShellWord(facts.address.s3_endpoint);
  }
  if (!facts.address.s3_region.empty()) {
    options += " --s3-region " + ShellWord(facts.address.s3_region);
  }
  return options;
}

Status CheckFacts(const RecoveryKitFacts& facts) {
  const RepositoryAddress& address = facts.address;
  if (address.url.empty() || facts.kit_name.empty()) {
    return Err(ErrorCode::kInvalidArgument, "a recovery kit needs a repository URL and a name");
  }
  for (const std::string& text : {address.url, address.s3_endpoint, address.s3_region,
                                  facts.pgkeep_version, facts.kit_name}) {
    if (!IsCleanText(text)) {
      return Err(ErrorCode::kInvalidArgument, "a value for the recovery kit is not plain text");
    }
  }
  // A command is one line.
  if (AddressOptions(facts).size() > kMaxTextBytes / 2 || facts.pgkeep_version.size() > 64) {
    return Err(ErrorCode::kInvalidArgument, "the values for the recovery kit are too long");
  }
  for (const std::string& url : {address.url, address.s3_endpoint}) {
    if (HasUserInfo(url)) {
      return Err(ErrorCode::kRefused, "a recovery kit never holds passwords, and a URL has one")
          .WithHint("give the credentials in the environment or the configuration instead");
    }
  }
  return Ok();
}

void WriteIntroduction(KeyTextWriter& text, const RecoveryKitFacts& facts, bool locked) {
  text.Comment("pgkeep recovery kit. Created " + FormatUtc(facts.created) + ".");
  text.Comment("");
  text.Comment("With this file, the repository and a machine that has pgkeep, every backup can be");
  text.Comment(
      "listed and restored, even if everything else is lost. Print it or store it where a");
  text.Comment(locked
                   ? "fire or a thief does not find the database too. The passphrase is not in it."
                   : "fire or a thief does not find the database too. Whoever has it can read all");
  if (!locked) text.Comment("backups.");
  text.Comment("It holds no passwords of the storage or of databases: those you need besides.");
  text.Blank();
}

void WriteAddress(KeyTextWriter& text, const RecoveryKitFacts& facts) {
  text.Field("repository", facts.address.url);
  if (!facts.address.s3_endpoint.empty()) text.Field("s3-endpoint", facts.address.s3_endpoint);
  if (!facts.address.s3_region.empty()) text.Field("s3-region", facts.address.s3_region);
  text.Field("format", fmt::format("{}", kFormatMajor));
  if (!facts.pgkeep_version.empty()) text.Field("pgkeep-version", facts.pgkeep_version);
}

void WriteCommands(KeyTextWriter& text, const RecoveryKitFacts& facts, bool locked) {
  const std::string options =
      AddressOptions(facts) + (locked ? " --passphrase-file PASSPHRASE-FILE" : "");
  text.Blank();
  text.Comment("To see what is there:");
  text.Comment("  pgkeep list " + options);
  text.Comment("To restore the newest backup of the database NAME into a new database NEW (say");
  text.Comment("where the server is as for psql: 'host=... user=... dbname=NEW'):");
  text.Comment("  pgkeep restore latest " + options +
               " --source-database NAME --database 'dbname=NEW' --create");
}

}  // namespace

Result<SecretBytes> FormatRecoveryKit(const KeyBundle& bundle, const RepositoryId& repository,
                                      const RecoveryKitFacts& facts) {
  PGK_TRY(CheckFacts(facts));
  if (bundle.kind() != KeyKind::kFull) {
    return Err(ErrorCode::kRefused, "a recovery kit needs the full key; a host key cannot restore")
        .WithHint("make the kit where the full key (pgkeep.key) is kept");
  }
  KeyTextWriter text;
  WriteIntroduction(text, facts, false);
  WriteKeyFields(text, bundle, repository);
  WriteAddress(text, facts);
  WriteCommands(text, facts, false);
  return text.Finish();
}

Result<SecretBytes> FormatLockedRecoveryKit(const WrappedBundle& wrapped, std::string_view key_id,
                                            const RepositoryId& repository,
                                            const RecoveryKitFacts& facts) {
  PGK_TRY(CheckFacts(facts));
  KeyTextWriter text;
  WriteIntroduction(text, facts, true);
  WriteLockedKeyFields(text, wrapped, KeyKind::kFull, key_id, repository);
  WriteAddress(text, facts);
  WriteCommands(text, facts, true);
  return text.Finish();
}

}  // namespace pgkeep::repository
