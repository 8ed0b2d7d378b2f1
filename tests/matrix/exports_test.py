"""Exports of backups of all versions, restored by stock tools; and roles of all versions."""

import subprocess
import unittest

import copies
import servers
from keeper import Keeper
from private_cluster import PrivateCluster
from rich_source import DATABASE, rich_source

ROLES = {
    13: """
CREATE ROLE "odd "" role" LOGIN PASSWORD 'x' CONNECTION LIMIT 3 VALID UNTIL '2030-01-01 00:00 UTC';
ALTER ROLE keeper SET work_mem = '5MB';
COMMENT ON ROLE keeper IS 'keeps';
GRANT keeper TO "odd "" role" WITH ADMIN OPTION;
""",
    14: "GRANT pg_read_all_data TO keeper;",
    15: "GRANT SET ON PARAMETER log_statement TO keeper;",
    16: """
CREATE ROLE deputy;
GRANT keeper TO deputy WITH INHERIT FALSE, SET FALSE, ADMIN TRUE;
GRANT "odd "" role" TO deputy WITH INHERIT TRUE, SET FALSE;
GRANT pg_create_subscription TO deputy;
""",
    17: "GRANT pg_maintain TO deputy;",
    18: "GRANT pg_signal_autovacuum_worker TO deputy;",
}


class Exports(unittest.TestCase):
    def export(self, source, form):
        """The path; there is an empty database `copy` after it."""
        keeper = source.keepers["gentle"]
        output = keeper.folder / f"export.{form}"
        keeper.run("export", source.newest("gentle"), "--database", DATABASE, "--output", output,
                   "--format", form)
        self.addCleanup(source.cluster.drop_database, "copy")
        source.cluster.new_database("copy")
        return output

    def assert_stock_restores(self, form, program, arguments):
        for version in servers.VERSIONS:
            with self.subTest(version=version, format=form):
                source = rich_source(version)
                stock = servers.clients_of(servers.restored_by(version)) / program
                # The server warns of subscriptions that are not connected.
                database = "dbname=copy options='-c client_min_messages=error'"
                source.cluster.run(stock, *arguments, "-d", database,
                                   *self.last_arguments(source, form), stdout=subprocess.DEVNULL)
                copies.assert_copy(source, source, "copy")

    def last_arguments(self, source, form):
        output = self.export(source, form)
        if form != "plain":
            return [output]
        script = output.read_bytes()
        self.assertEqual(script.count(b"\nSET client_min_messages = warning;\n"), 1)
        output.write_bytes(script.replace(b"client_min_messages = warning",
                                          b"client_min_messages = error", 1))
        return ["-f", output]

    def test_a_directory(self):
        self.assert_stock_restores("directory", "pg_restore", ["--exit-on-error", "-j", 2])

    def test_a_custom_file(self):
        self.assert_stock_restores("custom", "pg_restore", ["--exit-on-error", "-j", 2])

    def test_a_script(self):
        self.assert_stock_restores("plain", "psql", ["-Xq", "-v", "ON_ERROR_STOP=1"])


class Roles(unittest.TestCase):
    def cluster(self, version):
        cluster = PrivateCluster(servers.programs_of(version))
        self.addCleanup(cluster.stop)
        cluster.start()
        return cluster

    def test_are_exported_as_stock_pg_dumpall_says_them(self):
        for version in servers.VERSIONS:
            with self.subTest(version=version):
                source, target = self.cluster(version), self.cluster(version)
                source.sql("postgres",
                           "".join(sql for since, sql in ROLES.items() if since <= version))
                keeper = Keeper(source)
                self.addCleanup(keeper.close)
                keeper.backup("postgres")
                output = keeper.folder / "globals.sql"
                keeper.run("export", "latest", "--format", "globals", "--output", output)
                expected = self.globals_of(source, version)
                self.assertEqual(self.statements(output.read_text(encoding="utf-8")), expected)
                self.assertTrue([line for line in expected if "pg_read_all_data" in line]
                                or version < 14)
                # Superuser and test roles are there already.
                script = "".join(
                    f"{line}\n" for line in self.statements(output.read_text(encoding="utf-8"))
                    if line != "CREATE ROLE postgres;")
                target.sql("postgres", 'DROP ROLE keeper; DROP ROLE "reader; with ""quotes"""')
                target.sql("postgres", script)
                self.assertEqual(self.globals_of(target, version), expected)

    def globals_of(self, cluster, version):
        pg_dumpall = servers.clients_of(servers.dumped_by(version)) / "pg_dumpall"
        return self.statements(cluster.run(pg_dumpall, "--globals-only").decode())

    def statements(self, script):
        """Lines without comments, and without the keys that are new with every run."""
        return [line for line in script.splitlines()
                if line and not line.startswith(("--", "\\restrict", "\\unrestrict"))]
