"""Client programs of versions that Debian 12 does not have, out of newer suites of Debian.

They need a newer C library than the system's, so their libraries come along, and a script in
front of each program starts it with those. It tells the program where the script is: pg_dumpall
looks for pg_dump beside itself.
"""

import os
import pathlib
import subprocess
import tempfile

import servers
from private_apt import PrivateApt

# Debian's next releases first, so that a version stays to be had when sid goes on.
SUITES = {17: ("trixie",), 18: ("forky", "sid")}
PROGRAMS = ("pg_dump", "pg_dumpall", "pg_restore", "psql")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
SCRIPT = """#!/bin/sh
# Starts {program} with the libraries that came with it.
exec {root}/{libraries}/ld-linux-x86-64.so.2 --library-path {root}/{libraries} --argv0 "$0" \\
    {root}/usr/lib/postgresql/{version}/bin/{program} "$@"
"""


def fetch(folder):
    """Puts each version that is missing into FOLDER/client-VERSION."""
    for version, suites in SUITES.items():
        place = folder / f"client-{version}"
        if place.exists() or (servers.packaged(version) / "pg_dump").exists():
            continue
        print(f"fetch: the client programs of PostgreSQL {version}", flush=True)
        # Beside its place, where it comes to stand only when it is complete.
        with tempfile.TemporaryDirectory(dir=folder) as work:
            work = pathlib.Path(work)
            root = work / "root"
            for package in download(version, suites, work):
                subprocess.run(["dpkg-deb", "-x", package, root], check=True)
            write_scripts(root, place, version)
            # Some of the tests start them as the user postgres.
            subprocess.run(["chmod", "-R", "a+rX", root], check=True)
            root.rename(place)
        examine(place, version)


def download(version, suites, work):
    """The package and all libraries that it needs, from the first suite that has it."""
    package = f"postgresql-client-{version}"
    for suite in suites:
        apt = PrivateApt(work / suite, suites=[suite], installed=False)
        # A mirror need not have every suite.
        if (not apt.run("update", cwd=work, check=False)
                or not apt.ask("search", "--names-only", f"^{package}$").strip()):
            continue
        apt.run("install", "--download-only", "--yes", "--no-install-recommends", package, cwd=work)
        return [file for file in apt.archives.glob("*.deb")
                if file.name.startswith((f"{package}_", "lib"))]
    raise RuntimeError(f"none of {', '.join(suites)} has {package}")


def write_scripts(root, place, version):
    folder = root / "bin"
    folder.mkdir()
    for program in PROGRAMS:
        script = folder / program
        script.write_text(SCRIPT.format(program=program, root=place, libraries=LIBRARIES,
                                        version=version), encoding="utf-8")
        script.chmod(0o755)


def examine(place, version):
    """Fails unless each program runs; pg_dumpall finds its pg_dump only when it connects."""
    for program in PROGRAMS:
        said = subprocess.run([place / "bin" / program, "--version"], check=True, text=True,
                              stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}).stdout
        if not said.startswith(f"{program} (PostgreSQL) {version}."):
            raise RuntimeError(f"{place}/bin/{program} says {said!r}")
