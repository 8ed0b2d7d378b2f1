"""apt-get with sources, lists and a cache of its own: nothing of the system changes.

Mirror and keyring are those of the system's own release, so that apt checks signatures and sums.
"""

import pathlib
import re
import subprocess


class PrivateApt:
    """apt-get in a folder that is the caller's to remove.

    suites: whose packages are to be had; the system's own release if there are none.
    source_packages: whether sources are to be had too.
    installed: whether packages of the system count as there, so that they are not fetched.
    """

    def __init__(self, folder, suites=(), source_packages=False, installed=True):
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        (folder / "sources").mkdir()
        self.archives = folder / "archives"
        release = os_release()
        system = pathlib.Path("/etc/apt")
        for path in [*system.glob("sources.list"), *system.glob("sources.list.d/*")]:
            text = "".join(
                chosen(path.read_text(encoding="utf-8"), path.suffix, release, suite,
                       source_packages) for suite in suites or [None])
            (folder / "sources" / path.name).write_text(text, encoding="utf-8")
        options = {"Dir::State::lists": folder / "lists", "Dir::Cache": folder,
                   "Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": folder / "sources",
                   "APT::Sandbox::User": "root"}
        if not installed:
            (folder / "status").touch()
            options |= {"Dir::State": folder, "Dir::State::status": folder / "status"}
        self.options = [f"--option={name}={value}" for name, value in options.items()]

    def run(self, *words, cwd, check=True):
        """Whether it worked; if `check`, anything else is an error."""
        done = subprocess.run(["apt-get", "-q", *self.options, *words], check=check, cwd=cwd,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return done.returncode == 0

    def ask(self, *words):
        return subprocess.run(["apt-cache", *self.options, *words], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def chosen(text, suffix, release, suite, source_packages):
    """What a list of apt's, in either of its two forms, says of the release; of another suite
    from the same place, if one is given."""
    kinds = "deb deb-src" if source_packages else "deb"
    chosen_lines = []
    if suffix == ".sources":
        for stanza in re.split(r"\n\s*\n", text):
            # Updates stay with the release; the security archive has other names for its suites.
            if suite and not re.search(rf"(?m)^Suites:(.*\s)?{release}(\s|$)", stanza):
                continue
            if not re.search(rf"(?m)^Suites:.*\b{release}", stanza):
                continue
            stanza = re.sub(r"(?m)^Types:.*$", f"Types: {kinds}", stanza)
            if suite:
                stanza = re.sub(r"(?m)^Suites:.*$", f"Suites: {suite}", stanza)
            chosen_lines += [stanza.rstrip("\n"), ""]
    else:
        for line in text.splitlines():
            found = re.match(rf"deb(\s+(?:\[[^]]*\]\s+)?\S+\s+)({release}\S*)(.*)", line)
            if not found or (suite and found[2] != release):
                continue
            chosen_lines += [f"{kind}{found[1]}{suite or found[2]}{found[3]}"
                             for kind in kinds.split()]
    return "".join(f"{line}\n" for line in chosen_lines)


def os_release():
    """The name of the system's release: bookworm."""
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    return re.search(r"(?m)^VERSION_CODENAME=(\w+)$", text)[1]
