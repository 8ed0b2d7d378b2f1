"""A backup of PostgreSQL 15 restored, by pg_restore 15, into servers that are newer."""

import unittest

import servers
from content import content_of
from keeper import conninfo
from private_cluster import PrivateCluster
from rich_source import DATABASE, rich_source


class NewerTargets(unittest.TestCase):
    """The stock pg_dump at hand refuses these servers, so psql compares."""

    @classmethod
    def setUpClass(cls):
        cls.source = rich_source(servers.CLIENT_VERSION)
        cls.expected = content_of(cls.source.cluster, DATABASE)

    def test_the_comparison_finds_differences(self):
        cluster = self.source.cluster
        cluster.new_database("changed", template=DATABASE)
        self.addCleanup(cluster.drop_database, "changed")
        self.assertEqual(content_of(cluster, "changed"), self.expected)
        for loss in ("DROP PUBLICATION all_of_shop",  # first, since it forbids what follows
                     "UPDATE shop.dog SET bark = NULL",
                     "ALTER TABLE shop.customer DROP CONSTRAINT name_not_empty",
                     "DROP INDEX shop.totals_key",
                     "COMMENT ON COLUMN shop.customer.name IS NULL",
                     "SELECT lo_unlink(70001)",
                     'REVOKE SELECT ON shop.customer FROM "reader; with ""quotes"""'):
            before = content_of(cluster, "changed")
            cluster.sql("changed", loss)
            self.assertNotEqual(content_of(cluster, "changed"), before, loss)

    def test_are_given_everything(self):
        for version in servers.NEW:
            with self.subTest(version=version):
                cluster = PrivateCluster(servers.programs_of(version))
                self.addCleanup(cluster.stop)
                cluster.start()
                document = self.source.keepers["gentle"].restore(
                    self.source.newest("gentle"), DATABASE, cluster, "copy")
                self.assertTrue(document["restore"]["complete"])
                self.assertTrue(document["restore"]["fingerprints_equal"])
                self.assertEqual(document["plan"]["warnings"], [])
                self.assert_content(content_of(cluster, "copy"))
                self.assert_a_part(cluster)

    def assert_a_part(self, cluster):
        """A table beside what is there already, in a schema of its own."""
        document = self.source.keepers["gentle"].run(
            "restore", self.source.newest("gentle"), "--source-database", DATABASE, "--database",
            f"{conninfo(cluster)} dbname=copy", "--table", "shop.order", "--into-schema", "rescued")
        self.assertTrue(document["restore"]["complete"])
        answers = {cluster.sql("copy", f"SELECT count(*), sum(amount) FROM {schema}.\"order\"")
                   for schema in ("shop", "rescued")}
        self.assertEqual(answers, {"301|67742.25\n"})

    def assert_content(self, actual):
        self.assertEqual(sorted(actual), sorted(self.expected))
        for name, expected in self.expected.items():
            with self.subTest(compared=name):
                self.assertEqual(actual[name], expected)
