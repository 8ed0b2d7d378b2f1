"""Backups restored into servers of the same version, of newer ones and of older ones."""

import functools
import itertools
import re
import unittest

import copies
import servers
from keeper import Keeper
from rich_source import DATABASE, MODES, rich_schema, rich_source

OLDEST = servers.VERSIONS[0]
# Each range type has a multirange type since version 14.
RANGE_TYPE = "CREATE TYPE shop.int_range AS RANGE (subtype = int4);\n"
# What the errors of a restore into servers before a version are about: each of these, and nothing
# else. One object that cannot be made is often more than one error.
UNKNOWN_BEFORE = {
    14: ("multirange_type_name", "type shop.int_range OWNER"),
    15: ("ALTER PUBLICATION all_of_shop ADD TABLES IN SCHEMA",),
    16: ("shop.ruled", "shop.since_16", "shop.any_word", "shop.constructors",
         "SUBSCRIPTION faraway"),
    17: ("shop.built_in", "shop.since_17", "shop.merged", "shop.taken_apart",
         "EVENT TRIGGER on_login"),
    18: ("shop.fast", "shop.since_18", "shop.only_virtual", "shop.old_and_new",
         "PUBLICATION with_generated", "shop.late_key", "shop.not_yet_null", "shop.rented",
         "shop.guest|shop.rented", "shop.believed", "ON LARGE OBJECTS"),
}
# Tables that cannot be made in servers before a version.
NO_TABLES_BEFORE = {16: {"shop.since_16"}, 17: {"shop.since_17_few", "shop.since_17_rest"},
                    18: {"shop.since_18", "shop.since_18_child", "shop.only_virtual"}}
# (source, target, program): restored by a pg_restore that would not have been chosen.
OTHER_PROGRAMS = ((15, 13, 17), (14, 13, 18), (16, 15, 17), (18, 16, 18), (15, 17, 15),
                  (16, 18, 15), (17, 18, 17), (18, 17, 15))


class PlainSource:
    """A database of one version without what the oldest does not know, and a backup of it."""

    database = "plain"

    def __init__(self, version):
        self.version = version
        self.cluster = rich_source(version).cluster
        self.cluster.new_database(self.database)
        self.cluster.sql(self.database, rich_schema(OLDEST).replace(RANGE_TYPE, ""))
        self.keeper = Keeper(self.cluster)
        self.keeper.backup(self.database)

    def close(self):
        self.keeper.close()
        self.cluster.drop_database(self.database)


class Copies(unittest.TestCase):
    """Each copy is compared with its source by stock pg_dump: definitions and rows."""

    @classmethod
    def setUpClass(cls):
        @functools.cache
        def plain_source(version):
            source = PlainSource(version)
            cls.addClassCleanup(source.close)
            return source

        cls.plain_source = staticmethod(plain_source)

    def fresh_target(self, version):
        """A server that has no database `copy`, neither now nor when the test is over."""
        target = rich_source(version)
        self.addCleanup(target.cluster.drop_database, "copy")
        target.cluster.drop_database("copy")
        return target

    def restore(self, source, mode, target, *more, expect=0):
        return source.keepers[mode].restore(source.newest(mode), DATABASE, target.cluster, "copy",
                                            *more, expect=expect)

    def test_the_same_version_and_newer_ones(self):
        for old, new in itertools.combinations_with_replacement(servers.VERSIONS, 2):
            for mode in MODES:
                with self.subTest(source=old, target=new, read=mode):
                    source, target = rich_source(old), self.fresh_target(new)
                    report = self.restore(source, mode, target)["restore"]
                    self.assertTrue(report["complete"])
                    self.assertTrue(report["fingerprints_equal"])
                    copies.assert_copy(source, target, "copy")

    def test_an_older_version_gets_what_it_can_hold(self):
        """Definitions that the target does not know fail, each with a line; all rows are there."""
        for old, new in itertools.combinations(servers.VERSIONS, 2):
            unknown = [since for since in UNKNOWN_BEFORE if old < since <= new]
            if not unknown:
                continue
            with self.subTest(source=new, target=old):
                source, target = rich_source(new), self.fresh_target(old)
                # One job: several processes of pg_restore write their complaints into each other.
                document = self.restore(source, "gentle", target, "--jobs", 1, expect=1)
                self.assertIn(f"the target is PostgreSQL {old}, older than the source ({new}): "
                              "definitions that it does not know are errors",
                              document["plan"]["warnings"])
                report = document["restore"]
                self.assertFalse(report["complete"])
                self.assertIn("the restore is not complete", document["error"]["message"])
                self.assert_errors(report["errors"], unknown)
                self.assert_rows(source, target, report, unknown)

    def assert_errors(self, errors, unknown):
        expected = [part for since in unknown for part in UNKNOWN_BEFORE[since]]
        for part in expected:
            self.assertTrue([error for error in errors if re.search(part, error, re.IGNORECASE)],
                            f"no error about {part}")
        others = [error for error in errors
                  if not re.search("|".join(expected), error, re.IGNORECASE)]
        self.assertEqual(others, [])

    def assert_rows(self, source, target, report, unknown):
        missing = set().union(*(NO_TABLES_BEFORE.get(since, set()) for since in unknown))
        self.assertEqual(set(report["failed_tables"]), missing)
        self.assertEqual(report["fingerprints_equal"], not missing)
        expected = {statement: rows
                    for statement, rows in copies.rows_of(source.cluster, DATABASE).items()
                    if statement.split()[1].decode() not in missing}
        self.assertEqual(copies.rows_of(target.cluster, "copy"), expected)

    def test_an_older_version_gets_a_copy_of_what_it_knows(self):
        for old, new in itertools.combinations(servers.VERSIONS, 2):
            with self.subTest(source=new, target=old):
                self.assert_plain_copy(new, old)

    def test_other_versions_of_pg_restore_make_the_same_copy(self):
        """Newer ones set time limits that an older server does not know, for example."""
        for new, old, program in OTHER_PROGRAMS:
            with self.subTest(source=new, target=old, pg_restore=program):
                keeper = self.plain_source(new).keeper
                keeper.set("programs", f'"{servers.clients_of(program)}"')
                self.addCleanup(keeper.set, "programs", '""')
                self.assert_plain_copy(new, old)
                keeper.set("programs", '""')

    def assert_plain_copy(self, source_version, target_version):
        source, target = self.plain_source(source_version), self.fresh_target(target_version)
        document = source.keeper.restore("latest", source.database, target.cluster, "copy")
        self.assertTrue(document["restore"]["complete"])
        self.assertEqual(document["restore"]["errors"], [])
        copies.assert_copy(source, target, "copy")
