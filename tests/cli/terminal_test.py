#!/usr/bin/env python3
"""What a user sees on a terminal: the progress bar of a backup, lines of the log around it, Ctrl-C.

usage: terminal_test.py --pgkeep FILE [unittest arguments]

The program runs on a pseudo-terminal, before a real server behind a network that lets a row pass
when the test wants it. What it writes is put on a screen as a terminal would do.
"""

import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "archive"))
from private_cluster import PrivateCluster  # noqa: E402  (after the line above)
from proxy import Proxy  # noqa: E402

PGKEEP = ""
COLUMNS = 100
TABLE_BYTES = 12 << 20
CTRL_C = b"\x03"
BAR = re.compile(r"reading_tables  \[[#.]+\]  ~\d+%  [\d.]+ .?i?B of ~[\d.]+ MiB  "
                 r"[\d.]+ .?i?B/s  ETA \d+:\d\d")
LOG = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (debug|info|warning|error) [a-z]+: .*")


class Screen:
    """The lines that a terminal shows: carriage returns, line feeds, erasing to the end of line."""

    def __init__(self):
        self.lines = [""]
        self.column = 0
        self.shown = []  # every state of the last line that was there when a read ended
        self.pending = ""

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        while text:
            if text[0] == "\x1b":
                sequence = re.match(r"\x1b\[[\d;]*[A-Za-z]", text)
                if not sequence:
                    self.pending = text
                    break
                self.obey(sequence[0])
                text = text[sequence.end():]
                continue
            self.put(text[0])
            text = text[1:]
        self.shown.append(self.lines[-1])

    def obey(self, sequence):
        if sequence == "\x1b[K":
            self.lines[-1] = self.lines[-1][:self.column]
        elif not sequence.endswith("m"):  # a colour
            raise AssertionError(f"not expected: {sequence!r}")

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.lines.append("")
            self.column = 0
        else:
            line = self.lines[-1].ljust(self.column)
            self.lines[-1] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def text(self):
        return [line.rstrip() for line in self.lines]


class Run:
    """The program on a terminal of its own."""

    def __init__(self, world, *arguments):
        self.screen = Screen()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(world.root)
            os.execve(PGKEEP, [PGKEEP, *arguments], world.environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
        self.status = None

    def read(self, wait_s=0.05):
        """Takes what has come; False when the program has ended."""
        if not select.select([self.master], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            data = b""
        if not data:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self.master)
            return False
        self.screen.feed(data.decode())
        return True

    def read_until(self, condition, between=lambda: None):
        while not condition(self.screen):
            if not self.read():
                raise AssertionError(f"it has ended ({self.status}): {self.screen.text()}")
            between()

    def read_to_end(self):
        while self.read(10):
            pass
        return self.screen.text()

    def type(self, data):
        os.write(self.master, data)


class World:
    """A server with a table, a slow way to it, and a repository."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pgkeep-tty-"))
        self.cluster = PrivateCluster()
        self.cluster.start()
        self.cluster.new_database("shop")
        rows = TABLE_BYTES // 1000
        self.cluster.sql("shop", "create table orders (id int, t text); insert into orders select "
                                 f"n, repeat(md5(n::text), 30) from generate_series(1, {rows}) n")
        self.cluster.sql("shop", "analyze")
        self.environment = {"HOME": str(self.root), "PATH": os.environ["PATH"], "TERM": "xterm",
                            "LC_ALL": "C.UTF-8", "PGKEEP_STATE_DIR": str(self.root / "state"),
                            **{name: os.environ[name] for name in os.environ if "SAN_" in name}}
        self.proxy = None
        self.run("init", "--repository", str(self.root / "repository"), "--quiet")
        self.configuration = (self.root / "pgkeep.toml").read_text()

    def run(self, *arguments):
        return subprocess.run([PGKEEP, *arguments], env=self.environment, cwd=self.root, text=True,
                              check=True, capture_output=True).stdout

    def slow_source(self):
        """A configuration whose source is behind a new proxy, which makes each row wait."""
        self.proxy = Proxy(self.cluster.root / ".s.PGSQL.5432", after=b") TO STDOUT",
                           slow=True)
        (self.root / "pgkeep.toml").write_text(
            self.configuration + f"""
[source.app]
conninfo = "host=127.0.0.1 port={self.proxy.port} user=postgres"
databases = ["shop"]
""")

    def close(self):
        self.cluster.stop()
        shutil.rmtree(self.root)


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def start_backup(self, *options):
        """A backup in whose data nothing passes but what the test lets."""
        self.world.slow_source()
        self.addCleanup(self.world.proxy.close)
        run = Run(self.world, "backup", "app", "--full", *options)
        run.read_until(lambda screen: screen.lines[-1].startswith("reading_tables"))
        return run

    def check_bars(self, screen):
        for line in screen.shown:
            self.assertLess(len(line), COLUMNS, line)

    def test_bar_shows_rate_time_and_amount_and_is_gone_at_the_end(self):
        run = self.start_backup()
        run.read_until(lambda screen: any(BAR.match(line) for line in screen.shown),
                       self.world.proxy.let_pass)
        self.world.proxy.run_free()
        lines = run.read_to_end()
        self.assertEqual(run.status, 0, lines)
        self.check_bars(run.screen)
        self.assertRegex(lines[0], r"^backup [0-9a-f]{32}$")
        self.assertEqual(lines[-1], "")
        self.assertFalse([line for line in lines if "reading_tables" in line], lines)

    def test_lines_of_the_log_stand_above_the_bar(self):
        run = self.start_backup("--verbose")
        run.read_until(lambda screen: any(BAR.match(line) for line in screen.shown),
                       self.world.proxy.let_pass)
        self.world.proxy.run_free()
        lines = run.read_to_end()
        self.assertEqual(run.status, 0, lines)
        end = next(i for i, line in enumerate(lines) if line.startswith("backup "))
        self.assertGreater(end, 5, "the log has lines")
        for line in lines[:end]:
            self.assertTrue(LOG.fullmatch(line), line)

    def test_ctrl_c_stops_cleanly(self):
        run = self.start_backup()
        run.type(CTRL_C)
        run.read_until(lambda screen: any(line.startswith("pgkeep: stopping")
                                          for line in screen.lines))
        self.world.proxy.run_free()
        lines = run.read_to_end()
        self.assertEqual(run.status, 130, lines)
        self.check_bars(run.screen)
        self.assertEqual(lines, ["pgkeep: stopping; press again to end at once",
                                 "pgkeep: the backup was interrupted", ""])
        newest = self.world.run("history", "--limit", "1")
        self.assertIn("backup  cancelled", newest)
        self.assertIn("all well", self.world.run("verify", "--data", "100"))

    def test_short_work_leaves_only_its_result(self):
        run = Run(self.world, "verify", "--data", "100")
        lines = run.read_to_end()
        self.assertEqual(run.status, 0, lines)
        self.assertRegex(lines[0], "^structure of .*, all well$")
        self.assertRegex(lines[-2], "^data: .*, all well$")
        self.assertEqual(lines[-1], "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgkeep", required=True, type=os.path.abspath)
    options, rest = parser.parse_known_args()
    PGKEEP = options.pgkeep
    unittest.main(argv=[sys.argv[0], *rest])
