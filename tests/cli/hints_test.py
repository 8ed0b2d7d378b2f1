#!/usr/bin/env python3
"""Looks for advice that cannot be followed.

usage: hints_test.py --pgkeep FILE SOURCE-DIRECTORY

Every command line that a message of the program quotes ('pgkeep gc --dry-run') must name a command
that exists, with options that its help shows.
"""

import argparse
import pathlib
import re
import subprocess
import sys

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
QUOTED = re.compile(r"['`]pgkeep ([^'`]*)(?:['`]|$)")
WORD = re.compile(r"[a-z]+")
OPTION = re.compile(r"--[a-z-]+")
LEAST_FOUND = 10  # fewer means that this test looks in the wrong place


def messages(path):
    """The string literals of a source file, those that stand side by side joined."""
    text = path.read_text(encoding="utf-8")
    joined, end = "", 0
    for literal in LITERAL.finditer(text):
        if text[end:literal.start()].strip():
            yield joined
            joined = ""
        joined += literal.group(1)
        end = literal.end()
    yield joined


def quoted_commands(root):
    for path in sorted(root.rglob("*.cc")):
        if path.name.endswith("_test.cc"):
            continue
        for message in messages(path):
            for quoted in QUOTED.finditer(message):
                yield path, quoted.group(1)


def fault(pgkeep, command):
    """What is wrong with a quoted command; empty if nothing."""
    names = []
    for word in command.split():
        if not WORD.fullmatch(word):
            break
        names.append(word)
    done = subprocess.run([pgkeep, *names, "--help"], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        return done.stderr.strip()
    missing = [option for option in OPTION.findall(command) if option not in done.stdout
               and option != "--help"]
    return f"its help does not show {missing}" if missing else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgkeep", required=True)
    parser.add_argument("sources", type=pathlib.Path)
    options = parser.parse_args()
    found = 0
    failed = 0
    for path, command in quoted_commands(options.sources):
        found += 1
        what = fault(options.pgkeep, command)
        if what:
            failed += 1
            print(f"{path}: 'pgkeep {command}': {what}")
    print(f"{found} quoted commands, {failed} that nobody can follow")
    return 0 if failed == 0 and found >= LEAST_FOUND else 1


if __name__ == "__main__":
    sys.exit(main())
