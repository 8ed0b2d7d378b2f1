"""A server of one version with a database of every kind of object, and backups of it."""

import atexit
import functools

import places
import servers
from keeper import Keeper
from private_cluster import PrivateCluster

DATABASE = "rich"
MODES = ("gentle", "parallel")
# One row in each block, so that a table of few bytes has more blocks than one range of a parallel
# read (16,384).
WIDE_TABLE = """
CREATE TABLE shop.wide (id int PRIMARY KEY, filler text) WITH (fillfactor = 10);
INSERT INTO shop.wide SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 20000) i;
"""
FEW_CHANGES = """
UPDATE shop.wide SET filler = 'changed' WHERE id IN (7, 15000);
DELETE FROM shop.wide WHERE id = 10000;
INSERT INTO shop."order" (customer, amount) VALUES (1, 17.25);
REFRESH MATERIALIZED VIEW shop.totals;
REFRESH MATERIALIZED VIEW shop.grand_total;
"""


def rich_schema(version):
    """The SQL that makes the database: less what needs an own extension, or a newer server."""
    unwanted = ["keeptest", "shop.ext_"]
    if version < 15:
        unwanted.append("FOR TABLES IN SCHEMA")
    lines = places.RICH_SCHEMA.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not any(word in line for word in unwanted))


class RichSource:
    """The cluster, and for each way of reading a repository with three backups of one database:
    the first, one when nothing had changed, and one after a few changes. The database is as the
    last one says; copies of it may be made in the same cluster."""

    database = DATABASE

    def __init__(self, version):
        self.version = version
        self.keepers = {}
        self.backups = {}
        self.cluster = PrivateCluster(servers.programs_of(version), log_statement="all")

    def fill(self):
        self.cluster.start()
        self.cluster.new_database(DATABASE)
        self.cluster.sql(DATABASE, rich_schema(self.version) + WIDE_TABLE)
        for mode in MODES:
            self.keepers[mode] = Keeper(self.cluster, read=f'"{mode}"')
            self.backups[mode] = [self.keepers[mode].backup(DATABASE) for _ in range(2)]
        self.cluster.sql(DATABASE, FEW_CHANGES)
        for mode in MODES:
            self.backups[mode].append(self.keepers[mode].backup(DATABASE))

    def newest(self, mode):
        return self.backups[mode][-1]["id"]

    def server_log(self):
        return (self.cluster.root / "log").read_text(encoding="utf-8", errors="replace")

    def close(self):
        for keeper in self.keepers.values():
            keeper.close()
        self.cluster.stop()


@functools.cache
def rich_source(version):
    """The one of this version, which stays until the program ends."""
    source = RichSource(version)
    atexit.register(source.close)
    source.fill()
    return source
