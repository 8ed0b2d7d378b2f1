"""The versions of PostgreSQL that the tests run against, and where their servers are."""

import pathlib

import places

VERSIONS = (13, 14, 15, 16, 17, 18)
# pg_dump, pg_restore and psql are of this version: pg_dump refuses servers that are newer.
CLIENT_VERSION = 15
OLD = tuple(version for version in VERSIONS if version <= CLIENT_VERSION)
NEW = tuple(version for version in VERSIONS if version > CLIENT_VERSION)


def packaged(version):
    """Where Debian and PostgreSQL's own packages put the programs of a version."""
    return pathlib.Path(f"/usr/lib/postgresql/{version}/bin")


def programs_of(version):
    """The folder with the server's programs."""
    for folder in (packaged(version), places.downloads() / str(version) / "bin"):
        if (folder / "initdb").exists():
            return folder
    raise AssertionError(f"there is no PostgreSQL {version}: run tests/matrix/fetch")
