#include "cli/bucket_policies.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "base/error.h"
#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

using Words = std::vector<std::string>;

Json Texts(const Words& words) {
  Json list = Json::MakeArray();
  for (const std::string& word : words) list.Add(word);
  return list;
}

// One policy while its statements are added.
class Policy {
 public:
  explicit Policy(const PolicySubject& subject) : subject_(subject) {}

  // The bucket itself.
  Words Bucket() const { return {Arn("")}; }
  // Every object of the repository, or those below these of its prefixes.
  Words Objects() const { return {Arn("/" + Base() + "*")}; }
  Words Objects(std::initializer_list<std::string_view> prefixes) const {
    Words words;
    for (const std::string_view prefix : prefixes) {
      words.push_back(Arn(fmt::format("/{}{}*", Base(), prefix)));
    }
    return words;
  }

  Json& Allow(const char* name, const Words& actions, const Words& resources) {
    return Add("Allow", name, actions, resources);
  }
  Json& Deny(const char* name, const Words& actions, const Words& resources) {
    return Add("Deny", name, actions, resources);
  }
  // The policy of a bucket names whom it is about.
  Json& DenyAll(const char* name, const Words& actions, const Words& resources) {
    Json& statement = Add("Deny", name, actions, resources);
    statement.Set("Principal", "*");
    return statement;
  }

  Json Finish() {
    Json list = Json::MakeArray();
    for (Json& statement : statements_) list.Add(std::move(statement));
    Json policy = Json::MakeObject();
    policy.Set("Version", "2012-10-17");
    policy.Set("Statement", std::move(list));
    return policy;
  }

 private:
  std::string Base() const { return subject_.prefix.empty() ? "" : subject_.prefix + "/"; }

  std::string Arn(const std::string& rest) const {
    const std::string_view partition = subject_.region.starts_with("cn-")       ? "aws-cn"
                                       : subject_.region.starts_with("us-gov-") ? "aws-us-gov"
                                                                                : "aws";
    return fmt::format("arn:{}:s3:::{}{}", partition, subject_.bucket, rest);
  }

  Json& Add(const char* effect, const char* name, const Words& actions, const Words& resources) {
    Json statement = Json::MakeObject();
    statement.Set("Sid", name);
    statement.Set("Effect", effect);
    statement.Set("Action", Texts(actions));
    statement.Set("Resource", Texts(resources));
    return statements_.emplace_back(std::move(statement));
  }

  const PolicySubject& subject_;
  std::vector<Json> statements_;
};

// What ends the protection of a bucket or of an object in it.
const Words kBucketChanges = {"s3:DeleteBucket",        "s3:PutBucketPolicy",
                              "s3:DeleteBucketPolicy",  "s3:PutLifecycleConfiguration",
                              "s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration",
                              "s3:PutBucketAcl",        "s3:PutReplicationConfiguration"};
const Words kLockChanges = {"s3:BypassGovernanceRetention", "s3:PutObjectRetention",
                            "s3:PutObjectLegalHold"};
const Words kObjectChanges = {"s3:DeleteObjectVersion", "s3:PutObjectAcl",
                              "s3:PutObjectVersionAcl"};

Words Joined(const Words& one, const Words& two) {
  Words all = one;
  all.insert(all.end(), two.begin(), two.end());
  return all;
}

void AllowLooking(Policy& policy) {
  policy.Allow("List",
               {"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning",
                "s3:GetLifecycleConfiguration", "s3:GetBucketObjectLockConfiguration"},
               policy.Bucket());
}

// Packs are of no use to who has no data key, and of much to a thief who gets one.
void ReadAllButPacks(Policy& policy) {
  policy.Allow("ReadControl", {"s3:GetObject", "s3:GetObjectVersion"}, policy.Objects());
  policy.Deny("ReadNoPacks", {"s3:GetObject", "s3:GetObjectVersion"},
              policy.Objects({repository::kDataPackPrefix}));
}

Json HostPolicy(const PolicySubject& subject) {
  Policy policy(subject);
  AllowLooking(policy);
  policy.Allow("Write", {"s3:PutObject"}, policy.Objects());
  ReadAllButPacks(policy);
  // Exclusive mode announces and withdraws leases.
  if (!subject.amazon) {
    policy.Allow("Leases", {"s3:DeleteObject"}, policy.Objects({repository::kLeasePrefix}));
  } else {
    policy.Deny("DeleteNothing", {"s3:DeleteObject"}, policy.Objects());
  }
  policy.Deny("DestroyNothing", Joined(kObjectChanges, kLockChanges), policy.Objects());
  policy.Deny("ChangeNoRules", kBucketChanges, policy.Bucket());
  return policy.Finish();
}

Json RestorePolicy(const PolicySubject& subject) {
  Policy policy(subject);
  AllowLooking(policy);
  policy.Allow("Read", {"s3:GetObject", "s3:GetObjectVersion"}, policy.Objects());
  policy.Allow("Export", {"s3:PutObject"}, policy.Objects({repository::kExportPrefix}));
  return policy.Finish();
}

Json MaintenancePolicy(const PolicySubject& subject) {
  using namespace repository;  // NOLINT(google-build-using-namespace): the names of the prefixes
  Policy policy(subject);
  AllowLooking(policy);
  ReadAllButPacks(policy);
  policy.Allow("Decide", {"s3:PutObject"},
               policy.Objects({kDecisionPrefix, kExpiryPrefix, kGcPlanPrefix, kLeasePrefix}));
  policy.Allow(
      "Hide", {"s3:DeleteObject"},
      policy.Objects({kDataPackPrefix, kMetaPackPrefix, kPinPrefix, kSessionPrefix, kManifestPrefix,
                      kReferenceListPrefix, kLeasePrefix, kExportPrefix}));
  policy.Allow("Lock", {"s3:GetObjectRetention", "s3:PutObjectRetention"}, policy.Objects());
  // Who can lock for ever can cost for ever.
  Json limit = Json::MakeObject();
  limit.Set("s3:object-lock-remaining-retention-days", std::to_string(subject.most_lock_days));
  Json condition = Json::MakeObject();
  condition.Set("NumericGreaterThan", std::move(limit));
  policy.Deny("LockNotForEver", {"s3:PutObjectRetention"}, policy.Objects())
      .Set("Condition", std::move(condition));
  policy.Deny("DestroyNothing",
              Joined(kObjectChanges, {"s3:BypassGovernanceRetention", "s3:PutObjectLegalHold"}),
              policy.Objects());
  policy.Deny("ChangeNoRules", kBucketChanges, policy.Bucket());
  return policy.Finish();
}

Json BucketPolicy(const PolicySubject& subject) {
  Policy policy(subject);
  // Nobody overwrites, with whatever credential: the store compares and creates in one step.
  if (subject.amazon) {
    Json header = Json::MakeObject();
    header.Set("s3:if-none-match", "true");
    Json condition = Json::MakeObject();
    condition.Set("Null", std::move(header));
    policy.DenyAll("CreateOnly", {"s3:PutObject"}, policy.Objects())
        .Set("Condition", std::move(condition));
  }
  policy.DenyAll("KeepVersions", {"s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"},
                 policy.Objects());
  return policy.Finish();
}

}  // namespace

Result<Json> MakePolicy(std::string_view role, const PolicySubject& subject) {
  if (role == "host") return HostPolicy(subject);
  if (role == "restore") return RestorePolicy(subject);
  if (role == "maintenance") return MaintenancePolicy(subject);
  if (role == "bucket") return BucketPolicy(subject);
  return Err(ErrorCode::kInvalidArgument, "there is no policy for '{}'", role)
      .WithHint("choose host, restore, maintenance or bucket");
}

}  // namespace pgkeep::cli
