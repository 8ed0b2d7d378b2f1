-- Objects of every kind that has an entry of its own in an archive, with names that need care. Run
-- with psql into a fresh database; roles are made by the caller.
SET client_min_messages = warning;
SET check_function_bodies = off;

CREATE SCHEMA shop AUTHORIZATION keeper;
CREATE SCHEMA "odd "" schema
with a newline";
COMMENT ON SCHEMA shop IS 'it''s a shop; SELECT 1;';
CREATE EXTENSION hstore WITH SCHEMA public;
CREATE EXTENSION keeptest WITH SCHEMA shop;
INSERT INTO shop.ext_setting VALUES (100, 'mine', false), (101, E'tab\there', false);
-- A row that comes with the extension: no archive says that the data of one configuration table needs
-- that of another, so pg_restore loads both at once, and a row of a user may be missing.
INSERT INTO shop.ext_child VALUES (1, 1);
SELECT setval('shop.ext_seq', 777);

-- Types, functions, operators and what else comes before the data.
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy', 'with '' quote');
CREATE TYPE shop.pair AS (a int, b text);
CREATE TYPE shop.int_range AS RANGE (subtype = int4);
CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN shop.late_check AS int;
ALTER DOMAIN shop.late_check ADD CONSTRAINT late CHECK (VALUE < 1000) NOT VALID;
COMMENT ON DOMAIN shop.positive IS 'above zero';
CREATE COLLATION shop.c_like FROM "C";
CREATE FUNCTION shop.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION shop.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE PROCEDURE shop.nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE shop.total(int) (SFUNC = shop.add, STYPE = int, INITCOND = '0');
CREATE OPERATOR shop.@+@ (LEFTARG = int, RIGHTARG = int, FUNCTION = shop.add);
CREATE CAST (shop.pair AS text) WITH INOUT AS ASSIGNMENT;
CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = simple);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
CREATE USER MAPPING FOR keeper SERVER far;
CREATE FOREIGN TABLE shop.elsewhere (a int) SERVER far;
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE CONVERSION shop.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

-- Tables.
CREATE TABLE shop.customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  mood shop.mood DEFAULT 'ok',
  tags hstore,
  "Odd "" column" text COLLATE shop.c_like,
  dropped int,
  name_length int GENERATED ALWAYS AS (char_length(name)) STORED,
  CONSTRAINT name_not_empty CHECK (name <> '')
);
ALTER TABLE shop.customer DROP COLUMN dropped;
INSERT INTO shop.customer (name, mood, tags, "Odd "" column")
SELECT 'customer ' || i || E'\t\\.\n' || chr(8364), (enum_range(NULL::shop.mood))[1 + i % 4],
       hstore('k', i::text), CASE WHEN i % 3 = 0 THEN NULL ELSE repeat('x', i) END
FROM generate_series(1, 500) i;
CREATE TABLE shop.dot (line text);
INSERT INTO shop.dot VALUES (E'\\.'), (''), (NULL), ('\N');
CREATE TABLE shop."order" (
  id serial PRIMARY KEY,
  customer bigint NOT NULL REFERENCES shop.customer ON DELETE CASCADE,
  amount numeric(10,2) CHECK (amount >= 0),
  doc text
) WITH (fillfactor = 70);
ALTER TABLE shop."order" ALTER COLUMN doc SET STORAGE EXTERNAL;
INSERT INTO shop."order" (customer, amount, doc)
SELECT 1 + i % 500, i * 1.5, repeat(md5(i::text), 200) FROM generate_series(1, 300) i;
CREATE TABLE shop.tree (
  id int PRIMARY KEY, parent int REFERENCES shop.tree DEFERRABLE INITIALLY DEFERRED);
INSERT INTO shop.tree VALUES (1, NULL), (2, 1), (3, 2);
CREATE TABLE shop.egg (id int PRIMARY KEY, hen int);
CREATE TABLE shop.hen (id int PRIMARY KEY, egg int REFERENCES shop.egg);
ALTER TABLE shop.egg ADD CONSTRAINT "egg hen" FOREIGN KEY (hen) REFERENCES shop.hen;
INSERT INTO shop.egg VALUES (1, NULL);
INSERT INTO shop.hen VALUES (1, 1);
UPDATE shop.egg SET hen = 1;
CREATE UNLOGGED TABLE shop.scratch (a int);
INSERT INTO shop.scratch SELECT generate_series(1, 10);
CREATE TABLE shop.columnless ();
INSERT INTO shop.columnless DEFAULT VALUES;
INSERT INTO shop.columnless DEFAULT VALUES;
CREATE TABLE shop.only_generated (a int GENERATED ALWAYS AS (7) STORED);
INSERT INTO shop.only_generated DEFAULT VALUES;
CREATE TABLE shop.of_type OF shop.pair;
CREATE TABLE shop.other_am (a int) USING heap_too;
INSERT INTO shop.other_am VALUES (1);
CREATE TABLE "odd "" schema
with a newline"."DROP TABLE x; --
'$1' ünïcödé 名前" ("select" int PRIMARY KEY, "a)(b" text, "-- c" text, "; d" text);
INSERT INTO "odd "" schema
with a newline"."DROP TABLE x; --
'$1' ünïcödé 名前" SELECT i, 'x', NULL, '名前' FROM generate_series(1, 50) i;
COMMENT ON TABLE "odd "" schema
with a newline"."DROP TABLE x; --
'$1' ünïcödé 名前" IS E'line one\nline two; DROP TABLE y;';
CREATE TABLE shop."a sixty-three byte name that is exactly as long as it may be ok" (a int);

-- Inheritance and partitions.
CREATE TABLE shop.animal (id int, name text);
CREATE TABLE shop.dog (bark text) INHERITS (shop.animal);
INSERT INTO shop.animal VALUES (1, 'cat');
INSERT INTO shop.dog VALUES (2, 'rex', 'wuff');
CREATE TABLE shop.measure (at date NOT NULL, place int, value float8 DEFAULT 0.1)
  PARTITION BY RANGE (at);
CREATE TABLE shop.measure_1 PARTITION OF shop.measure
  FOR VALUES FROM ('2025-01-01') TO ('2025-07-01') PARTITION BY LIST (place);
CREATE TABLE shop.measure_1_a PARTITION OF shop.measure_1 FOR VALUES IN (1, 2);
CREATE TABLE shop.measure_1_rest PARTITION OF shop.measure_1 DEFAULT;
CREATE TABLE shop.measure_2 (place int, value float8, at date NOT NULL);
ALTER TABLE shop.measure ATTACH PARTITION shop.measure_2 FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
ALTER TABLE shop.measure ADD PRIMARY KEY (at, place);
CREATE INDEX ON shop.measure (value);
INSERT INTO shop.measure SELECT date '2025-01-01' + i % 360, i / 360, random()
FROM generate_series(0, 1439) i;
CREATE TABLE shop.by_mood (m shop.mood, v int) PARTITION BY HASH (m);
CREATE TABLE shop.by_mood_0 PARTITION OF shop.by_mood FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE shop.by_mood_1 PARTITION OF shop.by_mood FOR VALUES WITH (modulus 2, remainder 1);
INSERT INTO shop.by_mood SELECT (enum_range(NULL::shop.mood))[1 + i % 4], i
FROM generate_series(1, 400) i;

-- Sequences, views, and what comes after the data.
CREATE SEQUENCE shop.free_sequence START 5 INCREMENT 5 MAXVALUE 1000 CYCLE;
SELECT nextval('shop.free_sequence'), nextval('shop.free_sequence');
CREATE VIEW shop.rich AS SELECT c.*, o.amount FROM shop.customer c JOIN shop."order" o
  ON o.customer = c.id;
CREATE VIEW shop.circular AS SELECT 1 AS a;
CREATE FUNCTION shop.uses_circular() RETURNS SETOF shop.circular LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE VIEW shop.circular AS SELECT 1 AS a FROM shop.uses_circular();
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(amount) AS total
  FROM shop."order" GROUP BY customer;
CREATE MATERIALIZED VIEW shop.grand_total AS SELECT sum(total) AS total FROM shop.totals;
CREATE MATERIALIZED VIEW shop.unpopulated AS SELECT 1 AS a WITH NO DATA;
CREATE UNIQUE INDEX totals_key ON shop.totals (customer);
CREATE INDEX "odd index ON public.b" ON shop.customer (lower(name), mood) WHERE mood <> 'sad';
CREATE STATISTICS shop.customer_stats (dependencies) ON name, mood FROM shop.customer;
ALTER TABLE shop."order" ADD CONSTRAINT amount_small CHECK (amount < 1000000) NOT VALID;
ALTER TABLE shop.tree ADD CONSTRAINT no_overlap EXCLUDE USING btree (id WITH =);
CREATE TRIGGER touch BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.touch();
COMMENT ON TRIGGER touch ON shop.customer IS 'touches';
CREATE TRIGGER touch_parts AFTER INSERT ON shop.measure FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customer DISABLE TRIGGER touch;
CREATE RULE no_delete AS ON DELETE TO shop.tree DO INSTEAD NOTHING;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY "keeper's own" ON shop.customer TO keeper
  USING (name = current_user AND EXISTS (SELECT FROM shop.tree));
CREATE EVENT TRIGGER on_ddl ON ddl_command_end EXECUTE FUNCTION shop.note_ddl();
ALTER EVENT TRIGGER on_ddl DISABLE;
COMMENT ON EVENT TRIGGER on_ddl IS 'watches';
CREATE PUBLICATION news FOR TABLE shop.customer, shop.measure;
CREATE PUBLICATION all_of_shop FOR TABLES IN SCHEMA shop;
COMMENT ON COLUMN shop.customer.name IS 'who';
COMMENT ON CONSTRAINT "egg hen" ON shop.egg IS 'which came first';
COMMENT ON INDEX shop.totals_key IS 'key';

-- Owners and privileges.
ALTER TABLE shop.customer OWNER TO keeper;
GRANT SELECT, UPDATE (name) ON shop.customer TO "reader; with ""quotes""";
GRANT ALL ON SCHEMA shop TO "reader; with ""quotes""";
GRANT USAGE ON SEQUENCE shop.free_sequence TO keeper WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION shop.add(int, int) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Large objects; the second OID is beyond the signed range.
SELECT lo_from_bytea(70001, convert_to(repeat('large object ', 50000), 'UTF8'));
SELECT lo_from_bytea(4000000000, '\x0001ff5c2e0a'::bytea);
SELECT lo_create(70002);
COMMENT ON LARGE OBJECT 70001 IS 'large';
ALTER LARGE OBJECT 70001 OWNER TO keeper;
GRANT SELECT ON LARGE OBJECT 70001 TO "reader; with ""quotes""";
