"""The database of PostgreSQL's own regression tests, backed up and restored exactly."""

import subprocess
import unittest

import copies
import servers
from keeper import Keeper
from private_cluster import PrivateCluster
from regression_suite import DATABASE, make_database


class RegressionDatabase(unittest.TestCase):
    """Stock pg_dump and pg_restore say what a copy can be at best: ours must be that copy, and
    where stock tools themselves make other than the original, that is listed with its reason."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = PrivateCluster(servers.programs_of(servers.CLIENT_VERSION))
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        make_database(cls.cluster)
        cls.keeper = Keeper(cls.cluster)
        cls.addClassCleanup(cls.keeper.close)
        cls.backup = cls.keeper.backup(DATABASE)
        cls.original = copies.script_of(cls.cluster, DATABASE)

    def test_it_is_large(self):
        self.assertEqual(self.backup["state"], "complete")
        self.assertGreater(self.backup["databases"][0]["tables"], 500)

    def test_a_restore_is_a_copy(self):
        document = self.keeper.restore(self.backup["id"], DATABASE, self.cluster, "copy")
        self.assertEqual(document["restore"]["errors"], [])
        self.assert_copy("copy")
