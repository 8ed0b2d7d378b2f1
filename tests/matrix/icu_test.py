"""Databases that sort by ICU, as they may since version 15, in servers of other versions."""

import unittest

import servers
from keeper import Keeper, conninfo
from private_cluster import PrivateCluster

SOURCE = 15
DATABASE = "sorted"
# Digits as numbers, which no locale of the operating system does.
LOCALE = "en-US-u-kn-true"
CONTENT = """
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words SELECT 'word ' || i FROM generate_series(1, 200) i;
"""
ORDER = "SELECT string_agg(word, ',' ORDER BY word) FROM words"


class IcuDatabases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = PrivateCluster(servers.programs_of(SOURCE))
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.sql("postgres", f"CREATE DATABASE {DATABASE} TEMPLATE template0 "
                                    f"LOCALE_PROVIDER icu ICU_LOCALE '{LOCALE}'")
        cls.cluster.sql(DATABASE, CONTENT)
        cls.keeper = Keeper(cls.cluster)
        cls.addClassCleanup(cls.keeper.close)
        cls.backup = cls.keeper.backup(DATABASE)["id"]

    def target(self, version):
        cluster = PrivateCluster(servers.programs_of(version))
        self.addCleanup(cluster.stop)
        cluster.start()
        return cluster

    def test_a_copy_sorts_as_the_original(self):
        expected = self.cluster.sql(DATABASE, ORDER)
        self.assertIn("word 9,word 10,", expected)
        for version in servers.VERSIONS:
            if version < SOURCE:
                continue
            with self.subTest(target=version):
                cluster = self.target(version)
                document = self.keeper.restore(self.backup, DATABASE, cluster, "copy")
                self.assertTrue(document["restore"]["complete"])
                self.assertEqual(cluster.sql("copy", ORDER), expected)
                provider = "SELECT datlocprovider FROM pg_database WHERE datname = 'copy'"
                self.assertEqual(cluster.sql("copy", provider), "i\n")

    def test_a_server_that_cannot_is_told_so(self):
        cluster = self.target(SOURCE - 1)
        error = self.keeper.restore(self.backup, DATABASE, cluster, "copy", expect=1)["error"]
        self.assertEqual(error["code"], "unsupported_version")
        self.assertEqual(error["message"], "PostgreSQL 14 cannot make a database that sorts as the "
                                           "source (provider 'i')")
        # The hint: a database made by hand takes the rows.
        cluster.new_database("copy")
        document = self.keeper.run("restore", self.backup, "--source-database", DATABASE,
                                   "--database", f"{conninfo(cluster)} dbname=copy")
        self.assertTrue(document["restore"]["complete"])
        self.assertEqual(cluster.sql("copy", "SELECT count(*) FROM words"), "200\n")
