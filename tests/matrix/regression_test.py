"""The database of PostgreSQL's own regression tests, backed up and restored exactly."""

import subprocess
import unittest

import copies
import servers
from column_order import sort_columns
from keeper import Keeper
from private_cluster import PrivateCluster
from regression_suite import DATABASE, make_database

# What is not the same in a copy, which is so with stock tools too: a table that got a column of its
# parent later, or got the parent, may have it behind its own. In the copy the columns of parents
# stand first, in their order, since pg_dump makes the table with INHERITS in one statement.
OTHER_COLUMN_ORDER = {
    "public.b_star": "a_star got column a when the table was there",
    "public.c_star": "a_star got column a when the table was there",
    "public.d_star": "a_star got column a when the table was there",
    "public.e_star": "a_star got column a when the table was there",
    "public.f_star": "a_star got column a, and e_star column e, when the table was there",
    "public.gtestxx_4": "it became a child of gtest1 when both were there",
    "public.renamecolumnanother": "renamecolumn got column w when the table was there",
    "public.renamecolumnchild": "renamecolumn got column w when the table was there",
    "public.test_type_diff_c": "test_type_diff got column f2 when the table was there",
    "public.test_type_diff2_c1": "it became a child of test_type_diff2 when both were there",
    "public.test_type_diff2_c2": "it became a child of test_type_diff2 when both were there",
}


class RegressionDatabase(unittest.TestCase):
    """Compared by stock pg_dump with the original, and with the copy that stock tools make."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = PrivateCluster(servers.programs_of(servers.CLIENT_VERSION))
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        make_database(cls.cluster)
        cls.keeper = Keeper(cls.cluster)
        cls.addClassCleanup(cls.keeper.close)
        cls.backup = cls.keeper.backup(DATABASE)
        stock = cls.keeper.folder / "stock.dump"
        cls.cluster.run("pg_dump", "-Fc", "-f", stock, DATABASE)
        cls.cluster.new_database("stock")
        cls.cluster.run("pg_restore", "--exit-on-error", "-d", "stock", stock)
        cls.stock = copies.script_of(cls.cluster, "stock")

    def assert_equal(self, database, expected):
        self.assertIsNone(copies.script_of(self.cluster, database).difference(expected))

    def restored(self):
        """The name of a database that pgkeep has restored."""
        self.addCleanup(self.cluster.drop_database, "copy")
        document = self.keeper.restore(self.backup["id"], DATABASE, self.cluster, "copy")
        self.assertEqual(document["restore"]["errors"], [])
        self.assertTrue(document["restore"]["fingerprints_equal"])
        return "copy"

    def test_it_is_large(self):
        self.assertEqual(self.backup["state"], "complete")
        self.assertGreater(self.backup["databases"][0]["tables"], 500)
        self.assertGreater(self.backup["databases"][0]["rows"], 400_000)

    def test_a_restore_is_the_copy_that_stock_tools_make(self):
        self.assert_equal(self.restored(), self.stock)

    def test_a_restore_differs_from_the_original_as_listed(self):
        original = copies.script_of(self.cluster, DATABASE)
        copy = copies.script_of(self.cluster, self.restored())
        self.assertIsNotNone(copy.difference(original))
        tables = sort_columns(original, OTHER_COLUMN_ORDER) | sort_columns(copy, OTHER_COLUMN_ORDER)
        self.assertEqual(tables, set(OTHER_COLUMN_ORDER))
        self.assertIsNone(copy.difference(original))

    def export(self, form):
        output = self.keeper.folder / f"export.{form}"
        self.keeper.run("export", self.backup["id"], "--database", DATABASE, "--output", output,
                        "--format", form)
        self.addCleanup(self.cluster.drop_database, "copy")
        self.cluster.new_database("copy")
        return output

    def test_exported_archives_are_restored_by_stock_tools(self):
        for form in ("directory", "custom"):
            with self.subTest(format=form):
                archive = self.export(form)
                self.cluster.run("pg_restore", "--exit-on-error", "-j", 4, "-d", "copy", archive)
                self.assert_equal("copy", self.stock)

    def test_an_exported_script_is_run_by_psql(self):
        script = self.export("plain")
        self.cluster.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "copy", "-f", script,
                         stdout=subprocess.DEVNULL)
        self.assert_equal("copy", self.stock)
