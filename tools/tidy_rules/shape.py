"""Sizes: columns of a line, lines of a file, lines of a function."""

import re

COLUMNS = 100
FILE_LINES = 800
FUNCTION_LINES = 70
TEST_FUNCTION_LINES = 120

SIZED = (".cc", ".h", ".py", ".cmake", "CMakeLists.txt", ".sh")
MEMBER_INITIALISERS = re.compile(r"\)\s*(?:noexcept\s*(?:\([^()]*\)\s*)?)?:(?!:)")
CONTAINER = re.compile(r"\b(class|struct|union|enum|namespace|extern)\b")
FUNCTION_TAIL = re.compile(r"(\)|\bconst|\bnoexcept|\boverride|\bfinal|&)\s*$")


def check_size(source):
    offences = []
    if not source.path.endswith(SIZED):
        return offences
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS:
            message = f"{len(line)} columns, at most {COLUMNS}"
            offences.append(source.offence(number, "columns", message))
    if len(source.lines) > FILE_LINES:
        message = f"{len(source.lines)} lines, at most {FILE_LINES}: split by idea"
        offences.append(source.offence(FILE_LINES, "file-length", message))
    return offences


def check_functions(source):
    limit = TEST_FUNCTION_LINES if source.is_test else FUNCTION_LINES
    return [source.offence(first, "function-length",
                           f"{last - first + 1} lines, at most {limit}: {name}")
            for name, first, last in functions(source) if last - first + 1 > limit]


def functions(source):
    """Yields (head, first line, last line) of every function body outside other functions."""
    for kind, head, start, end in scopes(source.plain_code):
        if kind == "function":
            first = start + len(source.plain_code[start:]) - len(source.plain_code[start:].lstrip())
            yield " ".join(head.split())[:60], source.line_of(first), source.line_of(end)


def scopes(code):
    """Walks the braces outside function bodies; yields (kind, head, start of head, closing brace).

    The head is the text since the last statement. Kinds: function, container (namespace, class),
    other (initialisers). Functions inside containers come out on their own.
    """
    start, position, parentheses = 0, 0, 0
    open_containers = []
    while position < len(code):
        char = code[position]
        if char == "(":
            parentheses += 1
        elif char == ")":
            parentheses = max(0, parentheses - 1)
        elif char == ";" and parentheses == 0:
            start = position + 1
        elif char == ":" and re.search(r"\b(public|private|protected)\s*$", code[start:position]):
            start = position + 1
        elif char == "}":
            if open_containers:
                head, head_start = open_containers.pop()
                yield "container", head, head_start, position
            start = position + 1
        elif char == "{":
            head = code[start:position]
            kind = "other" if parentheses else classify(head)
            if kind == "container":
                open_containers.append((head, start))
                start = position + 1
            else:
                end = matching_brace(code, position)
                if kind == "function":
                    yield "function", head, start, end
                    start = end + 1
                position = end
        position += 1


def classify(head):
    """What the brace after this head opens."""
    bare = re.sub(r"\btemplate\s*<[^{;]*?>\s*(?=\w|\[)", "", head, count=1)
    keyword = CONTAINER.search(bare)
    if keyword and ("(" not in bare or not FUNCTION_TAIL.search(bare)):
        before = bare[:keyword.start()]
        if "(" not in before and "=" not in before:
            return "container"
    if "(" not in head:
        return "other"
    if MEMBER_INITIALISERS.search(head) and re.search(r"[\w>]\s*$", head) and not (
            FUNCTION_TAIL.search(head)):
        return "other"  # a member initialiser such as count_{0}; the body comes later
    return "function"


def matching_brace(code, position):
    """Position of the brace that closes the one at position, or the end of the text."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, position):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1
