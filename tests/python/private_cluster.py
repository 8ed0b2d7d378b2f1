"""A private PostgreSQL server for one test: own directory, own socket, no TCP, gone at the end."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

CLIENTS = pathlib.Path("/usr/lib/postgresql/15/bin")
# For speed: what a crash would lose, a test does not need.
SETTINGS = {"fsync": "off", "wal_level": "logical", "full_page_writes": "off",
            "synchronous_commit": "off", "autovacuum": "off", "jit": "off", "max_wal_size": "8GB"}
ROLES = 'CREATE ROLE keeper; CREATE ROLE "reader; with ""quotes"""'


class PrivateCluster:
    """A running server whose superuser is postgres. Roles `keeper` and `reader; with "quotes"`.

    programs: the folder with the server's programs, of any version.
    settings: of the server, besides those for speed.
    Client programs are those of PostgreSQL 15, whatever the server is.
    """

    def __init__(self, programs=CLIENTS, **settings):
        self.bin = CLIENTS
        self.programs = pathlib.Path(programs)
        self.settings = {**SETTINGS, **settings}
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pgk-pg-"))
        self.data = self.root / "data"
        self.user = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self.root, account.pw_uid, account.pw_gid)
        self.environment = {**os.environ, "PGHOST": str(self.root), "PGUSER": "postgres",
                            "PGDATABASE": "postgres", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self):
        self.server("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "-N")
        self.start_server()
        self.sql("postgres", ROLES)

    def program(self):
        """The path of the program `postgres`."""
        return self.programs / "postgres"

    def start_server(self, **settings):
        """Starts it on the data that are there; these settings come before those of the cluster."""
        settings = {**self.settings, **settings, "unix_socket_directories": self.root}
        options = "-c listen_addresses=''" + "".join(
            f" -c {name}={value}" for name, value in settings.items())
        self.server("pg_ctl", "-D", self.data, "-p", self.program(), "-w", "-t", "300", "-l",
                    self.root / "log", "-o", options, "start")

    def stop_server(self, mode="fast"):
        if (self.data / "postmaster.pid").exists():
            self.server("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "300", "stop")

    def stop(self):
        self.stop_server("immediate")
        shutil.rmtree(self.root)

    def server(self, program, *arguments):
        # Into a file, since a server that is left behind would keep a pipe open.
        with open(self.root / "control", "w+", encoding="utf-8") as output:
            done = subprocess.run([self.programs / program, *map(str, arguments)], check=False,
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
        self.drop_database(name)
        self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c",
                 f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name):
        self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning",
                 "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
