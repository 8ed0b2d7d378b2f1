"""Backups of every server that the stock pg_dump at hand can read."""

import unittest

import servers
from rich_source import DATABASE, MODES, rich_source

# PostgreSQL 14 and newer scan a range of blocks without looking at the rest of the table.
RANGE_SCANS_SINCE = 14


class Backups(unittest.TestCase):
    """The first, one when nothing had changed, one after a few changes."""

    def for_each(self, check):
        """Calls it with each source, way of reading and list of backups."""
        for version in servers.OLD:
            for mode in MODES:
                with self.subTest(version=version, read=mode):
                    source = rich_source(version)
                    check(source, mode, source.backups[mode])

    def test_the_first_stores_everything(self):
        def check(source, _, backups):
            first = backups[0]
            self.assertEqual(first["state"], "complete")
            self.assertFalse(first["incremental"])
            self.assertGreaterEqual(first["new_bytes"], first["bytes"])
            self.assertGreater(first["bytes"], 13_000_000)
            count = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
            self.assertEqual(first["databases"][0]["tables"],
                             int(source.cluster.sql(DATABASE, count)))

        self.for_each(check)

    def test_one_without_changes_stores_almost_nothing(self):
        def check(_, __, backups):
            first, unchanged, _ = backups
            self.assertTrue(unchanged["incremental"])
            self.assertEqual(unchanged["databases"][0]["rows"], first["databases"][0]["rows"])
            self.assertLess(unchanged["new_bytes"], first["bytes"] / 100)

        self.for_each(check)

    def test_few_changes_are_few_bytes(self):
        def check(_, __, backups):
            first, unchanged, changed = backups
            self.assertTrue(changed["incremental"])
            self.assertEqual(changed["databases"][0]["rows"], first["databases"][0]["rows"])
            self.assertGreater(changed["new_bytes"], unchanged["new_bytes"])
            self.assertLess(changed["new_bytes"], first["bytes"] / 20)

        self.for_each(check)

    def test_every_byte_is_there(self):
        def check(source, mode, _):
            data = source.keepers[mode].run("verify", "--data", "100")["data"]
            self.assertEqual(data["problems"], [])
            self.assertGreater(data["frames"], 0)

        self.for_each(check)

    def test_check_finds_nothing_amiss(self):
        def check(source, mode, _):
            checks = source.keepers[mode].run("check")["checks"]
            self.assertEqual([check for check in checks if check["state"] != "good"], [])
            self.assertGreater(len(checks), 10)

        self.for_each(check)

    def test_large_tables_are_read_in_ranges_where_the_server_can(self):
        for version in servers.OLD:
            with self.subTest(version=version):
                ranges = [line for line in rich_source(version).server_log().splitlines()
                          if "COPY (SELECT ctid" in line and '."wide" WHERE ctid >=' in line]
                self.assertEqual(bool(ranges), version >= RANGE_SCANS_SINCE, ranges[:3])
