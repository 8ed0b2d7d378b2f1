"""PostgreSQL 15's own regression tests, out of Debian's source package, and what runs them."""

import pathlib
import re
import subprocess
import tarfile
import tempfile

from private_apt import PrivateApt

NAME = "regression-suite"
PACKAGE = "postgresql-15"
# Headers for the suite's C functions.
DEVELOPMENT = "postgresql-server-dev-15"
SUITE = re.compile(r"[^/]+/src/test/regress/(.+)")


def fetch(folder):
    """Makes FOLDER/regression-suite: `suite` with the tests, `development` with the headers."""
    place = folder / NAME
    if place.exists():
        return
    print("fetch: the regression tests of PostgreSQL 15", flush=True)
    # Beside its place, where it comes to stand only when it is complete.
    with tempfile.TemporaryDirectory(dir=folder) as work:
        work = pathlib.Path(work)
        apt = PrivateApt(work / "apt", source_packages=True)
        parts = work / "parts"
        (parts / "suite").mkdir(parents=True)
        apt.run("update", cwd=work)
        version = download_source(apt, work)
        apt.run("download", f"{DEVELOPMENT}={version}", cwd=work)
        [source] = work.glob(f"{PACKAGE}_{version.rpartition('-')[0]}.orig.tar.*")
        [package] = work.glob("*.deb")
        unpack_suite(source, parts / "suite")
        subprocess.run(["dpkg-deb", "-x", package, parts / "development"], check=True)
        # The tests are run by the user postgres.
        subprocess.run(["chmod", "-R", "a+rX", parts], check=True)
        parts.rename(place)


def download_source(apt, work):
    """The newest release whose source is to be had; gives its version. A mirror need not hold all
    that its lists name."""
    for line in apt.ask("madison", PACKAGE).splitlines():
        name, version, origin = (field.strip() for field in line.split("|"))
        if name != PACKAGE or not origin.endswith("Sources"):
            continue
        if apt.run("source", "--download-only", f"{PACKAGE}={version}", cwd=work, check=False):
            return version
    raise RuntimeError(f"the source package {PACKAGE} cannot be had")


def unpack_suite(source, target):
    with tarfile.open(source) as archive:
        for member in archive:
            found = SUITE.fullmatch(member.name)
            if found:
                member.name = found[1]
                archive.extract(member, target)
    if not (target / "parallel_schedule").exists():
        raise RuntimeError(f"{source.name} has no regression tests")

