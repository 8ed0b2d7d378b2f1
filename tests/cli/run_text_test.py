#!/usr/bin/env python3
"""Runs a text test: commands, and what they must print and end with.

usage: run_text_test.py --pgkeep FILE --tool FILE [--update] TEST

A test is a text file of statements, run by one bash in a fresh directory:

  # a comment
  ? unshare -rm true          the test is skipped (status 77) where this command fails
  $ pgkeep list               a command; lines after it that begin with "> " belong to it
  no backups                  its standard output and error, together, line by line
  [1]                         its exit status, unless it is 0
  $ pgkeep lits
  == golden/unknown-command.txt     output and status are in that file

A blank line ends the expected output; a line "~" stands for an empty one, and a backslash goes
before a line that would otherwise mean something here. Several blanks count as one. Names in angle
brackets stand for what differs from run to run: see PLACEHOLDERS. --update writes down what came
instead of comparing.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

PLACEHOLDERS = {
    "public": r"[0-9a-f]{64}",
    "id": r"[0-9a-f]{32}",
    "keyid": r"[0-9a-f]{16}",
    "short": r"[0-9a-f]{12}",
    "slot": r"[0-9a-f]{8}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "size": r"\d+(?:\.\d)? (?:B|[KMGTPE]iB)",
    "n": r"\d+",
    "any": r".*",
}
# What --update writes placeholders for, in this order; the rest is chosen by hand.
NORMALISED = ("public", "id", "keyid", "short", "slot", "time")
SKIPPED = 77
TIMEOUT_S = 280


@dataclasses.dataclass
class Statement:
    line: int  # of its first line, counted from 1
    command: str
    golden: str | None
    expected: list[str]  # lines, and the status as [N] if it is not 0
    end: int  # index of the line after it


def parse(text):
    """Returns (statements, commands that must work)."""
    lines, statements, needs = text.splitlines(), [], []
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.startswith("? "):
            needs.append(line[2:])
        elif line.startswith("$ "):
            statements.append(parse_statement(lines, position))
            position = statements[-1].end
            continue
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"line {position + 1} belongs to no command: {line}")
        position += 1
    return statements, needs


def parse_statement(lines, first):
    command, position = [lines[first][2:]], first + 1
    while position < len(lines) and lines[position].startswith("> "):
        command.append(lines[position][2:])
        position += 1
    golden, expected = None, []
    if position < len(lines) and lines[position].startswith("== "):
        golden = lines[position][3:].strip()
        position += 1
    else:
        while position < len(lines) and lines[position].strip() \
                and not lines[position].startswith(("$ ", "# ")):
            expected.append(unescape(lines[position]))
            position += 1
    return Statement(first + 1, "\n".join(command), golden, expected, position)


def unescape(line):
    return "" if line == "~" else line.removeprefix("\\")


def escape(line):
    if line.startswith(("$ ", "# ", "> ", "== ", "\\", "~")):
        return "\\" + line
    return line or "~"


def collapse(line):
    return re.sub(r" {2,}", " ", line).rstrip()


def matches(expected, actual, directory):
    """True if the line that came is the one that was expected."""
    pattern = ""
    for part in re.split(r"(<\w+>)", collapse(expected)):
        name = part[1:-1] if part.startswith("<") else None
        if name == "dir":
            pattern += f"(?:{re.escape(directory)}|{re.escape(urllib.parse.quote(directory))})"
        elif name in PLACEHOLDERS:
            pattern += f"(?:{PLACEHOLDERS[name]})"
        else:
            pattern += re.escape(part)
    return re.fullmatch(pattern, collapse(actual)) is not None


def all_match(expected, actual, directory):
    return len(expected) == len(actual) and all(
        matches(left, right, directory) for left, right in zip(expected, actual))


def normalise(line, directory):
    line = line.replace(directory, "<dir>").rstrip()
    line = line.replace(urllib.parse.quote(directory), "<dir>")
    for name in NORMALISED:
        line = re.sub(rf"(?<![0-9a-zA-Z]){PLACEHOLDERS[name]}(?![0-9a-zA-Z])", f"<{name}>", line)
    return line


def script(statements, prelude):
    """One bash script that leaves the output and status of statement N in .out/N and .status/N."""
    parts = [f". {shlex.quote(str(prelude))}"]
    for number, statement in enumerate(statements):
        parts.append(f"{{ {statement.command}\n}} >\"$DIR/.out/{number}\" 2>&1 </dev/null\n"
                     f"echo $? >\"$DIR/.status/{number}\"")
    return "\n".join(parts) + "\n"


def environment(directory):
    kept = {name: value for name, value in os.environ.items()
            if name.startswith("PGKEEP_TEST_") or not name.startswith(("PG", "XDG_"))}
    kept.update(HOME=directory, PATH=f"{directory}/.bin:{kept.get('PATH', '/usr/bin:/bin')}",
                PGKEEP_STATE_DIR=f"{directory}/.state", LC_ALL="C.UTF-8", TERM="dumb",
                DIR=directory)
    return kept


def run(statements, options, directory):
    """Runs all statements; returns for each the lines that it printed and [status]."""
    here = pathlib.Path(__file__).resolve().parent
    root = pathlib.Path(directory)
    for name in (".bin", ".out", ".status"):
        (root / name).mkdir()
    (root / ".bin/pgkeep").symlink_to(os.path.abspath(options.pgkeep))
    (root / ".bin/repository_tool").symlink_to(os.path.abspath(options.tool))
    (root / ".script").write_text(script(statements, here / "prelude.sh"), encoding="utf-8")
    os.chmod(directory, 0o755)  # tests that run as another user must get in
    process = subprocess.Popen(["bash", ".script"], cwd=directory, env=environment(directory),
                               start_new_session=True)
    try:
        process.wait(TIMEOUT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()
    answers = []
    for number in range(len(statements)):
        try:
            text = (root / f".out/{number}").read_text(encoding="utf-8", errors="replace")
            status = (root / f".status/{number}").read_text().strip()
        except FileNotFoundError:
            text, status = "(never ran)\n", "?"
        # The same test, wherever new_source has put the repository.
        text = text.replace("s3://backups/repository", f"file://{directory}/repository")
        text = re.sub(r" --s3-endpoint http://127\.0\.0\.1:\d+( .*--source-database)", r"\1", text)
        answers.append(text.splitlines() + ([f"[{status}]"] if status != "0" else []))
    return answers


def golden_lines(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else ["(no such file)"]


def compare(statements, answers, folder, directory):
    """Prints every difference; returns their number."""
    failures = 0
    for statement, actual in zip(statements, answers):
        expected = statement.expected
        if statement.golden:
            expected = golden_lines(folder / statement.golden)
        if all_match(expected, actual, directory):
            continue
        failures += 1
        print(f"line {statement.line}: $ {statement.command}")
        for line in expected:
            print(f"  expected | {line}")
        for line in actual:
            print(f"  came     | {normalise(line, directory)}")
    return failures


def update(path, statements, answers, directory):
    """Rewrites what differs in the test and in its golden files."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for statement, actual in reversed(list(zip(statements, answers))):
        came = [normalise(line, directory) for line in actual]
        if statement.golden:
            golden = path.parent / statement.golden
            if not all_match(golden_lines(golden), actual, directory):
                golden.write_text("\n".join(came) + "\n", encoding="utf-8")
        elif not all_match(statement.expected, actual, directory):
            begin = statement.line - 1 + statement.command.count("\n") + 1
            lines[begin:statement.end] = [escape(line) for line in came]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgkeep", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("test", type=pathlib.Path)
    options = parser.parse_args()
    statements, needs = parse(options.test.read_text(encoding="utf-8"))
    for command in needs:
        if subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode:
            print(f"skipped: this does not work here: {command}")
            return SKIPPED
    directory = os.path.realpath(tempfile.mkdtemp(prefix="pgkeep-cli-"))
    try:
        answers = run(statements, options, directory)
        if options.update:
            update(options.test, statements, answers, directory)
            return 0
        failures = compare(statements, answers, options.test.parent, directory)
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", directory], check=False)
        shutil.rmtree(directory)
    print(f"{len(statements)} statements, {failures} failed")
    return 1 if failures or not statements else 0


if __name__ == "__main__":
    sys.exit(main())
