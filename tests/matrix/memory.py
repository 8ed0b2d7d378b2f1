"""What a command and each program that it starts have had in memory at most."""

import collections
import dataclasses
import os
import pathlib
import subprocess
import time

SAMPLE_SECONDS = 0.02


@dataclasses.dataclass
class Usage:
    """Of one command that has ended.

    own, children: most resident bytes, as the kernel has kept count of (VmHWM) until the last
      sample: of the command itself, and by name of the programs below it, the largest of each.
    largest: the same of whichever was the largest, as the kernel says when all have ended.
    """

    status: int
    output: str
    errors: str
    seconds: float
    own: int
    children: dict
    largest: int


def run(words, folder, environment):
    """Runs the command to its end; what it prints goes through files in the folder."""
    paths = [pathlib.Path(folder, name) for name in ("measured.out", "measured.err")]
    begun = time.monotonic()
    with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
        process = subprocess.Popen([str(word) for word in words], env=environment,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        own = 0
        children = collections.defaultdict(int)
        while True:
            own = max(own, peak(process.pid))
            for pid in below(process.pid):
                name = name_of(pid)
                if name:
                    children[name] = max(children[name], peak(pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(SAMPLE_SECONDS)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(process.returncode, *(path.read_text(encoding="utf-8", errors="replace")
                                       for path in paths),
                 time.monotonic() - begun, own, dict(children), usage.ru_maxrss * 1024)


def below(pid):
    """All processes that a process has started and that are there, and those that they have."""
    try:
        tasks = list(pathlib.Path("/proc", str(pid), "task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has ended
        return []
    return [int(child) for child in children] + [
        grandchild for child in children for grandchild in below(child)]


def name_of(pid):
    """The name of a process's program; empty if it has ended."""
    try:
        return pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name
    except OSError:
        return ""


def peak(pid):
    """The most bytes that a process has had in memory since its program began; 0: it has ended."""
    try:
        for line in pathlib.Path("/proc", str(pid), "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
