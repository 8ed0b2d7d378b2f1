#!/usr/bin/env python3
"""A private S3 server for tests: Ceph's RADOS Gateway over one monitor and one object store.

usage: object_gateway.py DIRECTORY [--tls]

Starts it in DIRECTORY, which is made, and prints one line:

    ready ENDPOINT ACCESS_KEY SECRET_KEY CA_FILE

(CA_FILE is "-" without --tls). Then it takes commands on standard input, one a line, and answers
each with "done" and what radosgw-admin printed, as one line of JSON:

    admin ARGUMENT...     radosgw-admin on this server, arguments as in a shell
    stop-gateway          ends the gateway; start-gateway brings it back on the same port
    start-gateway
    freeze-gateway        lets it hang with open connections; thaw-gateway lets it go on
    thaw-gateway
    lifecycle DAYS        applies the rules for the life of objects of all buckets, as on the day
                          that comes after so many
    clock DAYS            restarts the gateway with a clock that is so many days ahead

When the input ends, everything ends and DIRECTORY is removed: so nothing is left whatever becomes
of the test. Needs no root, no systemd and no port but a free one; only the gateway listens on
127.0.0.1, the rest on an address of its own in 127.0.0.0/8. Objects are kept in memory.
DIRECTORY/gateway.log has a line with "beast:" for each request.
"""

import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from free_port import free_port  # noqa: E402  (after the line above)

ACCESS_KEY = "PGKEEPTESTACCESSKEY1"
SECRET_KEY = "pgkeep/test+secret/key+0123456789abcdef0"
START_SECONDS = 120

# What differs from the defaults, by section of ceph.conf.
COMMON = {
    "ms bind msgr1": "false",
    "auth cluster required": "none",
    "auth service required": "none",
    "auth client required": "none",
    "auth allow insecure global id reclaim": "false",
    "log to stderr": "false",
    "err to stderr": "true",
    "osd pool default size": "1",
    "osd pool default min size": "1",
    "osd pool default pg num": "1",
    "osd pool default pgp num": "1",
    "osd pool default pg autoscale mode": "off",
    "osd crush chooseleaf type": "0",
    "debug ms": "0/0",
    "debug mon": "0/0",
    "debug paxos": "0/0",
    "debug osd": "0/0",
    "debug rgw": "1/1",
}
MONITOR = {
    "mon data avail warn": "1",
    "mon data avail crit": "0",
    "mon allow pool size one": "true",
    "mon warn on pool no redundancy": "false",
    "mon max pg per osd": "10000",
    # Commit changes of the map at once, not once a second.
    "paxos propose interval": "0.05",
    "paxos min wait": "0.01",
}
STORE = {
    "osd objectstore": "memstore",
    "memstore device bytes": str(8 << 30),
    "osd op num shards": "2",
    "osd op num threads per shard": "2",
    # A busy machine is no reason to give up.
    "osd op thread timeout": "600",
    "osd op thread suicide timeout": "3600",
}
GATEWAY = {
    # Without cephx the connection to the monitor cannot be an encrypted one.
    "ms mon client mode": "crc",
    "rgw thread pool size": "64",
    "rgw dns name": "localhost",
    "rgw gc obj min wait": "5",
    "rgw gc processor period": "5",
}


def ahead(days, words):
    """The words that run a program with a clock that is so many days ahead."""
    if int(days) == 0:
        return words
    # The program faketime would stand between us and a daemon. What measures how long something
    # takes is left alone.
    return ["env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1", f"FAKETIME=+{days}d",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", *words]


class Gateway:
    """The three daemons and their directory."""

    def __init__(self, directory, tls):
        self.directory = pathlib.Path(directory).resolve()
        self.tls = tls
        self.port = free_port()
        self.address = f"127.{random.randint(20, 219)}.{random.randint(0, 255)}." \
                       f"{random.randint(1, 254)}"
        self.cluster = str(uuid.uuid4())
        self.daemons = {}
        self.deadline = time.monotonic() + START_SECONDS
        # The ceph command is a Python program: what this one was started with is not for it.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("CEPH_", "PYTHON"))}

    def path(self, name):
        return str(self.directory / name)

    def start(self):
        self.directory.mkdir(parents=True)
        for name in ("mon", "osd", "rgw", "crash"):
            (self.directory / name).mkdir()
        if self.tls:
            self.make_certificates()
        self.write_configuration()
        osd = str(uuid.uuid4())
        self.run("monmaptool", "--create", "--fsid", self.cluster, "--addv", "a",
                 f"[v2:{self.address}:3300/0]", self.path("monmap"), own_configuration=False)
        self.run("ceph-mon", "-i", "a", "--mkfs", "--monmap", self.path("monmap"))
        self.spawn("mon", "ceph-mon", "-i", "a")
        self.run("ceph", "osd", "new", osd)
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self.spawn("osd", "ceph-osd", "-i", "0")
        # A client that comes before the store is up waits for seconds.
        self.await_true(lambda: "1 up" in self.run("ceph", "osd", "stat"), "osd")
        self.run("radosgw-admin", "user", "create", "--uid=test", "--display-name=test",
                 "--max-buckets=10000", f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        self.start_gateway()

    def write_configuration(self):
        frontend = f"beast endpoint=127.0.0.1:{self.port} tcp_nodelay=1"
        if self.tls:
            frontend = (f"beast ssl_endpoint=127.0.0.1:{self.port} tcp_nodelay=1"
                        f" ssl_certificate={self.path('server.crt')}"
                        f" ssl_private_key={self.path('server.key')}")
        sections = {
            "global": COMMON | {
                "fsid": self.cluster, "mon host": f"[v2:{self.address}:3300/0]",
                "public addr": self.address, "cluster addr": self.address,
                "keyring": self.path("keyring"), "run dir": str(self.directory),
                "crash dir": self.path("crash"), "log file": self.path("$name.log")},
            "mon": MONITOR | {"mon data": self.path("mon"), "admin socket": "mon.asok",
                              "mon cluster log file": self.path("cluster.log")},
            "osd": STORE | {"osd data": self.path("osd"), "admin socket": "osd.asok"},
            "client.rgw": GATEWAY | {
                "rgw data": self.path("rgw"), "admin socket": "rgw.asok",
                "log file": self.path("gateway.log"), "rgw frontends": frontend},
        }
        lines = []
        for section, settings in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{name} = {value}" for name, value in settings.items()]
        (self.directory / "ceph.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def make_certificates(self):
        """An authority of its own, and a certificate that it signed."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:gw.localhost,DNS:*.gw.localhost"
        self.run("openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=test authority",
                 "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"),
                 own_configuration=False)
        self.run("openssl", "req", *key, "-subj", "/CN=localhost", "-addext", names,
                 "-keyout", self.path("server.key"), "-out", self.path("server.csr"),
                 own_configuration=False)
        self.run("openssl", "x509", "-req", "-in", self.path("server.csr"), "-CA",
                 self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAcreateserial",
                 "-copy_extensions", "copyall", "-days", "30", "-out", self.path("server.crt"),
                 own_configuration=False)

    def run(self, program, *arguments, own_configuration=True):
        """Runs a program to its end; returns what it printed."""
        words = [program, *arguments]
        if own_configuration:
            words[1:1] = ["-c", self.path("ceph.conf")]
        return self.finish(words)

    def finish(self, words):
        seconds = max(1.0, self.deadline - time.monotonic())
        done = subprocess.run(words, cwd=self.directory, env=self.environment, timeout=seconds,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def spawn(self, name, program, *arguments, days_ahead=0):
        words = [program, "-f", "-c", self.path("ceph.conf"), *arguments]
        with open(self.path(f"{name}.out"), "ab") as out:
            self.daemons[name] = subprocess.Popen(
                ahead(days_ahead, words), cwd=self.directory,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def await_true(self, condition, daemon):
        while not condition():
            if self.daemons[daemon].poll() is not None or time.monotonic() > self.deadline:
                raise RuntimeError(f"{daemon} did not start: {self.tail(daemon)}")
            time.sleep(0.05)

    def tail(self, daemon):
        out = pathlib.Path(self.path(f"{daemon}.out"))
        return out.read_text(encoding="utf-8", errors="replace")[-2000:] if out.exists() else ""

    def start_gateway(self, days_ahead=0):
        self.deadline = time.monotonic() + START_SECONDS
        log = pathlib.Path(self.path("gateway.log"))
        begin = log.stat().st_size if log.exists() else 0
        self.spawn("gateway", "radosgw", "-n", "client.rgw", days_ahead=days_ahead)

        def is_listening():
            # Written once every front end is bound.
            return log.exists() and b"service_daemon_register" in log.read_bytes()[begin:]
        self.await_true(is_listening, "gateway")

    def end(self, name):
        daemon = self.daemons.pop(name, None)
        if daemon is None:
            return
        daemon.send_signal(signal.SIGCONT)
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def stop(self):
        for name in ("gateway", "osd", "mon"):
            self.end(name)
        shutil.rmtree(self.directory, ignore_errors=True)

    def obey(self, line):
        """One command; returns what it printed."""
        word, *arguments = shlex.split(line)
        self.deadline = time.monotonic() + START_SECONDS
        if word == "admin":
            return self.run("radosgw-admin", *arguments)
        if word == "stop-gateway":
            self.end("gateway")
        elif word == "start-gateway":
            self.start_gateway()
        elif word == "lifecycle":
            # Many workers and a cache take three times as long to come up and to end.
            return self.finish(ahead(arguments[0], [
                "radosgw-admin", "-c", self.path("ceph.conf"), "--rgw_cache_enabled=false",
                "--rgw_lc_max_worker=1", "--rgw_lc_max_wp_worker=1", "lc", "process"]))
        elif word == "clock":
            self.end("gateway")
            self.start_gateway(arguments[0])
        elif word == "freeze-gateway":
            self.daemons["gateway"].send_signal(signal.SIGSTOP)
        elif word == "thaw-gateway":
            self.daemons["gateway"].send_signal(signal.SIGCONT)
        else:
            raise ValueError(f"unknown command {word}")
        return ""


def main():
    directory, *options = sys.argv[1:]
    # Ctrl-C is for the test; we end when our input does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gateway = Gateway(directory, "--tls" in options)
    try:
        gateway.start()
        scheme = "https" if gateway.tls else "http"
        authority = gateway.path("ca.crt") if gateway.tls else "-"
        print("ready", f"{scheme}://127.0.0.1:{gateway.port}", ACCESS_KEY, SECRET_KEY, authority,
              flush=True)
        for line in sys.stdin:
            print("done", json.dumps(gateway.obey(line)), flush=True)
    finally:
        gateway.stop()


if __name__ == "__main__":
    main()
