#include "tests/s3/fault_proxy.h"

#include <sstream>

#include "base/check.h"

namespace pgkeep::s3test {

FaultProxy::FaultProxy(const std::string& upstream) {
  const std::string server = upstream.substr(upstream.find("://") + 3);
  keeper_ = std::make_unique<testing::Keeper>(
      "exec /usr/bin/python3 \"$@\"",
      std::vector<std::string>{PGKEEP_FAULT_PROXY, directory_.Join("proxy"), server});
  std::istringstream answer(keeper_->AwaitAnswer());
  std::string ready;
  answer >> ready >> endpoint_;
  PGK_CHECK(ready == "ready", "the proxy starts");
}

int FaultProxy::Command(const std::string& line) {
  keeper_->Tell(line);
  std::istringstream answer(keeper_->AwaitAnswer());
  std::string done;
  int number = -1;
  answer >> done >> number;
  PGK_CHECK(done == "done" && number >= 0, "the proxy does as it is told");
  return number;
}

void FaultProxy::Break(const std::string& fault) { Command("break " + fault); }

int FaultProxy::Fired() { return Command("fired"); }

}  // namespace pgkeep::s3test
