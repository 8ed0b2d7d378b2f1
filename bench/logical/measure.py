"""Timing one command: seconds, processor seconds of the client and of the server, bytes."""

import dataclasses
import os
import pathlib
import resource
import subprocess
import time


@dataclasses.dataclass
class Run:
    """One command that ended well."""

    case: str
    round: int
    seconds: float
    client_cpu: float
    server_cpu: float
    output_bytes: int


class Failed(Exception):
    """A command did not do its work: no figure may come from it."""


def size_of(path):
    """Bytes of the files below, as long as they are, not as the disk rounds them."""
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(os.lstat(os.path.join(folder, name)).st_size
               for folder, _, names in os.walk(path) for name in names)


def measure(case, number, cluster, command, output=None, environment=None):
    """Runs a shell command to its end, and all that it wrote to the disk."""
    os.sync()  # what the one before left in memory is not this one's work
    server = cluster.cpu_seconds()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(["bash", "-c", "set -euo pipefail; " + command], check=False,
                          env={**cluster.environment, **(environment or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise Failed(f"{case}: status {done.returncode}: {command}\n"
                     + done.stderr.decode(errors="replace")[-2000:])
    time.sleep(0.3)  # the server counts a session's work when its process is gone
    client = sum(getattr(after, field) - getattr(before, field)
                 for field in ("ru_utime", "ru_stime"))
    run = Run(case, number, seconds, client, cluster.cpu_seconds() - server,
              size_of(output) if output else 0)
    print(f"  {case:34} round {number}: {seconds:7.2f} s  client {client:6.1f} s"
          f"  server {run.server_cpu:6.1f} s  {run.output_bytes / 1e6:9.1f} MB", flush=True)
    return run, done.stdout.decode(errors="replace")
