"""Rules of the style test: one module a family, each with functions that return offences."""

import os
import pathlib

from . import build_lists, headers, layering, shape, words
from .source import Offence, Source

SKIPPED_FOLDERS = {".git", "build", "__pycache__", "node_modules", "corpus", "golden"}
CODE = {".cc", ".h"}
TEXT = CODE | {".py", ".sh", ".cmake", ".md", ".txt", ".json", ".toml", ".sql", ".yml", ".yaml", ""}


def find_files(root: pathlib.Path):
    """Text files of the tree, sorted, as paths relative to root."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in names:
            path = pathlib.Path(folder, name)
            if path.suffix in TEXT and not path.is_symlink():
                found.append(path.relative_to(root))
    return sorted(found)


def check_tree(root: pathlib.Path):
    """Returns (offences, number of files looked at)."""
    sources, offences = [], []
    for path in find_files(root):
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            offences.append(Offence(path.as_posix(), 1, "encoding", "is not UTF-8 text"))
            continue
        sources.append(Source(path.as_posix(), text))
    for source in sources:
        offences += words.check_text(source)
        offences += shape.check_size(source)
        if source.is_code:
            offences += layering.check(source)
            offences += words.check_code(source)
            offences += shape.check_functions(source)
            offences += headers.check(source)
    offences += headers.check_comment_share(sources)
    offences += build_lists.check_all(sources)
    return sorted(offences), len(sources)
