"""Backups restored into servers of the same version, of newer ones and of older ones."""

import itertools
import unittest

import copies
import servers
from keeper import Keeper
from rich_source import DATABASE, MODES, rich_schema, rich_source

# Each range type has a multirange type since version 14.
RANGE_TYPE = "CREATE TYPE shop.int_range AS RANGE (subtype = int4);\n"
# By (target, source): what the errors say, in their order.
NO_MULTIRANGES = ['type attribute "multirange_type_name" not recognized',
                  'type "shop.int_range" does not exist (in: ALTER TYPE']
NO_SCHEMAS_IN_PUBLICATIONS = [
    'syntax error at or near "TABLES" (in: ALTER PUBLICATION all_of_shop ADD TABLES IN SCHEMA']
UNKNOWN_TO_OLDER = {(14, 15): NO_SCHEMAS_IN_PUBLICATIONS,
                    (13, 15): NO_MULTIRANGES + NO_SCHEMAS_IN_PUBLICATIONS,
                    (13, 14): NO_MULTIRANGES}


class PlainSource:
    """A database of one version without what the oldest does not know, and a backup of it."""

    database = "plain"

    def __init__(self, version):
        self.version = version
        self.cluster = rich_source(version).cluster
        self.cluster.new_database(self.database)
        self.cluster.sql(self.database, rich_schema(servers.OLD[0]).replace(RANGE_TYPE, ""))
        self.keeper = Keeper(self.cluster)
        self.keeper.backup(self.database)

    def close(self):
        self.keeper.close()
        self.cluster.drop_database(self.database)


class Copies(unittest.TestCase):
    """Each copy is compared with its source by stock pg_dump: definitions and rows."""

    def restore(self, source, mode, target, expect=0):
        self.addCleanup(target.cluster.drop_database, "copy")
        target.cluster.drop_database("copy")
        return source.keepers[mode].restore(source.newest(mode), DATABASE, target.cluster, "copy",
                                            expect=expect)

    def test_the_same_version_and_newer_ones(self):
        for old, new in itertools.combinations_with_replacement(servers.OLD, 2):
            for mode in MODES:
                with self.subTest(source=old, target=new, read=mode):
                    source, target = rich_source(old), rich_source(new)
                    report = self.restore(source, mode, target)["restore"]
                    self.assertTrue(report["complete"])
                    self.assertTrue(report["fingerprints_equal"])
                    copies.assert_copy(source, target, "copy")

    def test_an_older_version_gets_what_it_can_hold(self):
        """Definitions that the target does not know fail, each with a line; all rows are there."""
        for (old, new), expected in UNKNOWN_TO_OLDER.items():
            with self.subTest(source=new, target=old):
                source, target = rich_source(new), rich_source(old)
                document = self.restore(source, "gentle", target, expect=1)
                self.assertIn(f"the target is PostgreSQL {old}, older than the source ({new}): "
                              "definitions that it does not know are errors",
                              document["plan"]["warnings"])
                report = document["restore"]
                self.assertFalse(report["complete"])
                self.assertEqual(report["failed_tables"], [])
                self.assertTrue(report["fingerprints_equal"])
                for error, part in zip(report["errors"], expected):
                    self.assertIn(part, error)
                self.assertEqual(len(report["errors"]), len(expected))
                self.assertIn("the restore is not complete", document["error"]["message"])
                self.assertEqual(copies.rows_of(target.cluster, "copy"),
                                 copies.rows_of(source.cluster, DATABASE))

    def test_an_older_version_gets_a_copy_of_what_it_knows(self):
        for old, new in itertools.combinations(servers.OLD, 2):
            with self.subTest(source=new, target=old):
                source, target = PlainSource(new), rich_source(old)
                self.addCleanup(source.close)
                self.addCleanup(target.cluster.drop_database, "copy")
                target.cluster.drop_database("copy")
                document = source.keeper.restore("latest", source.database, target.cluster, "copy")
                self.assertTrue(document["restore"]["complete"])
                copies.assert_copy(source, target, "copy")
