"""Backups from a standby: a streaming replica that accepts read-only queries."""

import unittest

import copies
import servers
from keeper import Keeper
from private_cluster import PrivateCluster
from rich_source import DATABASE, MODES, WIDE_TABLE, rich_schema

VERSION = servers.CLIENT_VERSION


class Standby(PrivateCluster):
    """A replica of another cluster."""

    def __init__(self, primary):
        super().__init__(primary.programs, **primary.settings)
        self.primary = primary

    def start(self):
        self.server("pg_basebackup", "-D", self.data, "-h", self.primary.root, "-U", "postgres",
                    "-X", "stream", "-c", "fast", "-R", "-N")
        self.start_server()

    def catch_up(self):
        """Waits until it has replayed all that the primary has written."""
        place = self.primary.sql("postgres", "SELECT pg_current_wal_lsn()").strip()
        while self.sql("postgres", f"SELECT pg_last_wal_replay_lsn() >= '{place}'") != "t\n":
            pass


class StandbyBackups(unittest.TestCase):
    """What is backed up from a standby is what the primary holds, but for unlogged rows, which a
    standby has not."""

    @classmethod
    def setUpClass(cls):
        cls.primary = PrivateCluster(servers.programs_of(VERSION))
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.start()
        cls.primary.new_database(DATABASE)
        cls.primary.sql(DATABASE, rich_schema(VERSION) + WIDE_TABLE)
        cls.standby = Standby(cls.primary)
        cls.addClassCleanup(cls.standby.stop)
        cls.standby.start()
        cls.standby.catch_up()

    def keeper(self, cluster, **settings):
        keeper = Keeper(cluster, **settings)
        self.addCleanup(keeper.close)
        return keeper

    def test_it_is_a_standby(self):
        self.assertEqual(self.standby.sql(DATABASE, "SELECT pg_is_in_recovery()"), "t\n")

    def test_check_warns(self):
        checks = self.keeper(self.standby).run("check")["checks"]
        odd = [check for check in checks if check["state"] != "good"]
        self.assertEqual([check["subject"] for check in odd], ["connection"])
        self.assertIn("a standby, which may cancel a long backup", odd[0]["text"])

    def test_a_restored_backup_is_a_copy_of_the_primary(self):
        less = "--no-unlogged-table-data"
        expected = copies.script_of(self.primary, DATABASE, less)
        for mode in MODES:
            with self.subTest(read=mode):
                keeper = self.keeper(self.standby, read=f'"{mode}"')
                keeper.backup(DATABASE)
                again = keeper.backup(DATABASE)
                self.assertTrue(again["incremental"])
                self.assertLess(again["new_bytes"], again["bytes"] / 100)
                self.addCleanup(self.primary.drop_database, "copy")
                self.primary.drop_database("copy")
                document = keeper.restore(again["id"], DATABASE, self.primary, "copy")
                self.assertTrue(document["restore"]["complete"])
                copy = copies.script_of(self.primary, "copy", less)
                self.assertIsNone(copy.difference(expected))
                self.assertEqual(self.primary.sql("copy", "SELECT count(*) FROM shop.scratch"),
                                 "0\n")

    def test_a_restore_into_it_is_refused(self):
        keeper = self.keeper(self.standby)
        backup = keeper.backup(DATABASE)
        document = keeper.restore(backup["id"], DATABASE, self.standby, "copy", expect=3)
        self.assertIn("the target is a standby, which cannot be written to",
                      [problem["message"] for problem in document["plan"]["problems"]])
