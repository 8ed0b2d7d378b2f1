"""Who may include what: rooms only include rooms below them, a third-party header has one room."""

import re

# A room includes only rooms of lower levels. ARCHITECTURE.md draws the picture.
LEVEL = {
    "base": 0,
    "crypto": 1, "codec": 1, "net": 1,
    "storage": 2, "postgres": 2, "archive": 2,
    "repository": 3, "catalog": 3, "logical": 3,
    "backup": 4, "restore": 4, "verify": 4, "mount": 4,
    "jobs": 5,
    "schedule": 6, "notify": 6, "metrics": 6,
    "server": 7, "config": 7,
    "cli": 8,
}

# Level 4 sees the history only through its interface.
NARROW = {("backup", "catalog"): {"history.h"}, ("restore", "catalog"): {"history.h"},
          ("verify", "catalog"): {"history.h"}, ("mount", "catalog"): {"history.h"}}

TESTS = "tests"  # stands for *_test.cc, src/testing, tests/ and bench/
ANY = "any"

# Prefix of a header -> rooms or single files (without src/) that may include it.
THIRD_PARTY = {
    "tl/expected.hpp": {"base"},
    "fmt/": {ANY},  # format strings are checked where they are written
    "spdlog/": {"base/log.cc"},
    "openssl/": {"crypto"},
    "sodium": {"crypto"},
    "zstd": {"codec"},
    "zlib.h": {"codec"},
    "boost/json": {"cli", "storage/s3/imds_credentials.cc", "storage/s3/probe_report.cc"},
    "CLI/": {"cli"},
    "toml++/": {"config"},
    "libpq-fe.h": {"postgres"},
    "sqlite3.h": {"catalog"},
    "curl/": {"net"},
    "pugixml.hpp": {"storage"},
    "boost/beast": {"server"},
    "boost/asio": {"server"},
    "gtest/": {TESTS},
    "gmock/": {TESTS},
    "rapidcheck": {TESTS},
    "benchmark/": {TESTS},
}

SYSTEM = re.compile(r"(sys|linux|netinet|arpa|net|asm|bits)/\w+(/\w+)?\.h$")
SYSTEM_FILES = {
    "unistd.h", "fcntl.h", "errno.h", "poll.h", "dirent.h", "signal.h", "pthread.h", "sched.h",
    "spawn.h", "time.h", "string.h", "stdlib.h", "stdio.h", "stdint.h", "limits.h", "endian.h",
    "pwd.h", "grp.h", "getopt.h", "syscall.h", "malloc.h",
    "termios.h", "netdb.h", "dlfcn.h", "execinfo.h", "immintrin.h", "nmmintrin.h", "wmmintrin.h",
    "x86intrin.h", "cpuid.h", "arm_acle.h", "arm_neon.h",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def check(source):
    offences = []
    for match in INCLUDE.finditer(source.text):
        line = source.line_of(match.start())
        quoted, name = match.group(1) == '"', match.group(2)
        message = check_own(source, name) if quoted else check_foreign(source, name)
        if message:
            offences.append(source.offence(line, "layering", message))
    return offences


def check_own(source, name):
    """Checks an include of ours; returns what is wrong with it, or None."""
    if foreign_owner(name):
        return f'third-party header "{name}" belongs in angle brackets'
    target = name.split("/")[0]
    if target in ("tests", "bench"):
        return None if source.is_test else f'product code includes "{name}"'
    if target != "testing" and target not in LEVEL:
        if source.path.startswith(("tests/", "bench/", "tools/")):
            return None  # a file beside it
        return f'"{name}" does not begin with a room: write includes from src/ down'
    if target == "testing":
        return None if source.is_test else f'only tests may include "{name}"'
    room = source.room
    if room is None or room == "testing" or room == target:
        return None
    if room not in LEVEL:
        return f'room "{room}" has no level: add it to tools/tidy_rules/layering.py'
    if LEVEL[target] >= LEVEL[room]:
        return f'room {room} must not include room {target}: "{name}"'
    allowed = NARROW.get((room, target))
    if allowed and name.split("/", 1)[1] not in allowed:
        return f'room {room} sees {target} only through {", ".join(sorted(allowed))}'
    return None


def foreign_owner(name):
    """The owners of a third-party header, or None for any other header."""
    best = max((prefix for prefix in THIRD_PARTY if name.startswith(prefix)), key=len, default=None)
    return THIRD_PARTY[best] if best else None


def check_foreign(source, name):
    """Checks an include in angle brackets; returns what is wrong with it, or None."""
    owners = foreign_owner(name)
    if owners is None:
        if "." not in name or name in SYSTEM_FILES or SYSTEM.match(name):
            return None  # the standard library and the system
        return f"unknown header <{name}>: give it one room in tools/tidy_rules/layering.py"
    if ANY in owners or source.path.removeprefix("src/") in owners or source.room in owners:
        return None
    if TESTS in owners and source.is_test:
        return None
    if source.path.startswith(("tests/", "bench/")):
        return None  # tests compare with the reference library itself
    return f"<{name}> may be included only by: {', '.join(sorted(owners))}"
