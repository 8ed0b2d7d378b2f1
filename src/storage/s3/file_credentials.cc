// The shared credentials file of AWS's tools ("Configuration and credential file settings" in the
// reference of its SDKs): sections of "name = value", comments after '#' or ';'.
#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file_util.h"
#include "base/shell_word.h"
#include "storage/s3/credential_chain.h"

namespace pgkeep::storage {
namespace {

constexpr uint64_t kFileMax = uint64_t{1} << 20;
constexpr uint32_t kForbiddenModes = 0077;
constexpr size_t kNameMax = 64;
constexpr std::array<std::string_view, 5> kOtherWays = {
    "credential_process", "role_arn", "sso_session", "sso_start_url", "credential_source"};

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Tools take names in any case.
std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "default" of "[default]"; tools also write "[profile name]".
std::string_view SectionName(std::string_view line) {
  std::string_view name = Trim(line.substr(1, line.find(']') - 1));
  constexpr std::string_view kProfile = "profile ";
  if (name.starts_with(kProfile)) name = Trim(name.substr(kProfile.size()));
  return name;
}

// What a section says; the text itself is wiped by its owner.
struct Section {
  bool found = false;
  std::string_view access_key;
  std::string_view secret_key;
  std::string_view session_token;
  std::string other_way;      // a setting by which tools get credentials otherwise
  bool assumes_role = false;  // the keys are only those of the user who may take a role
};

Section FindSection(std::string_view text, std::string_view profile) {
  Section section;
  bool inside = false;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = SectionName(line) == profile;
      section.found = section.found || inside;
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos || equals > kNameMax) continue;
    const std::string name = LowerCase(Trim(line.substr(0, equals)));
    const std::string_view value = Trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") section.access_key = value;
    if (name == "aws_secret_access_key") section.secret_key = value;
    if (name == "aws_session_token") section.session_token = value;
    if (name == "role_arn") section.assumes_role = true;
    if (std::ranges::find(kOtherWays, name) != kOtherWays.end()) section.other_way = name;
  }
  return section;
}

class FileCredentials final : public CredentialSource {
 public:
  FileCredentials(FileSystem& files, VariableLookup variable, std::string file, std::string profile)
      : files_(files),
        variable_(std::move(variable)),
        file_(std::move(file)),
        profile_(std::move(profile)) {}

  Result<std::optional<S3Credentials>> Load() override {
    const std::optional<std::string> named_file =
        file_.empty() ? variable_("AWS_SHARED_CREDENTIALS_FILE") : file_;
    const std::optional<std::string> named_profile =
        profile_.empty() ? variable_("AWS_PROFILE") : profile_;
    std::string path = named_file.value_or("");
    if (path.empty()) {
      const auto home = variable_("HOME");
      if (!home) return std::optional<S3Credentials>();
      path = JoinPath(*home, ".aws/credentials");
    }
    const std::string profile = named_profile.value_or("default");
    const Result<FileInfo> info = files_.Stat(path);
    if (!info.ok()) {
      if (info.error().code() == ErrorCode::kNotFound && !named_file && !named_profile) {
        return std::optional<S3Credentials>();
      }
      return Err(ErrorCode::kConfig, "cannot read the credentials file: {}",
                 info.error().ToString())
          .WithHint("name an existing file as 'credentials_file', or leave the setting out");
    }
    if (info->type != FileInfo::Type::kFile) {
      return Err(ErrorCode::kConfig, "the credentials file {} is no file", path)
          .WithHint("name an existing file as 'credentials_file', or leave the setting out");
    }
    if ((info->mode & kForbiddenModes) != 0) {
      return Err(ErrorCode::kRefused, "other users can read the credentials file {} (mode {:04o})",
                 path, info->mode)
          .WithHint("run `chmod 600 " + ShellWord(path) + "`");
    }
    return Read(path, profile, named_profile.has_value());
  }

 private:
  Result<std::optional<S3Credentials>> Read(const std::string& path, const std::string& profile,
                                            bool named) {
    PGK_ASSIGN_OR_RETURN(Bytes text, ReadWholeFile(files_, path, kFileMax));
    const SecretBytes owned{ByteSpan(text)};
    WipeMemory(text);
    const Section section = FindSection(AsText(owned.Expose()), profile);
    if (!section.found && !named) return std::optional<S3Credentials>();
    if (!section.found) {
      return Err(ErrorCode::kConfig, "{} has no profile [{}]", path, profile)
          .WithHint("name one of its profiles as 'profile', or with AWS_PROFILE");
    }
    const bool complete = !section.access_key.empty() && !section.secret_key.empty();
    if (!complete && !section.other_way.empty()) {
      return Err(ErrorCode::kConfig,
                 "profile [{}] of {} gets its credentials by {}, which pgkeep does not know",
                 profile, path, section.other_way)
          .WithHint(
              "give keys by the environment (aws configure export-credentials prints them), a web "
              "identity or the role of the instance");
    }
    if (!complete) {
      return Err(ErrorCode::kConfig, "profile [{}] of {} has no access key or no secret key",
                 profile, path)
          .WithHint("it needs aws_access_key_id and aws_secret_access_key");
    }
    // With the keys alone another user would work than the one that was meant.
    if (section.assumes_role) {
      return Err(ErrorCode::kConfig,
                 "profile [{}] of {} has keys and a role_arn, and pgkeep takes no role with keys",
                 profile, path)
          .WithHint(
              "name a profile without role_arn, or give the role as AWS_ROLE_ARN with a web "
              "identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
    }
    S3Credentials found;
    found.access_key = section.access_key;
    found.secret_key = SecretBytes(AsBytes(section.secret_key));
    found.session_token = SecretBytes(AsBytes(section.session_token));
    found.origin = "profile " + profile + " of " + path;
    return std::optional(std::move(found));
  }

  FileSystem& files_;
  const VariableLookup variable_;
  const std::string file_;
  const std::string profile_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeFileCredentials(FileSystem& files, VariableLookup variable,
                                                      std::string file, std::string profile) {
  return std::make_unique<FileCredentials>(files, std::move(variable), std::move(file),
                                           std::move(profile));
}

}  // namespace pgkeep::storage
