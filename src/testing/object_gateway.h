// A real S3 server for tests, and independent clients that look at what we wrote.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/s3/s3_store.h"
#include "testing/keeper.h"
#include "testing/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {

// Ceph's RADOS Gateway in a directory of its own (object_gateway.py). Ends with the test, however
// that ends. Aborts when it cannot be started. One thread at a time; its users any number.
class Gateway {
 public:
  enum class Encryption { kNone, kTls };
  explicit Gateway(Encryption encryption = Encryption::kNone);

  // One for all tests of a process; started when it is first asked for.
  static Gateway& Shared();

  const std::string& endpoint() const { return endpoint_; }
  const std::string& access_key() const { return access_key_; }
  const std::string& secret_key() const { return secret_key_; }
  const std::string& ca_file() const { return ca_file_; }  // empty without TLS

  // Makes a new bucket, with awscli; returns its name. The second one keeps versions.
  std::string MakeBucket();
  std::string MakeVersionedBucket();
  // The one for all who do with prefixes of their own; made when it is first asked for.
  const std::string& SharedBucket(bool versioned);
  // Runs `aws s3api WORDS` with the server's own credentials.
  ProgramResult Aws(const std::vector<std::string>& words) const;
  // The same for what must succeed; returns what it printed.
  std::string MustAws(const std::vector<std::string>& words) const;
  // Runs radosgw-admin.
  void Admin(const std::string& words) { Command("admin " + words); }
  // One of the other commands of object_gateway.py.
  void Command(const std::string& line);

  // The requests that the server has logged so far, such as "PUT /bucket/key HTTP/1.1".
  std::vector<std::string> Requests() const;

  // How to open a store on this server.
  storage::S3StoreOptions StoreOptions(const std::string& bucket, const std::string& prefix = "");

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Keeper> keeper_;
  std::string endpoint_;
  std::string access_key_;
  std::string secret_key_;
  std::string ca_file_;
  int buckets_ = 0;
  std::array<std::string, 2> shared_buckets_;  // without versions, and with them
};

// Variables with these credentials and nothing else.
storage::VariableLookup Credentials(const std::string& access_key, const std::string& secret_key);

// Opens a store; aborts when that fails.
std::unique_ptr<storage::S3Store> MustOpen(const storage::S3StoreOptions& options);

}  // namespace pgkeep::testing
