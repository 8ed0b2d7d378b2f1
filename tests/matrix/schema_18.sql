-- What PostgreSQL has since version 18.
CREATE COLLATION shop.fast (provider = builtin, locale = 'PG_UNICODE_FAST');
CREATE TABLE shop.since_18 (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  price numeric CONSTRAINT "has a price" NOT NULL,
  tax numeric GENERATED ALWAYS AS (price * 0.2) VIRTUAL,
  total numeric GENERATED ALWAYS AS (price * 1.2) STORED,
  name text COLLATE shop.fast,
  CONSTRAINT hoped_for CHECK (price > 1000) NOT ENFORCED,
  CONSTRAINT "own only" NOT NULL name NO INHERIT
);
COMMENT ON CONSTRAINT "has a price" ON shop.since_18 IS 'a name for what had none';
INSERT INTO shop.since_18 (price, name) SELECT i, 'name ' || i FROM generate_series(1, 100) i;
CREATE TABLE shop.since_18_child (extra int) INHERITS (shop.since_18);
INSERT INTO shop.since_18_child (price, name) VALUES (7, 'child');
CREATE TABLE shop.only_virtual (a int GENERATED ALWAYS AS (7) VIRTUAL);
INSERT INTO shop.only_virtual DEFAULT VALUES;
CREATE TABLE shop.not_yet_null (a int);
INSERT INTO shop.not_yet_null VALUES (NULL), (1);
ALTER TABLE shop.not_yet_null ADD CONSTRAINT a_given NOT NULL a NOT VALID;
COMMENT ON CONSTRAINT a_given ON shop.not_yet_null IS 'from now on';
-- Keys with time.
CREATE TABLE shop.rented (
  room int4range, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
INSERT INTO shop.rented VALUES ('[1,2)', '[2025-01-01,2026-01-01)');
CREATE TABLE shop.guest (
  name text, room int4range, during daterange,
  CONSTRAINT in_time FOREIGN KEY (room, PERIOD during) REFERENCES shop.rented (room, PERIOD during));
INSERT INTO shop.guest VALUES ('a', '[1,2)', '[2025-02-01,2025-03-01)');
CREATE TABLE shop.believed (
  customer bigint CONSTRAINT not_looked_at REFERENCES shop.customer NOT ENFORCED);
INSERT INTO shop.believed VALUES (-1);
-- A foreign key of a partitioned table that was not checked. The row fits, since stock pg_restore with
-- several jobs does not wait for the rows of partitions before it makes such a key.
CREATE TABLE shop.late_key (customer bigint) PARTITION BY LIST (customer);
CREATE TABLE shop.late_key_rest PARTITION OF shop.late_key DEFAULT;
INSERT INTO shop.late_key VALUES (1);
ALTER TABLE shop.late_key ADD CONSTRAINT not_checked FOREIGN KEY (customer)
  REFERENCES shop.customer NOT VALID;
CREATE PUBLICATION with_generated FOR TABLE shop.since_18
  WITH (publish_generated_columns = stored);
ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT SELECT ON LARGE OBJECTS TO PUBLIC;
CREATE FUNCTION shop.old_and_new() RETURNS SETOF numeric LANGUAGE sql BEGIN ATOMIC
  UPDATE shop.since_18 SET price = price + 1 RETURNING new.price - old.price;
END;
