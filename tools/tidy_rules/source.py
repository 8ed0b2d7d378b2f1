"""One source file, split into what the compiler sees and what people read."""

import dataclasses
import functools
import re


@dataclasses.dataclass(frozen=True, order=True)
class Offence:
    """One finding; prints in the form that editors jump to."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


# One alternative per thing in which braces and words mean nothing. A digit separator (1'000) is
# taken with its number so that its quote does not open a character literal.
TOKEN = re.compile(
    r'(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)'
    r'|(?P<raw>\bu?8?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<number>\b\d[\w.]*(?:'\w+)+)"
    r"|(?P<char>'(?:[^'\\\n]|\\.)+')",
    re.DOTALL)


def blank(text: str) -> str:
    """The same text with everything but line breaks turned into spaces: positions stay."""
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A text file and, for C++, its views. Paths are relative to the root, with forward slashes."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.text = text
        self.lines = text.splitlines()
        self.is_code = path.endswith((".cc", ".h"))
        self.is_header = path.endswith(".h")
        parts = path.split("/")
        self.room = parts[1] if parts[0] == "src" and len(parts) > 2 else None
        # A *_test_kit is what several *_test.cc of one room share.
        self.is_test = (path.endswith(("_test.cc", "_test_kit.cc", "_test_kit.h"))
                        or parts[0] in ("tests", "bench", "tools") or self.room == "testing")

    @functools.cached_property
    def code(self) -> str:
        """Text with comments and literals blanked."""
        def replace(match):
            if match.lastgroup == "number":
                return match.group()
            if match.group("comment"):
                return blank(match.group())
            return '"' + blank(match.group()[1:-1]) + '"'  # a literal stays visible as a literal
        return TOKEN.sub(replace, self.text)

    @functools.cached_property
    def plain_code(self) -> str:
        """Code without preprocessor lines and their continuations."""
        return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: blank(m.group()), self.code,
                      flags=re.MULTILINE | re.DOTALL)

    @functools.cached_property
    def comment_lines(self) -> set:
        """Numbers of the lines on which a comment begins or goes on, counted from 1."""
        found = set()
        for match in TOKEN.finditer(self.text):
            if match.group("comment"):
                first = self.line_of(match.start())
                found.update(range(first, first + match.group().count("\n") + 1))
        return found

    def line_of(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1

    def offence(self, line: int, rule: str, message: str) -> Offence:
        return Offence(self.path, line, rule, message)
