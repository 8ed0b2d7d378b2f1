// A network between us and an S3 server that breaks requests on command.
#pragma once

#include <memory>
#include <string>

#include "testing/keeper.h"
#include "testing/temporary_directory.h"

namespace pgkeep::s3test {

// nginx with Lua (fault_proxy.py, where the kinds of faults are told). Ends with the test. Aborts
// when it cannot be started. One thread at a time; its users any number.
class FaultProxy {
 public:
  // `upstream`: "http://host:port".
  explicit FaultProxy(const std::string& upstream);

  const std::string& endpoint() const { return endpoint_; }

  // Breaks the next requests that match: "status=503 3 ^PUT".
  void Break(const std::string& fault);
  // How many requests were broken since.
  int Fired();

 private:
  int Command(const std::string& line);

  testing::TemporaryDirectory directory_;
  std::unique_ptr<testing::Keeper> keeper_;
  std::string endpoint_;
};

}  // namespace pgkeep::s3test
