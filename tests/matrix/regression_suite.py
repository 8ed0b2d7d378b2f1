"""PostgreSQL's own regression tests as a maker of a database: hundreds of tables of every kind."""

import os
import pathlib
import re
import shutil
import subprocess

import places
from private_cluster import CLIENTS

DATABASE = "regression"
HEADERS = pathlib.Path("development/usr/include/postgresql")
PROGRAM = CLIENTS.parent / "lib" / "pgxs" / "src" / "test" / "regress" / "pg_regress"
# Modules of the server that the tests load beside their own.
MODULES = ("refint.so", "autoinc.so")
# Some tests fail on any machine that is not as they expect (its locales, its settings); the
# database is made all the same.
FAILED_MOST = 10


def make_database(cluster):
    """Runs the suite against the cluster; its database is left as the tests leave it."""
    downloads = places.downloads() / "regression-suite"
    if not downloads.exists():
        raise AssertionError("there are no regression tests: run tests/matrix/fetch")
    # In the cluster's folder: COPY of the server, and of the tests, goes to files there.
    work = cluster.root / "suite"
    shutil.copytree(downloads / "suite", work)
    build_module(downloads, work)
    for module in MODULES:
        shutil.copy(CLIENTS.parent / "lib" / module, work)
    if cluster.user:
        for path in [work, *work.rglob("*")]:
            os.chown(path, cluster.user["user"], cluster.user["group"])
    done = subprocess.run(
        [PROGRAM, f"--inputdir={work}", f"--outputdir={work}", f"--dlpath={work}",
         f"--bindir={CLIENTS}", f"--host={cluster.root}", "--user=postgres",
         f"--schedule={work}/parallel_schedule", "--max-concurrent-tests=20"],
        check=False, cwd=work, env=environment(cluster), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, **cluster.user)
    sums = re.search(r"(\d+) of (\d+) tests failed|All (\d+) tests passed", done.stdout)
    if not sums or (sums[1] and int(sums[1]) > FAILED_MOST):
        raise AssertionError(f"the regression tests: {done.stdout[-3000:]}{done.stderr[-3000:]}")


def build_module(downloads, work):
    """The C functions of the tests."""
    headers = downloads / HEADERS
    subprocess.run(["gcc", "-O1", "-w", "-fPIC", "-shared", "-fno-strict-aliasing", "-fwrapv",
                    "-I", headers / "15" / "server", "-I", headers, "-o", work / "regress.so",
                    work / "regress.c"], check=True)


def environment(cluster):
    """What the suite sees; PGUSER and the like are its own business."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**own, "LC_ALL": cluster.environment["LC_ALL"]}
