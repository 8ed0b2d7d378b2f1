// What a bucket with versions keeps safe: objects are read by their oldest version, and everything
// can be read as it was. And what a probe finds out, in plain and in versioned buckets.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "storage/s3/probe.h"
#include "storage/s3/sigv4.h"
#include "storage/store_util.h"
#include "testing/object_gateway.h"

namespace pgkeep::s3test {
namespace {

using testing::Gateway;
using testing::MustOpen;

using storage::ProbeReport;
using storage::S3Store;
using storage::S3StoreOptions;

Gateway& Server() { return Gateway::Shared(); }

std::string MakeVersionedBucket() {
  std::string bucket = Server().MakeBucket();
  Server().MustAws({"put-bucket-versioning", "--bucket", bucket, "--versioning-configuration",
                    "Status=Enabled"});
  return bucket;
}

// Opens it with rules as a repository has them: "dec/" is listed by them, "man/" is read only.
S3StoreOptions Options(const std::string& bucket) {
  S3StoreOptions options = Server().StoreOptions(bucket, "pg");
  options.oldest = {.read = {"dec/", "man/"}, .listed = {"dec/"}};
  return options;
}

// What somebody with the host's credentials does.
void Overwrite(const std::string& bucket, const std::string& key, const std::string& text) {
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.Join("body")) << text;
  Server().MustAws(
      {"put-object", "--bucket", bucket, "--key", "pg/" + key, "--body", directory.Join("body")});
}
void Hide(const std::string& bucket, const std::string& key) {
  Server().MustAws({"delete-object", "--bucket", bucket, "--key", "pg/" + key});
}

std::vector<std::string> Listed(S3Store& store, const std::string& prefix) {
  std::vector<std::string> keys;
  const Status listed = storage::ListAll(store, prefix, [&](const storage::ObjectInfo& object) {
    keys.push_back(object.key);
    return Ok();
  });
  EXPECT_TRUE(listed.ok()) << listed.error().Describe();
  return keys;
}

TEST(VersionedBucket, OldestVersionsAreRead) {
  const std::string bucket = MakeVersionedBucket();
  const auto store = MustOpen(Options(bucket));
  for (const char* key : {"dec/1", "dec/2", "dec/3", "man/1", "p/1"}) {
    ASSERT_TRUE(store->Put(key, AsBytes("first")).ok());
  }
  Overwrite(bucket, "dec/1", "forged, and longer");
  Hide(bucket, "dec/2");
  Hide(bucket, "man/1");
  Hide(bucket, "p/1");
  // One that reads from the start, and one that may remember.
  for (const auto& reader : {MustOpen(Options(bucket)), MustOpen(Options(bucket))}) {
    EXPECT_EQ(AsText(reader->Get("dec/1", 100).value()), "first");
    EXPECT_EQ(reader->Head("dec/1")->size, 5U);
    EXPECT_EQ(AsText(reader->Get("dec/2", 100).value()), "first");
    Bytes part(3);
    ASSERT_TRUE(reader->GetRange("dec/2", 1, part).ok());
    EXPECT_EQ(AsText(part), "irs");
    EXPECT_EQ(Listed(*reader, "dec/"), (std::vector<std::string>{"dec/1", "dec/2", "dec/3"}));
    // A page at a time.
    const auto page = reader->List("dec/", "", 1);
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->objects.size(), 1U);
    EXPECT_EQ(page->next, "dec/1");
    EXPECT_EQ(reader->List("dec/", "dec/1", 1)->objects.at(0).key, "dec/2");
    // What may be deleted is not listed, but read.
    EXPECT_EQ(Listed(*reader, "man/"), std::vector<std::string>());
    EXPECT_EQ(AsText(reader->Get("man/1", 100).value()), "first");
    // Packs are as they are.
    EXPECT_EQ(reader->Get("p/1", 100).error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(reader->Get("dec/4", 100).error().code(), ErrorCode::kNotFound);
  }
}

TEST(VersionedBucket, CanBeReadAsItWas) {
  const std::string bucket = MakeVersionedBucket();
  const auto store = MustOpen(Options(bucket));
  ASSERT_TRUE(store->Put("p/1", AsBytes("first")).ok());
  ASSERT_TRUE(store->Put("p/2", AsBytes("second")).ok());
  const auto moment = [&] {  // of the server; versions have times of seconds at some providers
    const Timestamp before = SystemClock().Now();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return before;
  };
  const Timestamp then = moment();
  Overwrite(bucket, "p/1", "forged");
  Hide(bucket, "p/2");
  ASSERT_TRUE(store->Put("p/3", AsBytes("later")).ok());
  EXPECT_EQ(Listed(*store, "p/"), (std::vector<std::string>{"p/1", "p/3"}));

  S3StoreOptions options = Options(bucket);
  options.as_of = then;
  const auto past = MustOpen(options);
  EXPECT_EQ(Listed(*past, ""), (std::vector<std::string>{"p/1", "p/2"}));
  EXPECT_EQ(AsText(past->Get("p/1", 100).value()), "first");
  EXPECT_EQ(AsText(past->Get("p/2", 100).value()), "second");
  EXPECT_EQ(past->Get("p/3", 100).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(past->Put("p/4", AsBytes("x")).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(past->CreateIfAbsent("p/4", AsBytes("x")).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(past->Delete("p/1").error().code(), ErrorCode::kRefused);
}

TEST(PlainBucket, HasNoPast) {
  S3StoreOptions options = Options(Server().MakeBucket());
  options.as_of = SystemClock().Now();
  const auto past = storage::OpenS3Store(options);
  ASSERT_FALSE(past.ok());
  EXPECT_EQ(past.error().code(), ErrorCode::kUnsupported);
}

std::string Verdicts(const ProbeReport& report) {
  std::string text;
  for (const storage::ProbeFinding& finding : report.findings) {
    text += finding.name + " " + std::string(storage::ProbeVerdictName(finding.verdict)) + ", " +
            finding.detail + "\n";
  }
  return text;
}

// What Ceph 16 does, as docs/s3.md shows it.
constexpr char kPlain[] =
    "conditional_create yes, one of 8 writers won, 3 times\n"
    "list_after_write yes, what was made and deleted shows at once\n"
    "range yes, parts of objects can be read\n"
    "body_sha256 yes, a wrong x-amz-content-sha256 is refused\n"
    "content_md5 yes, a wrong Content-MD5 is refused\n"
    "checksum_header no, a wrong x-amz-checksum-sha256 is not looked at\n"
    "delete yes, these credentials may delete\n"
    "versioning yes, off\n"
    "object_lock yes, off in this bucket\n"
    "lifecycle yes, no rules in this bucket\n";

TEST(Probe, FindsOutWhatAPlainBucketDoes) {
  const S3StoreOptions options = Options(Server().MakeBucket());
  const auto report = storage::ProbeBucket(options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_EQ(Verdicts(*report), kPlain);
  EXPECT_EQ(report->versions, storage::BucketVersions::kOff);
  EXPECT_EQ(Listed(*MustOpen(options), ""), std::vector<std::string>());
}

TEST(Probe, FindsOutThatVersionsUndoTheCondition) {
  const S3StoreOptions options = Options(MakeVersionedBucket());
  const auto report = storage::ProbeBucket(options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_EQ(report->versions, storage::BucketVersions::kOn);
  EXPECT_EQ(report->findings.at(0).detail, "8 of 8 writers have created one object");
  EXPECT_EQ(report->Find(storage::kProbeConditionalCreate)->verdict, storage::ProbeVerdict::kNo);
  EXPECT_EQ(report->Find(storage::kProbeVersioning)->detail, "on");
  ASSERT_TRUE(storage::KeepProbeReport(options, *report).ok());
  const auto store = MustOpen(options);
  EXPECT_FALSE(store->features().conditional_create);
  const std::vector<std::string> listed = Listed(*store, "");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_TRUE(listed[0].starts_with("probe/report." + storage::FormatAmzDate(report->time) + "."));
  const auto kept = storage::ReadProbeReport(*store, storage::ProbePlace(options));
  ASSERT_TRUE(kept.ok() && kept->has_value());
  EXPECT_EQ(Verdicts(**kept), Verdicts(*report));
}

}  // namespace
}  // namespace pgkeep::s3test
