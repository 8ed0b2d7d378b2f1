"""Databases that sort by ICU (since version 15), by its rules (16) or by the server's own tables
(17), in servers of other versions."""

import unittest
from typing import NamedTuple

import servers
from keeper import Keeper, conninfo
from private_cluster import PrivateCluster

DATABASE = "sorted"
CONTENT = """
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words SELECT 'word ' || i FROM generate_series(1, 200) i;
INSERT INTO words VALUES ('g'), ('h'), ('a'), ('B'), ('b'), ('ß'), ('Ä');
"""
ORDER = "SELECT string_agg(word, ',' ORDER BY word), upper('ß') FROM words"
PROVIDER = "SELECT datlocprovider FROM pg_database WHERE datname = '{}'"


class Sorting(NamedTuple):
    """A way to sort that versions from `since` on have."""

    since: int
    options: str  # of CREATE DATABASE
    provider: str  # in pg_database
    proof: str  # what only this order has
    refusal: str  # what an older server is said to lack
    sorts: str  # the way, in a warning


SORTINGS = {
    # Digits as numbers, which no locale of the operating system does.
    "icu": Sorting(15, "LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-kn-true'", "i", "word 9,word 10,",
                   "(provider 'i')", "'en-US-u-kn-true' of ICU"),
    "icu_rules": Sorting(16, "LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&a < g'", "i",
                         "Ä,g,b,", "(provider 'i' with rules of its own)", "'und' of ICU"),
    "builtin": Sorting(17, "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'", "b", "B,a,b,g,h,w",
                       "(provider 'b')", "'C.UTF-8', built in"),
    "builtin_full": Sorting(18, "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'", "b",
                            "|SS\n", "", "'PG_UNICODE_FAST', built in"),
}


class SortedDatabases(unittest.TestCase):
    """One server of each version, one backup of each kind of sorting."""

    @classmethod
    def setUpClass(cls):
        cls.clusters = {}
        for version in range(min(sorting.since for sorting in SORTINGS.values()) - 1,
                             servers.VERSIONS[-1] + 1):
            cls.clusters[version] = cluster = PrivateCluster(servers.programs_of(version))
            cls.addClassCleanup(cluster.stop)
            cluster.start()
        cls.keepers = {}
        cls.orders = {}
        for name, sorting in SORTINGS.items():
            cluster = cls.clusters[sorting.since]
            cluster.drop_database(DATABASE)
            cluster.sql("postgres",
                        f"CREATE DATABASE {DATABASE} TEMPLATE template0 {sorting.options}")
            cluster.sql(DATABASE, CONTENT)
            cls.orders[name] = cluster.sql(DATABASE, ORDER)
            cls.keepers[name] = Keeper(cluster)
            cls.addClassCleanup(cls.keepers[name].close)
            cls.keepers[name].backup(DATABASE)

    def test_a_copy_sorts_as_the_original(self):
        for name, sorting in SORTINGS.items():
            self.assertIn(sorting.proof, self.orders[name])
            for version, cluster in self.clusters.items():
                if version < sorting.since:
                    continue
                with self.subTest(sorting=name, target=version):
                    self.addCleanup(cluster.drop_database, "copy")
                    cluster.drop_database("copy")
                    document = self.keepers[name].restore("latest", DATABASE, cluster, "copy")
                    self.assertTrue(document["restore"]["complete"])
                    self.assertEqual(cluster.sql("copy", ORDER), self.orders[name])
                    self.assertEqual(cluster.sql("copy", PROVIDER.format("copy")),
                                     f"{sorting.provider}\n")

    def test_a_server_that_cannot_is_told_so(self):
        for name, sorting in SORTINGS.items():
            version = sorting.since - 1
            cluster = self.clusters[version]
            with self.subTest(sorting=name, target=version):
                self.addCleanup(cluster.drop_database, "copy")
                cluster.drop_database("copy")
                error = self.keepers[name].restore("latest", DATABASE, cluster, "copy",
                                                   expect=1)["error"]
                if sorting.refusal:
                    self.assertEqual(error["code"], "unsupported_version")
                    self.assertEqual(error["message"],
                                     f"PostgreSQL {version} cannot make a database that sorts as "
                                     f"the source {sorting.refusal}")
                else:  # a locale of a provider that the server does have
                    self.assertIn("PG_UNICODE_FAST", error["message"])
                self.assert_made_by_hand(name, sorting, cluster)

    def assert_made_by_hand(self, name, sorting, cluster):
        """What the hint says: such a database takes the rows. It sorts otherwise, as is told."""
        cluster.new_database("copy")
        document = self.keepers[name].run("restore", "latest", "--source-database", DATABASE,
                                          "--database", f"{conninfo(cluster)} dbname=copy")
        self.assertIn(f"the target sorts by 'C.UTF-8', the source by {sorting.sorts}",
                      document["plan"]["warnings"])
        self.assertTrue(document["restore"]["complete"])
        self.assertEqual(cluster.sql("copy", "SELECT count(*) FROM words"), "207\n")
