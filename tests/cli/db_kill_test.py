#!/usr/bin/env python3
"""kill -9 in every phase of a backup, a restore and an export, with a real server.

usage: db_kill_test.py --pgkeep FILE --halt LIBRARY [--all] [unittest arguments]

The program is brought to a halt where a case says (halt.cc), or a program of PostgreSQL that it has
started is, and killed there. The history then tells in which phase that was. Nothing half done may
be seen as done, all that is stored must verify, the next run must work, and what it gives must be
what stock pg_dump says of the source. Without --all only some of the places are tried.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "archive"))
from private_cluster import PrivateCluster  # noqa: E402  (after the line above)

OPTIONS = None
PROGRAMS = ("pg_dump", "pg_dumpall", "pg_restore")
# Runs the program of its name, but hangs where the file says so: with a word of the arguments.
WRAPPER = """#!/bin/sh
if [ -e "{root}/hang" ] && [ "$1" != --version ]; then
  read -r name word <"{root}/hang"
  case "$name $*" in
    "{name} "*"$word"*) echo $$ >"{root}/mark.new"; mv "{root}/mark.new" "{root}/mark"
      exec sleep 100000 ;;
  esac
fi
exec "{program}" "$@"
"""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the kill comes: in which phase, as halt.cc has it or "program NAME [WORD]"."""
    phase: str
    halt: str
    quick: bool = False
    done: bool = False  # what was to be made is there all the same


BACKUP = (
    Place("starting", "phase starting"),
    Place("reading_globals", "program pg_dumpall", quick=True),
    Place("connecting", "phase connecting"),
    Place("taking_snapshot", "sql pg_export_snapshot"),
    Place("listing_tables", "phase listing_tables"),
    Place("locking_tables", "sql LOCK TABLE"),
    Place("comparing_tables", "phase comparing_tables"),
    Place("starting_workers", "sql SET TRANSACTION SNAPSHOT"),
    Place("reading_definitions", "program pg_dump", quick=True),
    Place("reading_tables", "rows 4000 \"orders\"", quick=True),
    Place("reading_tables", "rows 300 pg_largeobject"),
    Place("finishing", "phase finishing"),
    Place("committing", "phase committing"),
    Place("committing", "link /dec/", quick=True),
    Place("committing", "linked /dec/", quick=True, done=True),
)
RESTORE = (
    Place("planning", "phase planning"),
    Place("pre_data", "sql CREATE DATABASE"),
    Place("pre_data", "program pg_restore --section=pre-data"),
    Place("data", "phase data"),
    Place("data", "rows 20 COPY public.orders", quick=True),
    Place("sequences", "sql setval"),
    Place("large_objects", "sql lo_put"),
    Place("post_data", "program pg_restore --section=post-data", quick=True),
    Place("analyze", "sql ANALYZE"),
)
EXPORT = (
    ("directory", Place("planning", "phase planning")),
    ("directory", Place("data", "create .dat", quick=True)),
    ("directory", Place("large_objects", "create blob_")),
    ("directory", Place("finishing", "create toc.dat")),
    ("custom", Place("data", "phase data")),
    ("custom", Place("finishing", "phase finishing")),
    ("plain", Place("finishing", "phase finishing")),
)
MAINTENANCE = (
    (("verify", "--data", "100"), Place("verifying_structure", "phase verifying_structure")),
    (("verify", "--data", "100"), Place("verifying_data", "phase verifying_data", quick=True)),
    (("gc",), Place("reading_lists", "phase reading_lists")),
    (("gc",), Place("planning", "link /gcplan/")),
    (("gc",), Place("deleting", "phase deleting", quick=True)),
    (("gc",), Place("sweeping", "phase sweeping")),
)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class World:
    """A server with a database, and a repository with one backup of it."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pgkeep-db-kill-"))
        self.mark = self.root / "mark"
        self.hang = self.root / "hang"
        self.cluster = PrivateCluster()
        self.cluster.start()
        self.changes = 0
        self.make_database()
        (self.root / "tmp").mkdir()
        self.environment = {"HOME": str(self.root), "PATH": os.environ["PATH"], "TERM": "dumb",
                            "LC_ALL": "C.UTF-8", "PGKEEP_STATE_DIR": str(self.root / "state"),
                            "TMPDIR": str(self.root / "tmp")}
        self.configure()

    def make_database(self):
        self.cluster.new_database("shop")
        self.cluster.sql("shop", """
            create table orders (id serial primary key, t text);
            insert into orders (t) select md5(n::text) || repeat(md5((n + 1)::text), 10)
              from generate_series(1, 8000) n;
            create table lines (id int references orders, v numeric);
            insert into lines select n, n / 3.0 from generate_series(1, 5000) n;
            create index on lines (v);
            create view v as select count(*) from lines;
            select lo_from_bytea(n, decode(repeat(md5(n::text), 10000), 'hex'))
              from generate_series(100, 103) n""")

    def configure(self):
        self.pgkeep("init", "--repository", self.root / "repository", "--quiet")
        programs = self.root / "programs"
        programs.mkdir()
        for name in PROGRAMS:
            (programs / name).write_text(WRAPPER.format(root=self.root, name=name,
                                                        program=self.cluster.bin / name))
            (programs / name).chmod(0o755)
        with open(self.root / "pgkeep.toml", "a", encoding="utf-8") as file:
            file.write(f"""
[source.app]
conninfo = "host={self.cluster.root} user=postgres"
databases = ["shop"]
[source.app.logical]
programs = "{programs}"
""")

    def close(self):
        self.cluster.stop()
        shutil.rmtree(self.root)

    def change(self):
        self.changes += 1
        self.cluster.sql("shop", f"""
            update orders set t = 'change {self.changes}' where id % 50 = {self.changes};
            insert into orders (t) values ('new {self.changes}')""")

    def start(self, *arguments, **more):
        return subprocess.Popen([OPTIONS.pgkeep, *map(str, arguments)], cwd=self.root,
                                env={**self.environment, **more}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments):
        """Returns (status, output, errors)."""
        process = self.start(*arguments)
        output, errors = process.communicate()
        return process.returncode, output, errors

    def pgkeep(self, *arguments):
        status, output, errors = self.run(*arguments)
        if status != 0:
            raise AssertionError(f"pgkeep {arguments} ended with {status}: {output}{errors}")
        return output

    def json(self, *arguments):
        return json.loads(self.pgkeep("--json", *arguments))

    def kill_at(self, place, *arguments):
        """Runs the program until it is where it is to be killed, and kills it."""
        self.mark.unlink(missing_ok=True)
        halt = {}
        if place.halt.startswith("program "):
            self.hang.write_text(place.halt.removeprefix("program ") + "\n")
        else:
            halt = {"LD_PRELOAD": OPTIONS.halt, "PGKEEP_HALT_AT": place.halt,
                    "PGKEEP_HALT_MARK": str(self.mark)}
        process = self.start(*arguments, "--quiet", **halt)
        while not self.mark.exists():
            if process.poll() is not None:
                raise AssertionError(f"{place} was never reached: {process.communicate()}")
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        child = self.mark.read_text().strip()
        self.hang.unlink(missing_ok=True)
        while child and alive(child):  # it dies with the one who has started it
            time.sleep(0.01)
        return process.returncode

    def newest_job(self, kind):
        return self.json("history", "--kind", kind, "--limit", "1")["jobs"][0]

    def packs(self):
        return sum(1 for path in (self.root / "repository/p").rglob("*") if path.is_file())

    def dump(self, database):
        """What stock pg_dump says, without what differs from run to run. Where a row stands in
        its table is the server's affair."""
        def lines(part):
            text = self.cluster.run("pg_dump", part, database).decode()
            return [line for line in text.split("\n")
                    if not line.startswith(("--", "\\restrict", "\\unrestrict"))]
        return lines("--schema-only") + sorted(lines("--data-only"))

    def comment(self, database):
        return self.cluster.sql("postgres", "select shobj_description(oid, 'pg_database') from "
                                f"pg_database where datname = '{database}'").strip()

    def drop(self, database):
        self.cluster.sql("postgres", f"drop database if exists {database} with (force)")

    def exists(self, database):
        # A server may still be making what a client that is gone has asked for.
        while self.cluster.sql("postgres", "select count(*) from pg_stat_activity where "
                               "query like 'CREATE DATABASE%' and state = 'active'") != "0\n":
            time.sleep(0.01)
        return self.cluster.sql("postgres", "select count(*) from pg_database where "
                                f"datname = '{database}'") == "1\n"


class Kill(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.pgkeep("backup", "app", "--quiet")

    def for_each(self, cases, function):
        """Cases are tuples whose last value is a Place."""
        for case in cases:
            if OPTIONS.all or case[-1].quick:
                with self.subTest(case=case):
                    function(*case)

    def check_killed(self, kind, place, status):
        """The process died by the signal, where it was to die, and the history says so."""
        self.assertEqual(status, -signal.SIGKILL)
        job = self.world.newest_job(kind)
        self.assertEqual((job["status"], job["phase"]), ("interrupted", place.phase))
        self.assertEqual(job["error"]["code"], "unavailable", job)

    def check_clean(self):
        report = self.world.json("verify", "--data", "100")
        self.assertEqual((report["structure"]["problems"], report["data"]["problems"]), ([], []))

    def check_newest_backup(self):
        self.world.pgkeep("restore", "latest", "--database",
                          f"host={self.world.cluster.root} user=postgres dbname=copy", "--create",
                          "--quiet")
        self.assertEqual(self.world.dump("shop"), self.world.dump("copy"))
        self.world.drop("copy")

    def test_backup(self):
        self.for_each([(place,) for place in BACKUP], self.kill_backup)
        self.collect()

    def kill_backup(self, place):
        world = self.world
        before = [backup["id"] for backup in world.json("list")["backups"]]
        packs = world.packs()
        world.change()
        status = world.kill_at(place, "backup", "app")
        if "/dec/" in place.halt:
            self.assertGreater(world.packs(), packs, "the rows were stored")
        listing = world.json("list")
        self.assertTrue(all(backup["state"] == "complete" for backup in listing["backups"]))
        ids = [backup["id"] for backup in listing["backups"]]
        self.assertEqual(ids[1:] if place.done else ids, before)
        self.check_killed("backup", place, status)
        self.check_clean()
        if place.done:
            self.check_newest_backup()
        world.change()
        world.pgkeep("backup", "app", "--quiet")
        self.check_newest_backup()

    def collect(self):
        """What the dead have left is given up, and goes."""
        unfinished = self.world.json("list")["unfinished"]
        self.assertTrue(unfinished)
        arguments = [word for writer in unfinished for word in ("--abort-writer", writer["id"])]
        self.world.pgkeep("gc", *arguments)
        self.world.pgkeep("gc", "--force")
        report = self.world.json("verify", "--data", "100")
        self.assertEqual(report["structure"]["orphans"], [])
        self.check_newest_backup()

    def test_restore(self):
        self.world.pgkeep("backup", "app", "--quiet")
        self.source = self.world.dump("shop")
        self.for_each([(place,) for place in RESTORE], self.kill_restore)
        self.check_clean()

    def kill_restore(self, place):
        world = self.world
        target = ("--database", f"host={world.cluster.root} user=postgres dbname=target")
        self.addCleanup(world.drop, "target")
        status = world.kill_at(place, "restore", "latest", *target, "--create")
        self.check_killed("restore", place, status)
        again = "--create"
        if world.exists("target"):
            again = "--clean"
            self.check_half_restored(place, target)
        world.pgkeep("restore", "latest", *target, again, "--quiet")
        self.assertEqual(self.source, world.dump("target"))
        self.assertEqual(world.comment("target"), "")
        self.assertEqual(list((world.root / "tmp").iterdir()), [])
        world.drop("target")

    def check_half_restored(self, place, target):
        """It says what it is; as long as nothing is in it, it can be used without being dropped."""
        world = self.world
        made = place.halt == "sql CREATE DATABASE"
        self.assertRegex(world.comment("target"), "^$" if made else "^pgkeep: half restored from ")
        status, output, errors = world.run("restore", "latest", *target, "--quiet", "--dry-run")
        if made or place.halt.endswith("pre-data"):
            self.assertEqual(status, 0, errors)
            return
        self.assertEqual(status, 3, output + errors)
        self.assertIn("database 'target' is only half restored from backup", errors)
        self.assertIn("--clean", errors)

    def test_export(self):
        self.world.pgkeep("backup", "app", "--quiet")
        self.source = self.world.dump("shop")
        self.for_each(EXPORT, self.kill_export)
        self.check_clean()

    def kill_export(self, form, place):
        world = self.world
        export = ("export", "latest", "--database", "shop", "--format", form, "--output")
        folder = pathlib.Path(tempfile.mkdtemp(dir=world.root))
        status = world.kill_at(place, *export, folder / "half")
        self.check_killed("export", place, status)
        self.check_no_archive(form, folder / "half")
        world.pgkeep(*export, folder / "whole", "--quiet")
        self.assertEqual(self.source, self.dump_of_archive(form, folder / "whole"))

    def test_maintenance(self):
        world = self.world
        world.change()
        world.pgkeep("backup", "app", "--quiet")
        world.pgkeep("expire", world.json("list")["backups"][-1]["id"])
        self.for_each(MAINTENANCE, self.kill_maintenance)
        oldest = world.json("list")["backups"][-1]["id"]
        place = Place("expiring", "link /exp/")
        self.check_killed("expire", place, world.kill_at(place, "expire", oldest, "--force"))
        self.assertEqual(world.json("list")["backups"][-1]["id"], oldest, "it has not expired")
        self.check_clean()
        self.check_newest_backup()

    def kill_maintenance(self, command, place):
        world = self.world
        self.check_killed(command[0], place, world.kill_at(place, *command))
        world.pgkeep(*command)
        self.assertEqual(world.newest_job(command[0])["status"], "succeeded")
        self.check_clean()

    def check_no_archive(self, form, path):
        """What is there is not taken for an archive; a script is not there at all."""
        if form == "plain":
            self.assertFalse(path.exists())
        elif path.exists():
            done = subprocess.run([self.world.cluster.bin / "pg_restore", "-l", path], check=False,
                                  capture_output=True)
            self.assertNotEqual(done.returncode, 0)

    def dump_of_archive(self, form, path):
        world = self.world
        world.cluster.new_database("copy")
        if form == "plain":
            world.cluster.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "copy", "-f", path)
        else:
            world.cluster.run("pg_restore", "--exit-on-error", "-d", "copy", path)
        dump = world.dump("copy")
        world.drop("copy")
        return dump


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgkeep", required=True, type=os.path.abspath)
    parser.add_argument("--halt", required=True, type=os.path.abspath)
    parser.add_argument("--all", action="store_true")
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
