"""A database with 100,000 tables: memory of pgkeep, and what it says when the server has too little
room for locks. Times are reported, not asserted."""

import json
import os
import unittest

import memory
import servers
from keeper import Keeper, conninfo
from private_cluster import PrivateCluster

TABLES = int(os.environ.get("PGKEEP_MATRIX_TABLES", "100000"))
TABLES_PER_TRANSACTION = 5000
DATABASE = "many"
# Every other table has a row.
MAKE_TABLES = """
DO $$ BEGIN FOR i IN {first}..{last} LOOP
  EXECUTE format('CREATE TABLE t%s (id int)', i);
  IF i % 2 = 0 THEN EXECUTE format('INSERT INTO t%s VALUES (%s)', i, i); END IF;
END LOOP; END $$
"""
ENTRIES = 2 * TABLES  # of the table of contents: each table, and its data
BOUND = (300 << 20) + (2 << 10) * ENTRIES


class ManyTables(unittest.TestCase):
    """The tests are steps, in the order of their names."""

    @classmethod
    def setUpClass(cls):
        # Room for five locks for each table: a backup takes about three.
        cls.cluster = PrivateCluster(servers.programs_of(servers.CLIENT_VERSION),
                                     max_locks_per_transaction=TABLES // 20 + 1000)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.new_database(DATABASE)
        for first in range(1, TABLES + 1, TABLES_PER_TRANSACTION):
            last = min(first + TABLES_PER_TRANSACTION - 1, TABLES)
            cls.cluster.sql(DATABASE, MAKE_TABLES.format(first=first, last=last))
        cls.cluster.sql(DATABASE, "VACUUM ANALYZE pg_class, pg_attribute, pg_depend, pg_type")
        cls.keeper = Keeper(cls.cluster)
        cls.addClassCleanup(cls.keeper.close)

    def measure(self, *words):
        """Runs pgkeep; gives its answer. Its memory is printed, and within bounds."""
        usage = memory.run(self.keeper.command(*words), self.keeper.folder, self.keeper.environment)
        self.assertEqual(usage.status, 0, usage.errors[-4000:] + usage.output[-4000:])
        self.assertGreater(usage.own, 0)
        # The largest of all was one that was looked at: no peak was missed.
        self.assertGreater(max(usage.own, *usage.children.values(), 0), 0.95 * usage.largest)
        others = "".join(f", {name} {size >> 20} MiB"
                         for name, size in usage.children.items() if name.startswith("pg_"))
        print(f"\n  {words[0]}: {usage.seconds:.0f} s, pgkeep {usage.own >> 20} MiB of "
              f"{BOUND >> 20}{others}", flush=True)
        self.assertLess(usage.own, BOUND)
        return json.loads(usage.output)

    def count_rows(self, database):
        count = """SELECT count(*), count(*) FILTER (WHERE pg_relation_size(oid) > 0)
                   FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relkind = 'r'"""
        return self.cluster.sql(database, count).strip()

    def test_1_check(self):
        checks = self.measure("check")["checks"]
        self.assertEqual([check for check in checks if check["state"] == "bad"], [])

    def test_2_the_first_backup(self):
        backup = self.measure("backup", "app", "--database", DATABASE)["backup"]
        self.assertEqual(backup["databases"][0]["tables"], TABLES)
        self.assertEqual(backup["databases"][0]["rows"], TABLES // 2)

    def test_3_an_incremental_backup(self):
        self.cluster.sql(DATABASE, "UPDATE t2 SET id = -2")
        backup = self.measure("backup", "app", "--database", DATABASE)["backup"]
        self.assertTrue(backup["incremental"])
        self.assertLess(backup["new_bytes"], backup["bytes"] / 2)

    def test_4_an_export(self):
        output = self.keeper.folder / "export"
        export = self.measure("export", "latest", "--database", DATABASE, "--output", output)
        self.assertEqual(export["export"]["tables"], TABLES)
        self.assertEqual(export["export"]["rows"], TABLES // 2)

    def test_5_a_restore(self):
        document = self.measure("restore", "latest", "--source-database", DATABASE, "--database",
                                f"{conninfo(self.cluster)} dbname=copy", "--create")
        self.assertTrue(document["restore"]["complete"])
        self.assertEqual(document["restore"]["tables"], TABLES)
        self.assertEqual(self.count_rows("copy"), self.count_rows(DATABASE))
        self.assertEqual(self.cluster.sql("copy", "SELECT id FROM t2"), "-2\n")

    def test_6_no_room_for_locks(self):
        self.cluster.stop_server()
        self.cluster.start_server(max_locks_per_transaction=10)
        checks = self.keeper.run("check", expect=1)["checks"]
        bad = [check for check in checks if check["state"] == "bad"]
        self.assertEqual({check["subject"] for check in bad}, {"locks"})
        [many] = [check for check in bad if check["text"].startswith(f"{DATABASE}: ")]
        self.assertRegex(many["text"], r"a backup takes about \d+, and the server has room for \d+")
        self.assertIn("raise max_locks_per_transaction", many["mend"])
        error = self.keeper.run("backup", "app", "--database", DATABASE, expect=1)["error"]
        self.assertEqual(error["code"], "limit_exceeded")
        self.assertEqual(error["message"], f"database {DATABASE}: the server has no room for locks "
                                           "on all tables: out of shared memory")
        self.assertIn("raise max_locks_per_transaction of the server", error["hint"])
        job = self.keeper.last_job()
        self.assertEqual((job["kind"], job["status"]), ("backup", "failed"))
