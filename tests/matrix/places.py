"""Where things are that the tests are run with. `run` fills it in before it loads a test."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RICH_SCHEMA = ROOT / "tests" / "archive" / "rich_schema.sql"
CONFIGURED = {}


def pgkeep():
    """The program under test."""
    return CONFIGURED["pgkeep"]


def downloads():
    """What `fetch` brought."""
    return CONFIGURED["downloads"]
