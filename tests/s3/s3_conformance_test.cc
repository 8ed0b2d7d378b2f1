// The promises of an object store, on a real S3 server: with the bucket in the path and in the
// host, and in a bucket that keeps versions; each case with a prefix of its own.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "testing/object_gateway.h"
#include "testing/store_conformance.h"

namespace pgkeep::s3test {
namespace {

using storage::S3Addressing;
using testing::Gateway;
using testing::MustOpen;
using testing::RegisterStoreConformance;
using testing::StoreUnderTest;

StoreUnderTest Make(Gateway& gateway, S3Addressing addressing) {
  static const std::string bucket = gateway.MakeBucket();
  static int cases = 0;
  storage::S3StoreOptions options = gateway.StoreOptions(bucket, fmt::format("case/{}", ++cases));
  options.settings.addressing = addressing;
  if (addressing == S3Addressing::kVirtual) {
    // libcurl resolves every name below localhost by itself.
    const std::string port = gateway.endpoint().substr(gateway.endpoint().rfind(':'));
    options.settings.endpoint = "http://localhost" + port;
  }
  StoreUnderTest made;
  made.store = MustOpen(options);
  made.open_another = [options] { return MustOpen(options); };
  return made;
}

// Every write is a version there, and the condition of a creation is ignored.
StoreUnderTest MakeVersioned() {
  static const std::string bucket = Gateway::Shared().MakeVersionedBucket();
  static int cases = 0;
  const storage::S3StoreOptions options =
      Gateway::Shared().StoreOptions(bucket, fmt::format("case/{}", ++cases));
  StoreUnderTest made;
  made.store = MustOpen(options);
  made.open_another = [options] { return MustOpen(options); };
  return made;
}

const bool kRegistered =
    RegisterStoreConformance("S3StoreConforms",
                             [] { return Make(Gateway::Shared(), S3Addressing::kPath); }) &&
    RegisterStoreConformance("S3StoreWithVirtualHostsConforms",
                             [] { return Make(Gateway::Shared(), S3Addressing::kVirtual); }) &&
    RegisterStoreConformance("S3StoreInVersionedBucketConforms", MakeVersioned);

TEST(S3Conformance, IsRegistered) { EXPECT_TRUE(kRegistered); }

}  // namespace
}  // namespace pgkeep::s3test
