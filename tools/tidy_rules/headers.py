"""Headers are the manual: a comment on every class and free function, enough prose overall."""

import re

from .shape import classify, matching_brace

COMMENT_SHARE = 0.25

ATTRIBUTES = r"(?:\w+\s*\([^()]*\)\s*|\[\[[^\]]*\]\]\s*)*"
CLASS = re.compile(r"\b(class|struct|union)\s+" + ATTRIBUTES + r"(\w+)")
UNCOMMENTED = re.compile(r"\b(operator|friend|using|typedef|static_assert|namespace)\b")


def check(source):
    if not source.is_header:
        return []
    offences = []
    directives = re.findall(r"^[ \t]*#[^\n]*", source.code, flags=re.MULTILINE)
    if not directives or directives[0].strip() != "#pragma once":
        offences.append(source.offence(1, "header", "the first directive is not #pragma once"))
    if not source.comment_lines:
        offences.append(source.offence(1, "header", "has no comment: say what the file is for"))
    for line, what in declarations(source) if source.room else ():
        if not commented(source, line):
            offences.append(source.offence(line, "undocumented", f"{what} has no comment above it"))
    return offences


def commented(source, line):
    """True if a comment stands above the line in the same paragraph (no blank line between)."""
    above = line - 1
    while above >= 1 and source.lines[above - 1].strip():
        if above in source.comment_lines:
            return True
        above -= 1
    return False


def declarations(source):
    """Yields (line, description) of classes with a body and free functions at namespace level."""
    code, start, position, parentheses = source.plain_code, 0, 0, 0
    while position < len(code):
        char = code[position]
        if char in "()":
            parentheses += 1 if char == "(" else -1
        elif char == "}" and not parentheses:
            start = position + 1
        elif char in ";{" and not parentheses:
            head = code[start:position]
            kind = classify(head) if char == "{" else "statement"
            found = describe(head, kind)
            if found:
                yield source.line_of(start + len(head) - len(head.lstrip())), found
            if char == "{" and is_namespace(head):
                start = position + 1
            elif char == "{":
                position = matching_brace(code, position)
                if kind != "other":
                    start = position + 1
            if char == ";":
                start = position + 1
        position += 1


def is_namespace(head):
    return re.search(r"\bnamespace\b[\w:\s]*$", head) or re.search(r'\bextern\s*"[^"]*"\s*$', head)


def describe(head, kind):
    """Names what must have a comment; None for what needs none."""
    if kind == "container":
        match = CLASS.search(head)
        if not match or "enum" in head.split():
            return None
        return f"{match.group(1)} {match.group(2)}"
    if "(" not in head or kind == "other":
        return None
    before = head[:head.index("(")]
    if UNCOMMENTED.search(head):
        return None
    if "=" in before or "{" in before or re.search(r"\b(class|struct)\s+\w+\s*$", head):
        return None  # a variable, or a forward declaration with an attribute
    if kind == "statement" and "::" in before.split()[-1] and not before.strip().count(" "):
        return None  # a macro or a qualified call, not a declaration
    name = re.search(r"([\w~]+)\s*$", before)
    if not name or len(before.split()) < 2:
        return None  # a macro invocation or a deduction guide
    return f"function {name.group(1)}"


def check_comment_share(sources):
    """Of all lines of all headers in src/ that are not blank, a quarter is prose."""
    comments = lines = 0
    for source in sources:
        if source.is_header and source.path.startswith("src/"):
            comments += len(source.comment_lines)
            lines += sum(1 for line in source.lines if line.strip())
    if lines and comments / lines < COMMENT_SHARE:
        share = f"{comments / lines:.0%} of the header lines are comments"
        return [sources[0].__class__("src", "").offence(1, "comment-share",
                                                        f"{share}, at least {COMMENT_SHARE:.0%}")]
    return []
