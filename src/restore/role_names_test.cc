#include "restore/role_names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace pgkeep::restore {
namespace {

using archive::TocEntry;

TocEntry Entry(std::string kind, std::string definition, std::string owner = "") {
  TocEntry entry;
  entry.dump_id = 1;
  entry.kind = std::move(kind);
  entry.tag = "t";
  entry.definition = std::move(definition);
  entry.owner = std::move(owner);
  return entry;
}

using Roles = std::set<std::string>;

TEST(RoleNames, FindsRolesWherePgDumpWritesThem) {
  const auto roles = [](const TocEntry& entry, RoleUse use = {}) {
    return RolesNamed({entry}, use, true);
  };
  EXPECT_EQ(roles(Entry("TABLE", "CREATE TABLE s.t (a int);", "app owner")), Roles{"app owner"});
  EXPECT_EQ(roles(Entry("TABLE", "CREATE TABLE s.t ();", "app"), {.owners = false}), Roles{});
  const TocEntry acl = Entry("ACL",
                             "REVOKE ALL ON TABLE s.\"TO x\" FROM app;\nGRANT SELECT(a),INSERT(b) "
                             "ON TABLE s.t TO PUBLIC;\n"
                             "SET SESSION AUTHORIZATION \"the \"\"boss\";\nGRANT ALL ON TABLE s.t "
                             "TO r1 WITH GRANT OPTION;\n"
                             "RESET SESSION AUTHORIZATION;\n",
                             "owner is told by the table");
  EXPECT_EQ(roles(acl), (Roles{"app", "r1", "the \"boss"}));
  EXPECT_EQ(roles(acl, {.privileges = false}), Roles{});
  EXPECT_EQ(roles(Entry(
                "DEFAULT ACL",
                "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES  TO b;\n")),
            (Roles{"a", "b"}));
  EXPECT_EQ(
      roles(Entry("POLICY",
                  "CREATE POLICY p ON s.t AS RESTRICTIVE FOR SELECT TO a, PUBLIC, \"B\" USING "
                  "((x IN ( SELECT o.to FROM o)));\n")),
      (Roles{"a", "B"}));
  EXPECT_EQ(roles(Entry("USER MAPPING", "CREATE USER MAPPING FOR keeper SERVER far;\n")),
            Roles{"keeper"});
  EXPECT_EQ(roles(Entry("FUNCTION", "CREATE FUNCTION f() AS 'GRANT x TO y'")), Roles{});
}

TEST(RoleNames, PutsOthersInTheirPlace) {
  std::vector<TocEntry> entries = {
      Entry("TABLE", "CREATE TABLE s.app (app int);", "app"),
      Entry("ACL", "GRANT SELECT ON TABLE s.app TO app;\nGRANT ALL ON TABLE s.app TO other;\n",
            "app"),
      Entry("POLICY", "CREATE POLICY app ON s.app TO app USING ((app = 'app'::text));\n")};
  MapRoles(entries, {{.from = "app", .to = "new \"app"}}, true);
  EXPECT_EQ(entries[0].owner, "new \"app");
  EXPECT_EQ(entries[0].definition, "CREATE TABLE s.app (app int);");
  EXPECT_EQ(
      entries[1].definition,
      "GRANT SELECT ON TABLE s.app TO \"new \"\"app\";\nGRANT ALL ON TABLE s.app TO other;\n");
  EXPECT_EQ(entries[2].definition,
            "CREATE POLICY app ON s.app TO \"new \"\"app\" USING ((app = 'app'::text));\n");
}

}  // namespace
}  // namespace pgkeep::restore
