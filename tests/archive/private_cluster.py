"""A private PostgreSQL server for one test: own directory, own socket, no TCP, gone at the end."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

VERSION_FOLDERS = ("usr/lib/postgresql/15", "usr/share/postgresql/15")
EXTENSION = {
    "keeptest.control": "default_version = '1'\nrelocatable = false\n",
    "keeptest--1.sql": """
CREATE TABLE @extschema@.ext_setting (id int PRIMARY KEY, value text, builtin bool);
INSERT INTO @extschema@.ext_setting VALUES (1, 'built in', true);
CREATE TABLE @extschema@.ext_child (id int, setting int REFERENCES @extschema@.ext_setting);
CREATE SEQUENCE @extschema@.ext_seq;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_setting', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_child', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_seq', '');
""",
}


class PrivateCluster:
    """A running server whose superuser is postgres. Roles `keeper` and `reader; with "quotes"`."""

    def __init__(self):
        self.bin = pathlib.Path("/", VERSION_FOLDERS[0], "bin")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pgk-arc-"))
        self.user = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self.root, account.pw_uid, account.pw_gid)
        self.environment = {**os.environ, "PGHOST": str(self.root), "PGUSER": "postgres",
                            "PGDATABASE": "postgres", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self):
        postgres = self.install()
        data = self.root / "data"
        self.server("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "-N")
        options = (f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={self.root} "
                   "-c wal_level=logical -c full_page_writes=off -c synchronous_commit=off "
                   "-c autovacuum=off -c jit=off -c max_wal_size=8GB")
        self.server("pg_ctl", "-D", data, "-p", postgres, "-w", "-t", "120", "-l",
                    self.root / "log", "-o", options, "start")
        self.sql("postgres", 'CREATE ROLE keeper; CREATE ROLE "reader; with ""quotes"""')

    def install(self):
        """A copy of the server whose extensions folder may have one more; gives its program.

        The server finds its folders from where its program is: everything but that program and the
        folder of extensions is a link.
        """
        program, share = (self.root / folder for folder in VERSION_FOLDERS)
        (program / "bin").mkdir(parents=True)
        (share / "extension").mkdir(parents=True)
        shutil.copy(self.bin / "postgres", program / "bin")
        (program / "lib").symlink_to(self.bin.parent / "lib")
        original = pathlib.Path("/", VERSION_FOLDERS[1])
        for folder, target in ((original, share), (original / "extension", share / "extension")):
            for entry in folder.iterdir():
                if entry.name != "extension":
                    (target / entry.name).symlink_to(entry)
        for name, text in EXTENSION.items():
            (share / "extension" / name).write_text(text)
        return program / "bin" / "postgres"

    def stop(self):
        if (self.root / "data" / "postmaster.pid").exists():
            self.server("pg_ctl", "-D", self.root / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.root)

    def server(self, program, *arguments):
        # Into a file, since a server that is left behind would keep a pipe open.
        with open(self.root / "control", "w+", encoding="utf-8") as output:
            done = subprocess.run([self.bin / program, *map(str, arguments)], check=False,
                                  cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, **self.user)
            if done.returncode != 0:
                output.seek(0)
                raise AssertionError(f"{program} failed: {output.read()}")

    def run(self, program, *arguments, **more):
        """Runs a client program; gives what it printed. Any failure or warning is an error."""
        done = subprocess.run([self.bin / program, *map(str, arguments)], check=False,
                              env=self.environment, stdout=more.pop("stdout", subprocess.PIPE),
                              stderr=subprocess.PIPE, **more)
        if done.returncode != 0 or b"WARNING" in done.stderr or b"error" in done.stderr:
            raise AssertionError(f"{program} {arguments}: {done.returncode}\n"
                                 f"{done.stderr.decode(errors='replace')}")
        return done.stdout

    def sql(self, database, text):
        """Runs SQL in one transaction; gives the rows as text, columns separated by |."""
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-",
                        input=text.encode()).decode()

    def new_database(self, name, template="template0"):
        self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning",
                 "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
                 "-c", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name
