"""The data of the benchmark: a shop, one of whose tables holds about four fifths of everything."""

SCHEMA = """
CREATE TABLE customer (
    id int PRIMARY KEY, name text NOT NULL, mail text UNIQUE, city text, since date, note text);
CREATE TABLE product (
    id int PRIMARY KEY, name text NOT NULL, price numeric(10,2), attributes jsonb);
CREATE TABLE purchase (
    id bigint PRIMARY KEY, customer int NOT NULL REFERENCES customer, product int NOT NULL
    REFERENCES product, amount int, total numeric(12,2), at timestamptz NOT NULL);
CREATE TABLE event (
    id bigint PRIMARY KEY, at timestamptz NOT NULL, customer int, kind text NOT NULL,
    payload jsonb NOT NULL, address inet, duration double precision, trace text);
CREATE INDEX ON purchase (customer);
CREATE INDEX ON event (at);
"""

# Rows for one gigabyte of tables. Values repeat as they do in life: some columns compress well,
# others (trace) not at all.
FILL = """
SELECT setseed(0.42);
INSERT INTO customer
  SELECT i, 'Customer ' || md5(i::text), 'c' || i || '@mail.example', 'City ' || i % 5000,
         date '2015-01-01' + i % 3500, repeat('regular customer since long ', i % 4)
  FROM generate_series(1, {customers}) i;
INSERT INTO product
  SELECT i, 'Product ' || i, (i % 10000) / 100.0,
         jsonb_build_object('colour', (ARRAY['red','green','blue'])[1 + i % 3], 'weight', i % 900,
                            'tags', jsonb_build_array('t' || i % 20, 't' || i % 33))
  FROM generate_series(1, {products}) i;
INSERT INTO purchase
  SELECT i, 1 + (random() * ({customers} - 1))::int, 1 + (random() * ({products} - 1))::int,
         1 + i % 5, (i % 100000) / 7.0, timestamptz '2020-01-01' + i * interval '7 s'
  FROM generate_series(1, {purchases}) i;
INSERT INTO event
  SELECT i, timestamptz '2020-01-01' + i * interval '1.7 s',
         CASE WHEN i % 9 > 0 THEN 1 + (random() * ({customers} - 1))::int END,
         (ARRAY['view','click','cart','order','login','search'])[1 + (random() * 5)::int],
         jsonb_build_object('path', '/shop/' || (random() * 40000)::int,
                            'ms', (random() * 900)::int,
                            'agent', (ARRAY['Mozilla/5.0 (X11; Linux x86_64)',
                                            'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1)',
                                            'Mozilla/5.0 (Windows NT 10.0; Win64)'])[1 + i % 3],
                            'experiment', 'variant-' || i % 12, 'referrer',
                            'https://search.example/?q=term+' || (random() * 9000)::int),
         ('10.' || i % 200 || '.' || i % 251 || '.' || i % 253)::inet, random() * 1000,
         md5(random()::text)
  FROM generate_series(1, {events}) i;
"""


def sizes(gigabytes):
    scale = gigabytes * 1.0
    return {"customers": int(250_000 * scale), "products": int(60_000 * scale),
            "purchases": int(1_400_000 * scale), "events": int(2_350_000 * scale)}


def fill(cluster, database, gigabytes):
    cluster.sql("postgres", f"CREATE DATABASE {database}")
    cluster.sql(database, SCHEMA)
    cluster.sql(database, FILL.format(**sizes(gigabytes)))
    cluster.sql(database, "VACUUM (FREEZE, ANALYZE)")
    cluster.sql(database, "CHECKPOINT")
