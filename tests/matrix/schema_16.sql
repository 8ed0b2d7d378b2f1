-- What PostgreSQL has since version 16, beside tests/archive/rich_schema.sql.
CREATE COLLATION shop.ruled (provider = icu, locale = 'und', rules = '&a < g');
CREATE TABLE shop.since_16 (
  id int PRIMARY KEY,
  word text STORAGE EXTERNAL COLLATE shop.ruled,
  document text CHECK (document IS JSON OBJECT)
);
INSERT INTO shop.since_16 SELECT i, chr(97 + i), json_object('n': i)
FROM generate_series(0, 9) i;
CREATE INDEX ON shop.since_16 (word);
CREATE VIEW shop.constructors AS SELECT json_array(word, id NULL ON NULL) AS pair,
  json_objectagg(word: id) AS together FROM shop.since_16 GROUP BY word, id;
CREATE FUNCTION shop.any_word() RETURNS text LANGUAGE sql
  BEGIN ATOMIC SELECT any_value(word) FROM shop.since_16; END;
-- No slot and no connection: the other server does not exist. The server warns of that.
SET client_min_messages = error;
CREATE SUBSCRIPTION faraway CONNECTION 'host=nowhere.invalid' PUBLICATION news
  WITH (connect = false, slot_name = NONE, streaming = on, origin = none,
        password_required = false, run_as_owner = true);
SET client_min_messages = warning;
COMMENT ON SUBSCRIPTION faraway IS 'never connected';
