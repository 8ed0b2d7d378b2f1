"""PostgreSQL 15's own regression tests, out of Debian's source package, and what runs them.

A private copy of apt's lists is used, with the sources in it: nothing of the system changes.
"""

import pathlib
import re
import subprocess
import tarfile
import tempfile

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
        apt = Apt(work / "apt")
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


class Apt:
    """apt-get with lists and a cache of its own, whose sources of the system's release have their
    source packages too."""

    def __init__(self, folder):
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        (folder / "sources").mkdir()
        sources = pathlib.Path("/etc/apt")
        for path in [*sources.glob("sources.list"), *sources.glob("sources.list.d/*")]:
            text = with_source_packages(path.read_text(encoding="utf-8"), path.suffix)
            (folder / "sources" / path.name).write_text(text, encoding="utf-8")
        options = {"Dir::State::lists": folder / "lists", "Dir::Cache": folder,
                   "Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": folder / "sources",
                   "APT::Sandbox::User": "root"}
        self.options = [f"--option={name}={value}" for name, value in options.items()]

    def run(self, *words, cwd, check=True):
        """Whether it worked; if `check`, anything else is an error."""
        done = subprocess.run(["apt-get", "-q", *self.options, *words], check=check, cwd=cwd,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return done.returncode == 0

    def ask(self, *words):
        return subprocess.run(["apt-cache", *self.options, *words], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def with_source_packages(text, suffix):
    """A list of apt's in either of its two forms, with `deb-src` for what is of this release."""
    release = os_release()
    if suffix == ".sources":
        stanzas = re.split(r"\n\s*\n", text)
        own = [stanza for stanza in stanzas if re.search(rf"(?m)^Suites:.*\b{release}", stanza)]
        return "\n\n".join(re.sub(r"(?m)^Types:.*$", "Types: deb deb-src", stanza)
                           for stanza in own) + "\n"
    lines = [line for line in text.splitlines()
             if re.match(rf"deb\s+(\[[^]]*\]\s+)?\S+\s+{release}", line)]
    return "".join(f"{line}\n{line.replace('deb', 'deb-src', 1)}\n" for line in lines)


def os_release():
    """The name of the system's release: bookworm."""
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    return re.search(r"(?m)^VERSION_CODENAME=(\w+)$", text)[1]
