// The S3 store against a real server: what other clients see of it, what goes wrong in between and
// what users do wrong.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "base/error.h"
#include "base/retry.h"
#include "storage/store_util.h"
#include "testing/fake_clock.h"
#include "testing/object_gateway.h"
#include "tests/s3/fault_proxy.h"

namespace pgkeep::s3test {
namespace {

using testing::Credentials;
using testing::Gateway;
using testing::MustOpen;

using storage::OpenS3Store;
using storage::S3Store;
using storage::S3StoreOptions;

Bytes Pattern(size_t size, uint64_t seed) {
  Bytes bytes(size);
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& byte : bytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<uint8_t>(state >> 56);
  }
  return bytes;
}

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
}

const std::string& Bucket() {
  static const std::string bucket = Gateway::Shared().MakeBucket();
  return bucket;
}

S3StoreOptions Options(const std::string& prefix) {
  return Gateway::Shared().StoreOptions(Bucket(), prefix);
}

TEST(S3StoreOnServer, AwscliSeesWhatWeWrote) {
  Gateway& gateway = Gateway::Shared();
  const auto store = MustOpen(Options("seen"));
  const Bytes bytes = Pattern(3'000'000, 1);
  ASSERT_TRUE(store->CreateIfAbsent("p/s1/00000001", bytes).ok());
  const testing::TemporaryDirectory directory;
  gateway.MustAws({"get-object", "--bucket", Bucket(), "--key", "seen/p/s1/00000001",
                   directory.Join("object")});
  std::ifstream file(directory.Join("object"), std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(BytesEqual(AsBytes(content), bytes));
  const std::string listed =
      gateway.MustAws({"list-objects-v2", "--bucket", Bucket(), "--prefix", "seen/", "--query",
                       "Contents[].[Key,Size,ETag]", "--output", "text"});
  EXPECT_EQ(listed,
            fmt::format("seen/p/s1/00000001\t3000000\t\"{}\"\n", store->ExpectedEtag(bytes)));
}

TEST(S3StoreOnServer, WeSeeWhatAwscliWrote) {
  const auto store = MustOpen(Options("other"));
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.Join("body")) << "by another client";
  Gateway::Shared().MustAws({"put-object", "--bucket", Bucket(), "--key", "other/dec/1", "--body",
                             directory.Join("body")});
  EXPECT_EQ(AsText(store->Get("dec/1", 100).value()), "by another client");
  EXPECT_EQ(CodeOf(store->CreateIfAbsent("dec/1", {})), "already_exists");
}

// As the server counts them, not our client.
TEST(S3StoreOnServer, EachCallIsOneRequest) {
  Gateway& gateway = Gateway::Shared();
  const auto store = MustOpen(Options("count"));
  // The log lags behind the answers; a request with a name of its own marks its end.
  const auto requests_until = [&](const std::string& mark) {
    static_cast<void>(store->Head(mark));
    while (true) {
      std::vector<std::string> all = gateway.Requests();
      const auto end = std::ranges::find_if(
          all, [&](const std::string& line) { return line.find(mark) != std::string::npos; });
      if (end == all.end()) continue;
      all.erase(end, all.end());
      return all;
    }
  };
  const size_t before = requests_until("mark-1").size() + 1;
  const Bytes pack = Pattern(5'000'000, 2);
  ASSERT_TRUE(store->CreateIfAbsent("p/1", pack).ok());
  Bytes part(1000);
  ASSERT_TRUE(store->GetRange("p/1", 4'000'000, part).ok());
  ASSERT_TRUE(store->List("p/", "", 1000).ok());
  ASSERT_TRUE(store->Head("p/1").ok());
  ASSERT_TRUE(store->Get("p/1", pack.size()).ok());
  ASSERT_TRUE(store->Delete("p/1").ok());
  std::vector<std::string> seen = requests_until("mark-2");
  seen.erase(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(before));
  std::vector<std::string> methods;
  for (const std::string& line : seen) methods.push_back(line.substr(0, line.find(' ')));
  EXPECT_EQ(methods, (std::vector<std::string>{"PUT", "GET", "GET", "HEAD", "GET", "DELETE"}));
}

// ---- a network that breaks ----------------------------------------------------------------------

class FaultyNetwork : public ::testing::Test {
 protected:
  static FaultProxy& Proxy() {
    static FaultProxy proxy(Gateway::Shared().endpoint());
    return proxy;
  }

  // A store behind the proxy, with short pauses.
  std::unique_ptr<S3Store> Open(const std::string& prefix) {
    Proxy().Break("refuse 0 ^$");
    S3StoreOptions options = Options(prefix);
    options.settings.endpoint = Proxy().endpoint();
    options.retry.base = std::chrono::milliseconds(1);
    options.stall_timeout = std::chrono::seconds(1);
    return MustOpen(options);
  }

  void TearDown() override { Proxy().Break("refuse 0 ^$"); }
};

TEST_F(FaultyNetwork, EachPassingFaultIsSurvived) {
  const auto store = Open("pass");
  const Bytes bytes = Pattern(400'000, 3);
  int number = 0;
  for (const std::string& fault :
       {std::string("status=500 3 ^PUT"), std::string("status=503 3 ^PUT"),
        std::string("status=429 2 ^PUT"), std::string("refuse 2 ^PUT"),
        std::string("upload=100000 2 ^PUT"), std::string("delay=0.2 1 ^PUT"),
        std::string("hang=20 1 ^PUT"), std::string("garble 2 ^PUT"), std::string("lost 1 ^PUT")}) {
    SCOPED_TRACE(fault);
    const std::string key = fmt::format("p/{}", ++number);
    Proxy().Break(fault);
    const auto created = store->CreateIfAbsent(key, bytes);
    EXPECT_TRUE(created.ok()) << created.error().Describe();
    EXPECT_GE(Proxy().Fired(), 1);
    EXPECT_TRUE(BytesEqual(store->Get(key, bytes.size()).value(), bytes));
  }
  for (const std::string& fault :
       {std::string("status=500 3 ^GET"), std::string("refuse 2 ^GET"),
        std::string("truncate=100000 2 ^GET"), std::string("truncate=0 1 ^GET"),
        std::string("lost 2 ^GET"), std::string("hang=20 1 ^GET")}) {
    SCOPED_TRACE(fault);
    Proxy().Break(fault);
    const auto read = store->Get("p/1", bytes.size());
    ASSERT_TRUE(read.ok()) << read.error().Describe();
    EXPECT_TRUE(BytesEqual(*read, bytes));
    EXPECT_GE(Proxy().Fired(), 1);
    Proxy().Break(fault);
    Bytes part(200'000);
    const Status range = store->GetRange("p/1", 150'000, part);
    EXPECT_TRUE(range.ok()) << range.error().Describe();
    EXPECT_TRUE(BytesEqual(part, ByteSpan(bytes).subspan(150'000, part.size())));
    EXPECT_GE(Proxy().Fired(), 1);
    Proxy().Break(fault);
    const auto page = store->List("p/", "", 1000);
    ASSERT_TRUE(page.ok()) << page.error().Describe();
    EXPECT_EQ(page->objects.size(), static_cast<size_t>(number));
  }
}

// The object is stored, the answer never comes: it is ours. A rival's stays a rival's.
TEST_F(FaultyNetwork, LostAnswersToCreationsAreResolved) {
  const auto store = Open("lost");
  const auto direct = MustOpen(Options("lost"));
  for (int i = 0; i < 5; ++i) {
    const std::string key = fmt::format("dec/{}", i);
    Proxy().Break("lost 1 ^PUT");
    const auto created = store->CreateIfAbsent(key, AsBytes("ours"));
    EXPECT_TRUE(created.ok()) << created.error().Describe();
    EXPECT_EQ(Proxy().Fired(), 1);
    // With the same bytes.
    EXPECT_EQ(CodeOf(direct->CreateIfAbsent(key, AsBytes("ours"))), "already_exists");
  }
  ASSERT_TRUE(direct->CreateIfAbsent("dec/rival", AsBytes("same")).ok());
  Proxy().Break("refuse 1 ^PUT");
  EXPECT_EQ(CodeOf(store->CreateIfAbsent("dec/rival", AsBytes("same"))), "already_exists");
  EXPECT_EQ(Proxy().Fired(), 1);
}

TEST_F(FaultyNetwork, OneFailureInTenChangesNothing) {
  const auto store = Open("tenth");
  for (const char* kind : {"status=503", "refuse", "lost"}) {
    SCOPED_TRACE(kind);
    const std::string prefix = fmt::format("{:.4}/", kind);
    Proxy().Break(fmt::format("{} 1/10 .", kind));
    constexpr int kObjects = 60;
    std::atomic<int> good = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
          for (int i = thread; i < kObjects; i += 4) {
            const Bytes bytes = Pattern(50'000, static_cast<uint64_t>(i));
            const std::string key = fmt::format("{}{}", prefix, 100 + i);
            if (store->CreateIfAbsent(key, bytes).ok() &&
                BytesEqual(store->Get(key, bytes.size()).value(), bytes)) {
              ++good;
            }
          }
        });
      }
    }
    EXPECT_EQ(good, kObjects);
    EXPECT_GT(Proxy().Fired(), 0);
    size_t listed = 0;
    ASSERT_TRUE(storage::ListAll(*store, prefix, [&](const auto&) {
                  ++listed;
                  return Ok();
                }).ok());
    EXPECT_EQ(listed, static_cast<size_t>(kObjects));
  }
}

TEST_F(FaultyNetwork, WhatDoesNotPassEndsWithItsReason) {
  const auto store = Open("never");
  Proxy().Break("status=503 1000 ^PUT");
  const auto created = store->CreateIfAbsent("p/1", AsBytes("x"));
  EXPECT_EQ(CodeOf(created), "unavailable");
  EXPECT_EQ(Proxy().Fired(), 8);
  EXPECT_NE(created.error().Describe().find("giving up after 8 attempts"), std::string::npos);
}

// ---- what users do wrong ------------------------------------------------------------------------

// The message that a user sees when opening the store fails.
std::string Told(const S3StoreOptions& options) {
  const auto opened = OpenS3Store(options);
  return opened.ok() ? "no error" : opened.error().message();
}

TEST(S3StoreMistakes, EachHasOneSentence) {
  Gateway& gateway = Gateway::Shared();
  S3StoreOptions options = Options("wrong");
  options.variable = Credentials("NOSUCHKEY", "secret");
  EXPECT_EQ(Told(options), "the object store does not know the access key of the environment");
  options.variable = Credentials(gateway.access_key(), "wrong");
  EXPECT_EQ(Told(options), "the secret key of the environment does not fit its access key");
  options.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_EC2_METADATA_DISABLED") return "true";
    return std::nullopt;
  };
  EXPECT_EQ(Told(options), "there are no S3 credentials");
  EXPECT_EQ(Told(gateway.StoreOptions("no-such-bucket")), "there is no bucket no-such-bucket");

  testing::FakeClock clock(SystemClock().Now() - std::chrono::seconds(20 * 60 + 30));
  options = Options("wrong");
  options.clock = &clock;
  EXPECT_EQ(Told(options).substr(0, 32), "the clock of this machine is 20:");

  // TLS where there is none.
  options = Options("wrong");
  options.settings.endpoint.replace(0, 4, "https");
  options.retry.attempts = 1;
  EXPECT_NE(Told(options).find("does not speak TLS"), std::string::npos) << Told(options);

  // Nobody there.
  options = Options("wrong");
  options.settings.endpoint = "http://127.0.0.1:1";
  options.retry.attempts = 2;
  EXPECT_EQ(Told(options).substr(0, 37), "cannot connect to http://127.0.0.1:1:");
}

TEST(S3StoreMistakes, DeniedOperationsAreNamed) {
  Gateway& gateway = Gateway::Shared();
  gateway.Admin(
      "user create --uid=reader --display-name=reader --access-key=READERKEY --secret-key=reader "
      "--op-mask=read");
  const std::string bucket = gateway.MakeBucket();
  gateway.MustAws({"put-bucket-policy", "--bucket", bucket, "--policy",
                   R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",)"
                   R"("Action":"s3:*","Resource":["arn:aws:s3:::)" +
                       bucket + R"(","arn:aws:s3:::)" + bucket + R"(/*"]}]})"});
  S3StoreOptions options = gateway.StoreOptions(bucket);
  options.variable = Credentials("READERKEY", "reader");
  const auto store = MustOpen(options);
  const auto created = store->CreateIfAbsent("p/1", AsBytes("x"));
  ASSERT_EQ(CodeOf(created), "permission");
  EXPECT_EQ(created.error().message(),
            "object p/1 of s3://" + bucket + " is not allowed: s3:PutObject was denied");
  const Status deleted = store->Delete("p/1");
  ASSERT_EQ(CodeOf(deleted), "permission");
  EXPECT_EQ(deleted.error().message(),
            "object p/1 of s3://" + bucket + " is not allowed: s3:DeleteObject was denied");
}

TEST(S3StoreMistakes, FullQuotaIsOutOfSpace) {
  Gateway& gateway = Gateway::Shared();
  gateway.Admin(
      "user create --uid=small --display-name=small --access-key=SMALLKEY --secret-key=small");
  gateway.Admin("quota set --quota-scope=user --uid=small --max-objects=1");
  gateway.Admin("quota enable --quota-scope=user --uid=small");
  const testing::ProgramResult made = testing::RunProgram(
      {"aws", "--endpoint-url", gateway.endpoint(), "s3api", "create-bucket", "--bucket", "small"},
      {"AWS_ACCESS_KEY_ID=SMALLKEY", "AWS_SECRET_ACCESS_KEY=small", "AWS_DEFAULT_REGION=us-east-1",
       "no_proxy=127.0.0.1", "PYTHONPATH="});
  ASSERT_EQ(made.status, 0) << made.err;
  S3StoreOptions options = gateway.StoreOptions("small");
  options.variable = Credentials("SMALLKEY", "small");
  const auto store = MustOpen(options);
  ASSERT_TRUE(store->CreateIfAbsent("p/1", AsBytes("x")).ok());
  const auto full = store->CreateIfAbsent("p/2", AsBytes("x"));
  ASSERT_EQ(CodeOf(full), "out_of_space");
  EXPECT_FALSE(full.error().hint().empty());
}

TEST(S3StoreFeatures, CephIgnoresTheConditionInVersionedBuckets) {
  Gateway& gateway = Gateway::Shared();
  const std::string bucket = gateway.MakeBucket();
  gateway.MustAws({"put-bucket-versioning", "--bucket", bucket, "--versioning-configuration",
                   "Status=Enabled"});
  const auto versioned = MustOpen(gateway.StoreOptions(bucket));
  EXPECT_TRUE(versioned->features().versioned);
  EXPECT_FALSE(versioned->features().conditional_create);
  S3StoreOptions options = Options("probed");
  options.probe = true;
  const auto probed = MustOpen(options);
  EXPECT_TRUE(probed->features().conditional_create);
  EXPECT_TRUE(probed->List("", "", 10)->objects.empty());
}

// ---- over TLS -----------------------------------------------------------------------------------

TEST(S3StoreTls, TrustsItsOwnAuthorityOnly) {
  Gateway gateway(Gateway::Encryption::kTls);
  const std::string bucket = gateway.MakeBucket();
  S3StoreOptions options = gateway.StoreOptions(bucket);
  const auto store = MustOpen(options);
  const Bytes bytes = Pattern(2'000'000, 9);
  ASSERT_TRUE(store->CreateIfAbsent("p/1", bytes).ok());
  EXPECT_TRUE(BytesEqual(store->Get("p/1", bytes.size()).value(), bytes));

  S3StoreOptions untrusting = options;
  untrusting.settings.ca_file.clear();
  const auto refused = OpenS3Store(untrusting);
  ASSERT_EQ(CodeOf(refused), "unauthenticated");
  EXPECT_NE(refused.error().hint().find("ca_file"), std::string::npos);

  S3StoreOptions plain = options;
  plain.settings.endpoint.replace(0, 5, "http");
  plain.retry.attempts = 1;
  const auto closed = OpenS3Store(plain);
  ASSERT_FALSE(closed.ok());
  EXPECT_NE(closed.error().hint().find("https://"), std::string::npos) << closed.error().Describe();
}

}  // namespace
}  // namespace pgkeep::s3test
