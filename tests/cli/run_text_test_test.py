#!/usr/bin/env python3
"""Tests of the text tests' runner: a runner that accepts anything would make them all worthless."""

import pathlib
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import run_text_test as runner  # noqa: E402  (the path must be known first)

ID = "0123456789abcdef0123456789abcdef"


class RunnerTest(unittest.TestCase):
    def test_parses_commands_outputs_and_needs(self):
        statements, needs = runner.parse(
            "# why\n? true\n\n$ one\n> two\nout\n~\n[1]\n\n$ three\n== golden/x.txt\n$ four\n")
        self.assertEqual(needs, ["true"])
        self.assertEqual([s.command for s in statements], ["one\ntwo", "three", "four"])
        self.assertEqual(statements[0].expected, ["out", "", "[1]"])
        self.assertEqual(statements[1].golden, "golden/x.txt")
        self.assertEqual(statements[2].expected, [])

    def test_takes_what_would_mean_something_when_it_is_escaped(self):
        statements, _ = runner.parse("$ one\n\\# no comment\n\\$ no command\n\\~\n\\\\x\n")
        lines = ["# no comment", "$ no command", "~", "\\x"]
        self.assertEqual(statements[0].expected, lines)
        self.assertEqual([runner.unescape(runner.escape(line)) for line in lines + ["", "a"]],
                         lines + ["", "a"])

    def test_refuses_output_without_a_command(self):
        with self.assertRaises(ValueError):
            runner.parse("\nstray\n")

    def test_matches_placeholders_and_nothing_else(self):
        self.assertTrue(runner.matches("a <id>  b", f"a {ID} b", "/t"))
        self.assertFalse(runner.matches("a <id>", f"a {ID[:-1]}", "/t"))
        self.assertTrue(runner.matches("<dir>/x", "/t/x", "/t"))
        self.assertFalse(runner.matches("<dir>/x", "/u/x", "/t"))
        self.assertFalse(runner.matches("a.c", "abc", "/t"))
        self.assertFalse(runner.matches("all well", "all well, but", "/t"))

    def test_sees_missing_and_additional_lines(self):
        self.assertTrue(runner.all_match(["a", "b"], ["a", "b"], "/t"))
        self.assertFalse(runner.all_match(["a"], ["a", "b"], "/t"))
        self.assertFalse(runner.all_match(["a", "[1]"], ["a"], "/t"))

    def test_normalises_what_differs_from_run_to_run(self):
        self.assertEqual(
            runner.normalise(f"/t/x {ID} 2026-01-02T03:04:05Z {ID[:12]}", "/t"),
            "<dir>/x <id> <time> <short>")

    def test_runs_where_names_have_blanks(self):
        statements, _ = runner.parse("$ echo \"$DIR\"\n$ false\n")
        options = types.SimpleNamespace(pgkeep="/bin/true", tool="/bin/true")
        with tempfile.TemporaryDirectory(prefix="a b") as directory:
            self.assertEqual(runner.run(statements, options, directory), [[directory], ["[1]"]])
            self.assertTrue(runner.matches("file://<dir>/x", f"file://{directory}/x".replace(
                " ", "%20"), directory))
        self.assertIn(". '/a b/prelude.sh'", runner.script(statements, "/a b/prelude.sh"))


if __name__ == "__main__":
    unittest.main()
