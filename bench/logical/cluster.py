"""A private PostgreSQL server that behaves like one in production: it syncs to disk."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile


class Cluster:
    """Own directory, own socket, no TCP; the superuser is postgres, who needs no password."""

    def __init__(self, programs, folder):
        self.bin = pathlib.Path(programs)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pgkeep-bench-", dir=folder))
        self.account = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam("postgres")
            self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.root, user.pw_uid, user.pw_gid)
            os.chmod(self.root, 0o755)
        self.environment = {**os.environ, "PGHOST": str(self.root), "PGUSER": "postgres",
                            "PGDATABASE": "postgres", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self, settings):
        data = self.root / "data"
        self._server("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                     "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.root}"
        options += "".join(f" -c {name}={value}" for name, value in settings.items())
        self._server("pg_ctl", "-D", data, "-w", "-t", "120", "-l", self.root / "log", "-o",
                     options, "start")

    def stop(self):
        if (self.root / "data" / "postmaster.pid").exists():
            self._server("pg_ctl", "-D", self.root / "data", "-m", "fast", "-w", "-t", "300",
                         "stop")
        shutil.rmtree(self.root)

    def sql(self, database, text):
        done = subprocess.run([self.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database,
                               "-f", "-"], input=text, text=True, check=True,
                              env=self.environment, stdout=subprocess.PIPE)
        return done.stdout.strip()

    def cpu_seconds(self):
        """Of the server and of all its processes that have ended."""
        postmaster = (self.root / "data" / "postmaster.pid").read_text().split()[0]
        stat = pathlib.Path("/proc", postmaster, "stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")

    def _server(self, program, *arguments):
        # Into a file, since the server would keep a pipe open.
        with open(self.root / "control", "w+", encoding="utf-8") as output:
            done = subprocess.run([self.bin / program, *map(str, arguments)], check=False,
                                  cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, **self.account)
            if done.returncode != 0:
                output.seek(0)
                raise RuntimeError(f"{program} failed: {output.read()}")
