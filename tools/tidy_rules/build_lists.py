"""Dead files: every C++ file is named in a CMakeLists.txt of its folder or of one above it."""

import re

PLACES = re.compile(r"\$\{(CMAKE_CURRENT_SOURCE_DIR|PROJECT_SOURCE_DIR|CMAKE_SOURCE_DIR)\}/?")


def listed_paths(source):
    """Paths, relative to the root, that one CMake file names."""
    folder = source.path.rpartition("/")[0] if source.path.endswith("CMakeLists.txt") else ""
    text = re.sub(r"#[^\n]*", "", source.text)
    for word in re.split(r"[\s()\";]+", text):
        if not word.endswith((".cc", ".h")):
            continue
        absolute = "PROJECT_SOURCE_DIR" in word or "CMAKE_SOURCE_DIR}" in word
        name = PLACES.sub("", word)
        yield name if absolute or not folder else normalise(f"{folder}/{name}")


def normalise(path):
    parts = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def check_all(sources):
    listed = set()
    for source in sources:
        if source.path.endswith(("CMakeLists.txt", ".cmake")):
            listed.update(listed_paths(source))
    return [source.offence(1, "dead-file", "no CMakeLists.txt names this file")
            for source in sources if source.is_code and source.path not in listed]
