"""Servers that are newer than every pg_dump at hand: a clear refusal, and a row in the history."""

import unittest

import servers
from keeper import Keeper
from private_cluster import CLIENTS, PrivateCluster

DATABASE = "shop"


class NewerSources(unittest.TestCase):
    def test_are_refused_with_one_sentence(self):
        for version in servers.NEW:
            with self.subTest(version=version):
                self.refused(version)

    def refused(self, version):
        cluster = PrivateCluster(servers.programs_of(version))
        self.addCleanup(cluster.stop)
        cluster.start()
        cluster.new_database(DATABASE)
        cluster.sql(DATABASE, "CREATE TABLE orders AS SELECT generate_series(1, 100) AS id")
        # This folder and no other: the machine may have a newer pg_dump too.
        keeper = Keeper(cluster, programs=f'"{CLIENTS}"')
        self.addCleanup(keeper.close)

        def sentence(program):
            return (f"{CLIENTS}/{program} is version {servers.CLIENT_VERSION}, but the server is "
                    f"version {version}: an older {program} cannot back up a newer server")

        checks = keeper.run("check", expect=1)["checks"]
        bad = {check["subject"]: check for check in checks if check["state"] != "good"}
        self.assertEqual(sorted(bad), ["pg_dump", "pg_dumpall"])
        for program, check in bad.items():
            self.assertEqual(check["text"], sentence(program))
            self.assertIn(f"postgresql-client-{version}", check["mend"])

        error = keeper.run("backup", "app", "--database", DATABASE, expect=1)["error"]
        self.assertEqual(error["code"], "unsupported_version")
        self.assertIn(sentence("pg_dump"), error["message"])
        self.assertIn(f"postgresql-client-{version}", error["hint"])
        job = keeper.last_job()
        self.assertEqual((job["kind"], job["status"]), ("backup", "failed"))
        self.assertEqual(job["error"]["message"], error["message"])
        self.assertEqual(keeper.run("list")["backups"], [])
