// The places where credentials are looked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "storage/s3/credentials.h"
#include "storage/s3/settings.h"

namespace pgkeep::storage {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. kConfig if only one of the first
// two is set.
std::unique_ptr<CredentialSource> MakeEnvironmentCredentials(VariableLookup variable);

// A section of a shared credentials file: the file is the setting, else
// AWS_SHARED_CREDENTIALS_FILE, else $HOME/.aws/credentials; the section is the setting, else
// AWS_PROFILE, else "default". It is read anew each time, so that whatever writes it may rotate the
// keys. A file or section that was named and is not there is kConfig; one that was not named is
// none. kRefused for a file that other users may read. `files` must outlive the result.
std::unique_ptr<CredentialSource> MakeFileCredentials(FileSystem& files, VariableLookup variable,
                                                      std::string file, std::string profile);

// The metadata service of an EC2 instance, only with the session tokens of its version 2. None when
// nobody answers, or AWS_EC2_METADATA_DISABLED is "true". AWS_EC2_METADATA_SERVICE_ENDPOINT names
// another address.
std::unique_ptr<CredentialSource> MakeImdsCredentials(VariableLookup variable);

// A token that something else keeps fresh in a file (AWS_WEB_IDENTITY_TOKEN_FILE), exchanged for
// the credentials of AWS_ROLE_ARN by the security token service of the region, or at
// AWS_ENDPOINT_URL_STS. `files` must outlive the result.
std::unique_ptr<CredentialSource> MakeWebIdentityCredentials(FileSystem& files, Clock& clock,
                                                             VariableLookup variable,
                                                             const S3Settings& settings,
                                                             std::string region);

// The first of several sources that has some; an error of one ends the search.
std::unique_ptr<CredentialSource> MakeCredentialChain(
    std::vector<std::unique_ptr<CredentialSource>> sources);

// What the settings ask for. `files` and `clock` must outlive the result.
std::unique_ptr<CredentialSource> MakeCredentialSource(FileSystem& files, Clock& clock,
                                                       const VariableLookup& variable,
                                                       const S3Settings& settings,
                                                       const std::string& region);

}  // namespace pgkeep::storage
