"""Calls and words that have no place in the product."""

import re

from .source import blank

# Written so that this file does not offend its own rule.
LEFTOVERS = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
MACHINE = re.compile("|".join(["/work" "/", r"\.\./sha" "red", "/tmp/pl" "an", "/home" "/",
                               r"https?://(deb|security|registry)\."]))
MACHINE_EXCEPTIONS = ("tools/tidy_rules/words.py", "tools/tidy_test.py")

# make_unique cannot call a private constructor; this form leaks nothing either.
OWNED_NEW = re.compile(r"\bunique_ptr<[^;()]*>\(\s*new\b")

# (pattern, what to do instead, where it is allowed nevertheless)
BASE = ("src/base/",)
BANNED = [
    (r"\bthrow\b", "return a Result", ()),
    (r"(?<!operator )\bnew\b", "use make_unique or a container", ()),
    (r"(?<!= )(?<!=)(?<!operator )\bdelete\b", "use unique_ptr or a container", ()),
    (r"\bstd::regex\b", "write a small parser", ()),
    (r"\bs?rand\s*\(", "use crypto/random.h", ()),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(", "use strings or spans", ()),
    (r"\b(strerror|localtime|gmtime|asctime|ctime|readdir_r)\s*\(", "not safe with threads", ()),
    (r"(\.|->)detach\s*\(", "join it: every thread has an owner", ()),
    (r"\bstd::thread\b(?!::)", "use TaskGroup or std::jthread", ()),
    (r"\bstd::async\b", "use TaskGroup", ()),
    (r"\bstd::(recursive_mutex|mutex|lock_guard|unique_lock|condition_variable\w*)\b",
     "use base/mutex.h, which the compiler checks", BASE),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", "wait through Clock", BASE),
    (r"\b(const_cast|reinterpret_cast)\b", "keep casts in the files that are listed for them", (
        "src/base/", "src/crypto/", "src/codec/", "src/cli/main.cc")),
    (r"\bassert\s*\(", "use PGK_CHECK, which stays on", ()),
    (r"\busing\s+namespace\s+std\b", "write std::", ()),
    (r"\b(system|popen|tmpnam|mktemp)\s*\(", "unsafe call", ()),
    (r"\bstd::endl\b", "write a line break", ()),
]
BANNED = [(re.compile(pattern), advice, allowed) for pattern, advice, allowed in BANNED]

# Tests too must not use these.
BANNED_IN_TESTS = re.compile(
    r"(\.|->)detach\s*\(|\bstd::regex\b|\bs?rand\s*\(|\bstd::thread\b(?!::)")
BANNED_HEADERS = {"iostream": "use base/log.h or stdio", "regex": "write a small parser",
                  "cassert": "use base/check.h", "thread": None}

SKIPPED_TEST = re.compile(r"\bDISABLED_\w|EXPECT_TRUE\(true\)")


def check_text(source):
    """Words, in every text file."""
    offences = []
    for number, line in enumerate(source.lines, 1):
        match = LEFTOVERS.search(line)
        if match:
            offences.append(source.offence(number, "leftover", f"{match.group()}: finish it"))
        if source.path not in MACHINE_EXCEPTIONS:
            match = MACHINE.search(line)
            if match:
                message = f"{match.group()} names one machine"
                offences.append(source.offence(number, "machine", message))
    return offences


def check_code(source):
    """Calls, in C++."""
    return check_calls(source) + check_headers(source) + check_tests(source)


def check_calls(source):
    offences = []
    product = source.room is not None and not source.is_test
    code = OWNED_NEW.sub(lambda match: blank(match.group()), source.plain_code)
    for number, line in enumerate(code.splitlines(), 1):
        if not product:
            match = BANNED_IN_TESTS.search(line)
            if match:
                offences.append(source.offence(number, "banned", f"{match.group().strip()}"))
            continue
        for pattern, advice, allowed in BANNED:
            match = pattern.search(line)
            if match and not source.path.startswith(tuple(allowed)):
                message = f"{match.group().strip()}: {advice}"
                offences.append(source.offence(number, "banned", message))
    return offences


def check_headers(source):
    if source.room is None or source.is_test:
        return []
    offences = []
    for number, line in enumerate(source.code.splitlines(), 1):
        match = re.match(r"\s*#\s*include\s*<(\w+)>", line)
        if match and BANNED_HEADERS.get(match.group(1)):
            advice = BANNED_HEADERS[match.group(1)]
            offences.append(source.offence(number, "banned", f"<{match.group(1)}>: {advice}"))
    return offences


def check_tests(source):
    """A test that never runs, or that cannot fail, says nothing."""
    if not source.is_test:
        return []
    return [source.offence(number, "softened", f"{match.group()} tests nothing")
            for number, line in enumerate(source.plain_code.splitlines(), 1)
            if (match := SKIPPED_TEST.search(line))]
