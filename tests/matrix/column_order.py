"""Tables whose columns stand in another order in every copy that pg_dump makes."""

import re


def sort_columns(script, tables):
    """Puts the columns of these tables, and the fields of their rows, in the order of their names.

    Gives the tables of these whose columns did not stand so.
    """
    changed = set()
    for table in tables:
        begin = script.statements.index(f"CREATE TABLE {table} (") + 1
        end = script.statements.index(")", begin)
        columns = [line.rstrip(",") for line in script.statements[begin:end]]
        script.statements[begin:end] = [f"{line}," for line in sorted(columns)]
        old = next(key for key in script.rows if key.startswith(f"COPY {table} (".encode()))
        names = re.search(rb"\((.*)\)$", old)[1].split(b", ")
        order = sorted(range(len(names)), key=names.__getitem__)
        if sorted(columns) != columns or order != list(range(len(names))):
            changed.add(table)
        new = f"COPY {table} (".encode() + b", ".join(names[at] for at in order) + b")"
        fields = [row.split(b"\t") for row in script.rows.pop(old)]
        script.rows[new] = sorted(b"\t".join(row[at] for at in order) for row in fields)
        place = script.statements.index(old.decode())
        script.statements[place] = new.decode()
    return changed
