"""What a database holds, asked by psql: for servers that the stock pg_dump at hand refuses.

Names and definitions come from the catalogs as the server's own functions write them, rows as their
number and a sum of hashes. Two equal answers are two equal databases, as far as the queries go.
"""

import json
import re

OWN = """n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = {catalog}::regclass AND d.objid = {oid}
    AND d.deptype = 'e')"""


def own(catalog, oid):
    """A condition: made by a user, and no part of an extension."""
    return OWN.format(catalog=f"'{catalog}'", oid=oid)


# MAINTAIN is a privilege since version 17, which owners get with all others.
GRANTS = """(SELECT array_agg(g.text ORDER BY g.text) FROM (
  SELECT concat_ws(' ', grantee::regrole, privilege_type, is_grantable) FROM aclexplode({acl})
  WHERE privilege_type <> 'MAINTAIN') AS g (text))"""

QUERIES = {
    "schemas": f"""SELECT n.nspname, n.nspowner::regrole, {GRANTS.format(acl='n.nspacl')}
      FROM pg_namespace n WHERE {own('pg_namespace', 'n.oid')}""",
    "relations": f"""SELECT c.oid::regclass, c.relkind, c.relpersistence, c.relowner::regrole,
      (SELECT amname FROM pg_am WHERE oid = c.relam), c.reloptions, c.relrowsecurity,
      pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid), {GRANTS.format(acl='c.relacl')},
      (SELECT array_agg(inhparent::regclass ORDER BY inhseqno) FROM pg_inherits
       WHERE inhrelid = c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE {own('pg_class', 'c.oid')}""",
    "columns": f"""SELECT c.oid::regclass, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
      a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
      a.attgenerated, a.attstorage, a.attcollation::regcollation,
      pg_get_expr(d.adbin, d.adrelid), {GRANTS.format(acl='a.attacl')}
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relkind <> 'i' AND {own('pg_class', 'c.oid')}""",
    # NOT NULL has an entry of its own since version 18; the columns tell it everywhere.
    "constraints": f"""SELECT o.conrelid::regclass, o.contypid::regtype, o.conname, o.contype,
      o.convalidated, pg_get_constraintdef(o.oid)
      FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
      WHERE o.contype <> 'n' AND {own('pg_constraint', 'o.oid')}""",
    "indexes": f"""SELECT pg_get_indexdef(c.oid), x.indisvalid
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_index x ON x.indexrelid = c.oid WHERE {own('pg_class', 'c.oid')}""",
    "triggers": """SELECT tgrelid::regclass, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
      WHERE NOT tgisinternal""",
    "rules": f"""SELECT c.oid::regclass, r.rulename, r.ev_enabled, pg_get_ruledef(r.oid)
      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {own('pg_class', 'c.oid')}""",
    "policies": """SELECT polrelid::regclass, polname, polcmd, polpermissive,
      polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
      FROM pg_policy""",
    "functions": f"""SELECT p.oid::regprocedure, p.prokind, p.proowner::regrole,
      {GRANTS.format(acl='p.proacl')},
      CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE {own('pg_proc', 'p.oid')}""",
    "types": f"""SELECT t.oid::regtype, t.typtype, format_type(t.typbasetype, t.typtypmod),
      t.typnotnull, (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum
      WHERE enumtypid = t.oid)
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE t.typcategory <> 'A' AND {own('pg_type', 't.oid')}""",
    "operators": f"""SELECT o.oid::regoperator, o.oprcode::regprocedure
      FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE {own('pg_operator', 'o.oid')}""",
    "sequences": """SELECT schemaname, sequencename, data_type, start_value, min_value, max_value,
      increment_by, cycle, last_value FROM pg_sequences""",
    "statistics": "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext",
    "event triggers": """SELECT evtname, evtevent, evtenabled, evtfoid::regproc
      FROM pg_event_trigger""",
    "publications": """SELECT p.pubname, p.puballtables, r.prrelid::regclass
      FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid""",
    "publications of schemas": """SELECT p.pubname, r.pnnspid::regnamespace
      FROM pg_publication p JOIN pg_publication_namespace r ON r.pnpubid = p.oid""",
    "default privileges": f"""SELECT defaclrole::regrole, defaclnamespace::regnamespace,
      defaclobjtype, {GRANTS.format(acl='defaclacl')} FROM pg_default_acl""",
    "foreign servers": """SELECT srvname, fdwname FROM pg_foreign_server s
      JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw""",
    "extensions": "SELECT extname, extnamespace::regnamespace FROM pg_extension",
    "large objects": f"""SELECT oid, lomowner::regrole, md5(lo_get(oid)),
      {GRANTS.format(acl='lomacl')} FROM pg_largeobject_metadata""",
    "comments": """SELECT i.type, i.identity, d.description FROM pg_description d,
      pg_identify_object(d.classoid, d.objoid, d.objsubid) i
      WHERE d.objoid >= 16384 AND i.type NOT IN ('extension')
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid
                      AND e.deptype = 'e')""",
}

# Rows of partitions are counted with their root: which hash partition a value goes to may differ.
TABLES = f"""SELECT CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END || c.oid::regclass
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind IN ('r', 'p') AND NOT c.relispartition
         OR c.relkind = 'm' AND c.relispopulated) AND {own('pg_class', 'c.oid')}"""
ROWS = """SELECT count(*), sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric)
  FROM {table} t"""
# A name and the dot behind it. Since version 16 rules do not say of which table a column is where
# there is only one.
QUALIFIER = re.compile(r'(?:"(?:[^"]|"")*"|\w+)\.')
SETTINGS = "SET search_path = ''; SET timezone = 'UTC'; SET row_security = off;\n"


def content_of(cluster, database):
    """Sorted lists of rows, by what they are about; "rows of NAME" is one for each table."""

    def ask(query):
        text = cluster.sql(database, SETTINGS + f"SELECT json_agg(answer) FROM ({query}) AS answer")
        # Two columns may have the same name.
        answer = json.loads(text, object_pairs_hook=list) if text.strip() else []
        return sorted([[value for _, value in row] for row in answer], key=json.dumps)

    content = {name: ask(query) for name, query in QUERIES.items()}
    content["rules"] = [row[:-1] + [QUALIFIER.sub("", row[-1])] for row in content["rules"]]
    for [table] in ask(TABLES):
        content[f"rows of {table}"] = ask(ROWS.format(table=table))
    return content
