// What stands beside the rules of a bucket, which Amazon says and Ceph does not. All else is tested
// with a real server by tests/cli.
#include "base/mutex.h"
#include "cli/program_test_kit.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"

namespace pgkeep::cli {
namespace {

using testing::HttpServerAnswer;
using testing::HttpServerRequest;
using testing::MakeAnswer;

constexpr char kHeader[] = "x-amz-transition-default-minimum-object-size";

// As far as rules go, a bucket of Amazon: it tells the least size if there is one, and a PUT
// without it sets the default.
class StorageLifecycleTest : public ProgramTestKit {
 protected:
  StorageLifecycleTest()
      : server_([this](const HttpServerRequest& request) { return React(request); }) {
    variables_["AWS_ACCESS_KEY_ID"] = "AKIA1";
    variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
    environment_.clock = &clock_;
  }

  Outcome Lifecycle(const std::string& command) {
    return Run({"storage", "lifecycle", command, "--repository", "s3://bucket/pg", "--s3-endpoint",
                server_.url()});
  }

  std::string least_size() {
    const MutexLock lock(mutex_);
    return least_size_;
  }
  void SetLeastSize(const std::string& least_size) {
    const MutexLock lock(mutex_);
    least_size_ = least_size;
  }
  // Takes rules, but not what stands beside them.
  void Forget() {
    const MutexLock lock(mutex_);
    forgets_ = true;
  }

 private:
  HttpServerAnswer React(const HttpServerRequest& request) {
    const MutexLock lock(mutex_);
    if (request.target.find("?lifecycle") == std::string::npos) {
      return MakeAnswer(200, request.target.find("?versioning") != std::string::npos
                                 ? "<VersioningConfiguration/>"
                                 : "<ListBucketResult><IsTruncated>false</IsTruncated>"
                                   "</ListBucketResult>");
    }
    if (request.method == "PUT") {
      rules_ = request.body;
      const std::string told = request.Header(kHeader);
      least_size_ = told.empty() || forgets_ ? "all_storage_classes_128K" : told;
      return MakeAnswer(200);
    }
    std::vector<std::string> headers;
    if (!least_size_.empty()) headers.push_back(std::string(kHeader) + ": " + least_size_);
    return MakeAnswer(200, rules_, headers);
  }

  testing::FakeClock clock_;
  Mutex mutex_;
  std::string rules_ PGK_GUARDED_BY(mutex_) =
      "<LifecycleConfiguration><Rule><ID>theirs</ID><Filter><Prefix>logs/</Prefix></Filter>"
      "<Status>Enabled</Status><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass>"
      "</Transition></Rule></LifecycleConfiguration>";
  std::string least_size_ PGK_GUARDED_BY(mutex_);
  bool forgets_ PGK_GUARDED_BY(mutex_) = false;
  testing::HttpServer server_;
};

TEST_F(StorageLifecycleTest, ApplyKeepsTheLeastSizeOfWhatMoves) {
  SetLeastSize("varies_by_storage_class");
  const Outcome applied = Lifecycle("apply");
  EXPECT_EQ(applied.status, 0) << applied.err;
  EXPECT_NE(applied.out.find("1 of others kept; read back and compared"), std::string::npos)
      << applied.out;
  EXPECT_EQ(least_size(), "varies_by_storage_class");
}

TEST_F(StorageLifecycleTest, ApplySeesThatTheLeastSizeWasReset) {
  SetLeastSize("varies_by_storage_class");
  Forget();
  const Outcome applied = Lifecycle("apply");
  EXPECT_NE(applied.status, 0);
  EXPECT_NE(applied.err.find("does not show the rules that it was given"), std::string::npos)
      << applied.err;
}

TEST_F(StorageLifecycleTest, ShowsTheLeastSizeOnlyWhereItIsTold) {
  EXPECT_EQ(Lifecycle("show").out.find("least size"), std::string::npos);
  SetLeastSize("varies_by_storage_class");
  const Outcome shown = Lifecycle("show");
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find("move to another class: varies_by_storage_class"), std::string::npos)
      << shown.out;
}

// Where nothing was told nothing is sent, and the default that the bucket has then is no surprise.
TEST_F(StorageLifecycleTest, ApplyTakesTheDefaultWhereNothingWasTold) {
  EXPECT_EQ(Lifecycle("apply").status, 0);
  EXPECT_EQ(least_size(), "all_storage_classes_128K");
}

}  // namespace
}  // namespace pgkeep::cli
