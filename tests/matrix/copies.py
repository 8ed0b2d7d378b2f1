"""Source and copy compared by stock pg_dump, on servers of different versions."""

import re

from dump_script import DumpScript

# What pg_dump says of the server's version, which is not the database's.
VERSION_LINE = re.compile(rb"^-- Dumped (?:from database|by pg_dump) version .*\n", re.MULTILINE)

# (version, pattern, reason): what pg_dump says of servers from this version on only.
NEW_IN = (
    (14, rb",\n    multirange_type_name = [^\n]*",
     "range types have a multirange type since version 14, with a name made by the server"),
)
# (version, pattern, reason): what pg_dump says of every database of servers before this version: a
# copy in a newer server has it too, but in an older one no copy can be without it.
OLD_UNTIL = (
    (15, rb"--\n-- Name: public; Type: SCHEMA;[^\n]*\n--\n\n"
         rb"-- \*not\* creating schema[^\n]*\n\n\nALTER SCHEMA public OWNER TO postgres;\n\n",
     "the owner of the database owns the schema public since version 15"),
    (15, rb"--\n-- Name: SCHEMA public; Type: ACL;[^\n]*\n--\n\n"
         rb"REVOKE USAGE ON SCHEMA public FROM PUBLIC;\n"
         rb"GRANT ALL ON SCHEMA public TO PUBLIC;\n\n\n",
     "everybody might make objects in the schema public before version 15"),
)


def script_of(cluster, database, *arguments, versions=None):
    """The dump of a database, without what one of two servers could not have said.

    versions: of the source and of the target, if they may differ.
    """
    text = VERSION_LINE.sub(b"", cluster.run("pg_dump", *arguments, database))
    source, target = versions or (0, 0)
    for since, pattern, _ in NEW_IN:
        if min(source, target) < since <= max(source, target):
            text = re.sub(pattern, b"", text)
    for until, pattern, _ in OLD_UNTIL:
        if target < until <= source:
            text = re.sub(pattern, b"", text)
    return DumpScript(text)


def rows_of(cluster, database):
    """The rows of a database, by COPY statement."""
    return script_of(cluster, database, "--data-only").rows


def assert_copy(source, target, name):
    """Fails unless database `name` of the target's cluster is a copy of the source's database.

    source, target: have a version and a cluster; the source has a database.
    """
    versions = (source.version, target.version)
    expected = script_of(source.cluster, source.database, versions=versions)
    difference = script_of(target.cluster, name, versions=versions).difference(expected)
    if difference:
        raise AssertionError(f"PostgreSQL {versions[0]} to {versions[1]}: {difference}")
