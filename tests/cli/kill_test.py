#!/usr/bin/env python3
"""Kills backups and collectors with SIGKILL at random moments and looks for damage.

usage: kill_test.py --pgkeep FILE --tool FILE [--kills N] [--seed N]

After every kill only committed backups are listed, and all that were acknowledged are. At the end
the next backup works, two collections remove everything that is not referenced, every byte
verifies, and the restored tree is the one that was stored. The test fails if too few kills hit a
writer that had stored packs already: then it has shown nothing.
"""

import argparse
import filecmp
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FILES = 6
FILE_BYTES = 2_000_000
MEMORY = 4 << 20  # small packs: many moments at which a writer can die
LEAST_HITS = 5


class Failure(Exception):
    """What the test found wrong."""


def check(condition, text):
    if not condition:
        raise Failure(text)


class World:
    """A repository, a tree to back up, and what is known about both."""

    def __init__(self, options, root):
        self.options = options
        self.root = pathlib.Path(root)
        self.random = random.Random(options.seed)
        self.tree = self.root / "tree"
        self.tree.mkdir()
        self.environment = dict(os.environ, HOME=str(root), PGKEEP_STATE_DIR=f"{root}/state",
                                PGKEEP_CONFIG=f"{root}/pgkeep.toml", LC_ALL="C.UTF-8")
        self.acknowledged = set()  # backups whose put said so
        self.expired = set()
        self.kills = {"put": 0, "gc": 0}
        self.hits = 0     # kills that left packs and no decision
        self.unsure = 0   # kills after the commit and before the answer
        self.counted = set()

    def change_tree(self):
        for number in range(FILES):
            path = self.tree / f"file{number}"
            if path.exists() and self.random.random() < 0.5:
                continue
            noise = self.random.randbytes(FILE_BYTES // 2)
            path.write_bytes(noise + bytes(self.random.randrange(256) for _ in range(64)) * 15_000)

    def put_command(self):
        return [self.options.tool, "put", str(self.root / "pgkeep.toml"), str(self.tree),
                "--memory", str(MEMORY), "--threads", str(self.random.randint(1, 3))]

    def run(self, *arguments, fails=False):
        done = subprocess.run([self.options.pgkeep, *arguments], env=self.environment, text=True,
                              capture_output=True, check=False, cwd=self.root)
        check(fails or done.returncode == 0,
              f"pgkeep {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}"
              f"{done.stderr}")
        return done

    def json(self, *arguments):
        return json.loads(self.run("--json", *arguments).stdout)

    def put(self):
        done = subprocess.run(self.put_command(), env=self.environment, text=True,
                              capture_output=True, check=False)
        check(done.returncode == 0, f"put ended with {done.returncode}: {done.stderr}")
        self.acknowledged.add(done.stdout.split()[1])

    def kill(self, kind, command, longest_s):
        """Starts a command and kills it after a random while; True if it was still alive."""
        process = subprocess.Popen(command, env=self.environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(self.random.uniform(0, longest_s))
        process.send_signal(signal.SIGKILL)
        output, errors = process.communicate()
        if process.returncode == 0:
            if kind == "put":
                self.acknowledged.add(output.split()[1])
            return False
        check(process.returncode == -signal.SIGKILL,
              f"{kind} ended with {process.returncode}: {errors}")
        self.kills[kind] += 1
        return True

    def look(self):
        """What must hold at any moment."""
        listing = self.json("list")
        ids = {backup["id"] for backup in listing["backups"]}
        check(all(backup["state"] == "complete" for backup in listing["backups"]),
              f"not all listed backups are complete: {listing}")
        lost = self.acknowledged - self.expired - ids
        check(not lost, f"acknowledged backups are not listed: {lost}")
        for surplus in ids - self.acknowledged:
            check((self.root / "repository/dec" / surplus).exists(),
                  f"{surplus} is listed without a decision")
            self.unsure += 1
            self.acknowledged.add(surplus)
        for writer in listing["unfinished"]:
            if writer["id"] not in self.counted and self.packs_of(writer["id"]):
                self.hits += 1
            self.counted.add(writer["id"])
        return listing

    def packs_of(self, writer):
        folder = self.root / "repository/p" / writer
        return list(folder.iterdir()) if folder.exists() else []

    def expire_oldest(self):
        backups = self.json("list")["backups"]
        if len(backups) > 2:
            self.run("expire", backups[-1]["id"])
            self.expired.add(backups[-1]["id"])

    def collect(self):
        arguments = ["gc"]
        for writer in self.json("list")["unfinished"]:
            arguments += ["--abort-writer", writer["id"]]
        return arguments

    def check_clean(self):
        """Nothing is left that no live backup needs."""
        report = self.json("verify", "--data", "100")
        check(not report["structure"]["problems"] and not report["data"]["problems"],
              f"damage: {report}")
        check(not report["structure"]["orphans"], f"orphans: {report['structure']['orphans']}")
        live = {backup["id"] for backup in self.json("list")["backups"]}
        for folder in ("man", "ref"):
            names = {path.name for path in (self.root / "repository" / folder).iterdir()}
            check(names == live, f"{folder}/ holds {names}, live are {live}")
        rest = self.json("gc", "--dry-run")
        check(rest["gc"]["candidates"] == 0 and not rest["unfinished"],
              f"two collections have left something: {rest}")

    def check_restored(self):
        target = self.root / "restored"
        done = subprocess.run([self.options.tool, "get", str(self.root / "pgkeep.toml"), "latest",
                               str(target)], env=self.environment, text=True, capture_output=True,
                              check=False)
        check(done.returncode == 0, f"get failed: {done.stderr}")
        names = sorted(path.name for path in self.tree.iterdir())
        check(names == sorted(path.name for path in target.iterdir()), "other files came back")
        _, different, strange = filecmp.cmpfiles(self.tree, target, names, shallow=False)
        check(not different and not strange, f"other content came back: {different} {strange}")


def run_test(world):
    world.run("init", "--repository", str(world.root / "repository"), "--quiet")
    world.change_tree()
    world.put()
    world.change_tree()
    begun = time.monotonic()
    world.put()
    longest_s = 1.2 * (time.monotonic() - begun)

    attempts = 0
    while world.kills["put"] < world.options.kills and attempts < 10 * world.options.kills:
        attempts += 1
        world.change_tree()
        world.kill("put", world.put_command(), longest_s)
        world.look()
        if attempts % 6 == 0:
            world.expire_oldest()
            world.kill("gc", [world.options.pgkeep, *world.collect()], 0.3)
            world.look()
        if attempts % 9 == 0:
            world.put()
    check(world.kills["put"] >= world.options.kills, "the commands ended before they were killed")

    world.change_tree()
    world.put()
    world.look()
    world.run(*world.collect(), "--force")
    world.run("gc", "--force")
    world.check_clean()
    world.check_restored()
    check(world.hits >= LEAST_HITS, f"only {world.hits} kills hit a writer with packs in the store")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgkeep", required=True, type=os.path.abspath)
    parser.add_argument("--tool", required=True, type=os.path.abspath)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    root = tempfile.mkdtemp(prefix="pgkeep-kill-")
    world = World(options, root)
    try:
        run_test(world)
    except Failure as failure:
        print(f"failed: {failure}")
        print(f"the repository is kept in {root}")
        return 1
    finally:
        print(f"killed {world.kills['put']} backups and {world.kills['gc']} collectors; "
              f"{world.hits} backups died with packs in the store, {world.unsure} after the commit")
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
