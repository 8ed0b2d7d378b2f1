"""Scripts of pg_dump and pg_restore, compared where order means something, and only there."""

import re

# The rows of a table; the content of a large object; a key that is new with every run.
BLOCK = re.compile(rb"^(?P<copy>COPY .*?) FROM stdin;\n(?P<rows>.*?)^\\\.\n"
                   rb"|^SELECT pg_catalog\.lo_open\('(?P<object>\d+)'.*?lo_close\(0\);\n"
                   rb"|^\\(?:un)?restrict \w+\n", re.DOTALL | re.MULTILINE)


class DumpScript:
    """One script in three parts.

    statements: the lines outside of data, comments too, in their order.
    rows: by COPY statement; sorted unless rows_in_order. Partitions whose rows are loaded through
      their root have the same statement, since which of them a row goes to may differ in a copy.
    objects: the statements that fill a large object, by its OID.
    """

    def __init__(self, script, rows_in_order=False):
        self.rows = {}
        self.objects = {}
        self.statements = BLOCK.sub(self.take, script).decode().split("\n")
        if not rows_in_order:
            for rows in self.rows.values():
                rows.sort()

    def take(self, block):
        """Moves a block to where it belongs; gives what stays in its place."""
        if block["copy"]:
            self.rows.setdefault(block["copy"], []).extend(block["rows"].split(b"\n")[:-1])
            return block["copy"] + b"\n"
        if block["object"]:
            self.objects[int(block["object"])] = block[0]
        return b""

    def difference(self, expected):
        """Where this script is not the expected one, in words; None when they are equal."""
        if self.statements != expected.statements:
            return first_difference("statements", self.statements, expected.statements)
        for key in self.rows:
            if self.rows[key] != expected.rows[key]:  # statements are equal, so both have the key
                return first_difference(key, self.rows[key], expected.rows[key])
        if self.objects != expected.objects:
            return first_difference("large objects", sorted(self.objects.items()),
                                    sorted(expected.objects.items()))
        return None


def first_difference(what, actual, expected):
    """Which item of two unequal lists differs first, and what stands before it."""
    at = next((i for i, pair in enumerate(zip(actual, expected)) if pair[0] != pair[1]),
              min(len(actual), len(expected)))
    before = "".join(f"  {item!r:.300}\n" for item in expected[max(at - 5, 0):at])
    return (f"{what}: {len(actual)} items instead of {len(expected)}; item {at} differs, behind\n"
            f"{before}is       {actual[at:at + 1]!r:.1000}\nexpected {expected[at:at + 1]!r:.1000}")
