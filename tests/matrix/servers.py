"""The versions of PostgreSQL that the tests run against, and where their programs are."""

import pathlib

import places

VERSIONS = (13, 14, 15, 16, 17, 18)
# pg_dump, pg_restore and psql of Debian 12: this pg_dump refuses servers that are newer.
CLIENT_VERSION = 15
OLD = tuple(version for version in VERSIONS if version <= CLIENT_VERSION)
NEW = tuple(version for version in VERSIONS if version > CLIENT_VERSION)
# What tests/matrix/fetch brings. The newest one reads every server.
NEWER_CLIENTS = (17, 18)
NEWEST_CLIENT = NEWER_CLIENTS[-1]


def packaged(version):
    """Where Debian and PostgreSQL's own packages put the programs of a version."""
    return pathlib.Path(f"/usr/lib/postgresql/{version}/bin")


def programs_of(version):
    """The folder with the server's programs."""
    for folder in (packaged(version), places.downloads() / str(version) / "bin"):
        if (folder / "initdb").exists():
            return folder
    raise AssertionError(f"there is no PostgreSQL {version}: run tests/matrix/fetch")


def clients_of(version):
    """The folder with pg_dump, pg_dumpall, pg_restore and psql of this version."""
    for folder in (packaged(version), places.downloads() / f"client-{version}" / "bin"):
        if (folder / "pg_dump").exists():
            return folder
    raise AssertionError(f"there is no pg_dump {version}: run tests/matrix/fetch")


def dumped_by(version):
    """The version of the pg_dump that fits a server best: its own, or the next newer one."""
    return min(client for client in (CLIENT_VERSION, *NEWER_CLIENTS) if client >= version)


def restored_by(version):
    """The version of the pg_restore that fits a server best: its own, or the next older one, whose
    settings the server knows."""
    return max((client for client in (CLIENT_VERSION, *NEWER_CLIENTS) if client <= version),
               default=CLIENT_VERSION)
