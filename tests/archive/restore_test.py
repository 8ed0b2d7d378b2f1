#!/usr/bin/env python3
"""Archives that src/archive writes are restored by stock pg_restore, and the copies compared.

usage: restore_test.py TOOL [unittest arguments]      TOOL is archive_tool

The source is a database with objects of every kind. What stock pg_dump says of it and of each copy
must be equal. What pg_restore cannot do with an archive of pg_dump itself is not asked for; where
that needs proof, such an archive is restored beside ours.
"""

import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "python"))
from dump_script import DumpScript  # noqa: E402  (after the lines above)
from extension_cluster import ExtensionCluster  # noqa: E402

TOOL = sys.argv.pop(1) if len(sys.argv) > 1 else ""


def tool(*arguments, **more):
    done = subprocess.run([TOOL, *map(str, arguments)], check=False, stderr=subprocess.PIPE,
                          stdout=more.pop("stdout", subprocess.PIPE), **more)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr.decode()}")
    return done.stdout.decode() if done.stdout is not None else ""


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def decoded(field):
    return None if field == "-" else bytes.fromhex(field[1:]).decode()


def encoded(text):
    return "x" + text.encode().hex()


def setUpModule():
    Source.open()


def tearDownModule():
    Source.close()


class Source:
    """The source database, its table of contents and the data of its entries, made once."""

    @classmethod
    def open(cls):
        cls.cluster = ExtensionCluster()
        try:
            cls.cluster.start()
            cls.work = pathlib.Path(tempfile.mkdtemp(prefix="pgk-arc-work-"))
            cls.cluster.new_database("source")
            cls.cluster.sql("source", (HERE / "rich_schema.sql").read_text(encoding="utf-8"))
            cls.toc = cls.work / "head.toc"
            cls.read_head()
            cls.tables = {int(row[1]): row for row in rows(tool("list", cls.toc))
                          if row[0] == "table"}
            cls.fetch_data()
            cls.script = cls.script_of("source")
            cls.views = cls.views_of("source")
        except BaseException:
            cls.close()
            raise

    @classmethod
    def close(cls):
        cls.cluster.stop()
        shutil.rmtree(getattr(cls, "work", "/nonexistent"), ignore_errors=True)

    @classmethod
    def read_head(cls):
        """The table of contents alone, from a pipe; pg_dump is stopped when it is there."""
        dump = subprocess.Popen([cls.cluster.bin / "pg_dump", "-Fc", "-Z0", "source"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                env=cls.cluster.environment)
        with dump:
            tool("head", cls.toc, stdin=dump.stdout)
            dump.stdout.close()
            dump.terminate()

    @classmethod
    def fetch_data(cls):
        """The rows of each entry by table OID, as a backup would read them: one psql for all."""
        oids = [row[2] for row in cls.tables.values()]
        origins = json.loads(cls.cluster.sql("source", f"""
            SELECT json_object_agg(source, concat(source::regclass, ' ', (
              SELECT extcondition[array_position(extconfig, source)] FROM pg_extension
              WHERE source = ANY (extconfig))))
            FROM unnest('{{{",".join(oids)}}}'::oid[]) AS source"""))
        script = ["SET bytea_output = hex; SET extra_float_digits = 3; SET datestyle = iso;"]
        for dump_id, row in cls.tables.items():
            script.append(f"COPY (SELECT {decoded(row[5]) or ''} FROM ONLY {origins[row[2]]}) "
                          f"TO STDOUT \\g {cls.work / f'{dump_id}.copy'}")
        for row in rows(tool("list", cls.toc)):
            if row[0] == "large_object":
                script.append(f"\\lo_export {row[1]} {cls.work / f'lo_{row[1]}'}")
        cls.cluster.sql("source", "\n".join(script))

    @classmethod
    def script_of(cls, database, *arguments):
        return DumpScript(cls.cluster.run("pg_dump", *arguments, database))

    @classmethod
    def views_of(cls, database):
        """What materialised views hold, which is in no dump."""
        return cls.cluster.sql(database, """
            SELECT count(*), sum(customer), sum(total) FROM shop.totals;
            SELECT total FROM shop.grand_total;
            SELECT relispopulated FROM pg_class WHERE oid = 'shop.unpopulated'::regclass""")


class ArchiveTest(unittest.TestCase):
    """Helpers of all tests."""

    maxDiff = 4000
    archives = {}

    def setUp(self):
        self.cluster = Source.cluster

    def archive(self, form, compression, jobs=3):
        """An archive of the source, written once."""
        key = (form, compression)
        if key not in self.archives:
            path = Source.work / f"{form}-{compression}"
            tool("write", form, compression, jobs if form == "directory" else 1, Source.toc,
                 Source.work, path)
            self.archives[key] = path
        return self.archives[key]

    def restore(self, database, archive, *arguments):
        self.cluster.run("pg_restore", "--exit-on-error", "-d", database, *arguments, archive)

    def assert_same_script(self, actual, expected):
        difference = actual.difference(expected)
        if difference:
            self.fail(difference)

    def assert_copy(self, database):
        self.assert_same_script(Source.script_of(database), Source.script)
        self.assertEqual(Source.views_of(database), Source.views)


class Reading(ArchiveTest):
    """Tables of contents of stock archives."""

    def test_stock_archives_are_written_again_with_the_same_bytes(self):
        for form, name in (("c", "stock.dump"), ("d", "stock.dir"), ("t", "stock.tar")):
            path = Source.work / name
            self.cluster.run("pg_dump", f"-F{form}", "-f", path, "source")
            toc = path / "toc.dat" if form == "d" else path
            if form == "t":
                subprocess.run(["tar", "-xf", path, "-C", Source.work, "toc.dat"], check=True)
                toc = Source.work / "toc.dat"
            self.assertGreater(int(tool("check", toc)), 100)

    def test_the_head_of_a_pipe_is_the_head_of_the_whole_stream(self):
        whole = self.cluster.run("pg_dump", "-Fc", "-Z0", "source", stdin=subprocess.DEVNULL)
        head = Source.toc.read_bytes()
        created = slice(11 + 5, 11 + 5 + 7 * 5)  # the time of the dump is all that differs
        self.assertEqual(head[:created.start], whole[:created.start])
        self.assertEqual(head[created.stop:], whole[created.stop:len(head)])
        self.assertGreater(len(whole), len(head))

    def test_other_files_are_refused_with_one_sentence(self):
        plain = Source.work / "plain.sql"
        self.cluster.run("pg_dump", "-f", plain, "source")
        with self.assertRaisesRegex(AssertionError, "not a pg_dump archive"):
            tool("check", plain)

    def test_data_is_listed_by_table(self):
        names = {(decoded(row[3]), decoded(row[4])): row for row in Source.tables.values()}
        config = names["shop", "ext_setting"]
        self.assertEqual(config[7], "0", "an extension's table has no entry that creates it")
        self.assertEqual(decoded(names["shop", "by_mood_0"][6]), "shop.by_mood")
        self.assertIsNone(decoded(names["shop", "measure_2"][6]))
        self.assertIsNone(decoded(names["shop", "columnless"][5]))
        self.assertEqual(decoded(names["shop", "customer"][5]),
                         'id, name, mood, tags, "Odd "" column"')
        kinds = [row[0] for row in rows(tool("list", Source.toc))]
        self.assertEqual(kinds.count("large_object"), 3)
        self.assertEqual(kinds.count("refresh"), 2)
        self.assertEqual(kinds.count("sequence"), 4)


class Comparing(ArchiveTest):
    """The comparison that all other tests rely on."""

    LOSSES = (
        "DROP PUBLICATION all_of_shop",  # first, since it forbids what follows
        "DELETE FROM shop.dot WHERE line = ''",
        "INSERT INTO shop.dot VALUES ('')",
        "UPDATE shop.dog SET bark = NULL",
        "DELETE FROM shop.by_mood WHERE v = 17",
        "DELETE FROM shop.ext_setting WHERE id = 101",
        "SELECT setval('shop.ext_seq', 776)",
        "SELECT lo_put(70001, 600000, 'x')",
        "SELECT lo_unlink(70002)",
        "COMMENT ON LARGE OBJECT 70001 IS NULL",
        'REVOKE SELECT ON LARGE OBJECT 70001 FROM "reader; with ""quotes"""',
        'REVOKE UPDATE (name) ON shop.customer FROM "reader; with ""quotes"""',
        "COMMENT ON COLUMN shop.customer.name IS NULL",
        "ALTER TABLE shop.customer OWNER TO postgres",
        "ALTER TABLE shop.customer ENABLE TRIGGER touch",
        "DROP POLICY \"keeper's own\" ON shop.customer",
    )

    def test_a_copy_of_the_source_is_equal(self):
        self.cluster.new_database("copy", template="source")
        self.assert_copy("copy")

    def test_every_loss_is_found(self):
        self.cluster.new_database("copy", template="source")
        before = Source.script
        for loss in self.LOSSES:
            with self.subTest(loss):
                self.cluster.sql("copy", loss)
                after = Source.script_of("copy")
                self.assertIsNotNone(after.difference(before))
                before = after
        self.cluster.sql("copy", """DELETE FROM shop."order" WHERE id = 1;
                                    REFRESH MATERIALIZED VIEW shop.totals""")
        self.assertNotEqual(Source.views_of("copy"), Source.views)


class Restoring(ArchiveTest):
    """Complete restores of what is written here."""

    def test_any_number_of_jobs(self):
        for form in ("directory", "custom"):
            archive = self.archive(form, "gzip")
            for jobs in (1, 2, 4, 8):
                with self.subTest(form=form, jobs=jobs):
                    self.restore(self.cluster.new_database("copy"), archive, "-j", jobs)
                    self.assert_copy("copy")

    def test_uncompressed(self):
        for form in ("directory", "custom"):
            with self.subTest(form=form):
                archive = self.archive(form, "none")
                self.restore(self.cluster.new_database("copy"), archive, "-j", 2)
                self.assert_copy("copy")

    def test_streams(self):
        for compression in ("gzip", "none"):
            with self.subTest(compression=compression):
                stream = Source.work / f"stream-{compression}"
                with open(stream, "wb") as out:
                    tool("write", "stream", compression, 1, Source.toc, Source.work, "-",
                         stdout=out)
                self.cluster.new_database("copy")
                with subprocess.Popen(["cat", stream], stdout=subprocess.PIPE) as pipe:
                    self.cluster.run("pg_restore", "-e", "-d", "copy", stdin=pipe.stdout)
                self.assert_copy("copy")

    def test_a_stream_becomes_the_script_of_a_stock_dump(self):
        with open(Source.work / "script.dump", "wb") as out:
            tool("write", "stream", "none", 1, Source.toc, Source.work, "-", stdout=out)
        script = self.cluster.run("pg_restore", "-f", "-", Source.work / "script.dump")
        stock = self.cluster.run("pg_dump", "source")
        self.assert_same_script(DumpScript(script, rows_in_order=True),
                                DumpScript(stock, rows_in_order=True))

    def test_a_stock_archive_holds_the_same_data(self):
        """File by file: the directory of pg_dump and ours differ in nothing but compression."""
        stock = Source.work / "stock.files"
        self.cluster.run("pg_dump", "-Fd", "-Z0", "-f", stock, "source")
        ours = self.archive("directory", "none")
        names = sorted(path.name for path in stock.iterdir())
        self.assertEqual(sorted(path.name for path in ours.iterdir()), names)
        for name in names:
            if name == "toc.dat":
                continue
            pair = [path.joinpath(name).read_bytes() for path in (ours, stock)]
            if name == "blobs.toc":
                pair = [sorted(text.splitlines()) for text in pair]
            self.assertEqual(*pair, name)

    def test_section_by_section(self):
        for form, jobs in (("directory", 4), ("custom", 1)):
            with self.subTest(form=form):
                archive = self.archive(form, "gzip")
                self.cluster.new_database("copy")
                for section in ("pre-data", "data", "post-data"):
                    self.restore("copy", archive, f"--section={section}", "-j", jobs)
                self.assert_copy("copy")

    def test_definitions_from_a_table_of_contents_without_data(self):
        definitions = Source.work / "definitions"
        tool("without-data", Source.toc, definitions)
        self.cluster.new_database("copy")
        self.restore("copy", definitions, "--section=pre-data")
        self.restore("copy", self.archive("directory", "gzip"), "--section=data", "-j", 4)
        self.restore("copy", definitions, "--section=post-data", "-j", 4)
        self.assert_copy("copy")
        self.cluster.new_database("copy")
        with self.assertRaisesRegex(AssertionError, "could not find block|could not read"):
            self.restore("copy", definitions)

    def test_reordered_list(self):
        archive = self.archive("custom", "gzip")
        lines = self.cluster.run("pg_restore", "-l", archive).decode().splitlines()
        lines = [line for line in lines if line and line[0] != ";"]
        data = [line for line in lines if " TABLE DATA " in line]
        seed = random.randrange(2**32)
        shuffled = random.Random(seed).sample(data, len(data))
        order = [shuffled.pop() if line in data else line for line in lines]
        use_list = Source.work / "reordered.list"
        use_list.write_text("\n".join(order) + "\n")
        for jobs in (1, 4):
            with self.subTest(jobs=jobs, seed=seed):
                self.restore(self.cluster.new_database("copy"), archive, "-L", use_list, "-j", jobs)
                self.assert_copy("copy")

    def test_single_transaction(self):
        archive = self.archive("directory", "gzip")
        self.restore(self.cluster.new_database("copy"), archive, "--single-transaction")
        self.assert_copy("copy")

    def test_clean(self):
        """As with stock archives, pg_restore 15 cannot drop keys of partitions and goes on."""
        stock = Source.work / "clean.dump"
        self.cluster.run("pg_dump", "-Fc", "-f", stock, "source")
        self.cluster.new_database("copy", template="source")
        errors = [self.clean(archive) for archive in (stock, self.archive("custom", "gzip"))]
        self.assertEqual(errors[0], errors[1])
        self.assert_copy("copy")
        for error in re.findall(r"ERROR: .*", errors[1]):
            self.assertRegex(error, 'cannot drop inherited constraint "measure_[^"]*_pkey"')

    def clean(self, archive):
        """Restores over what is there; gives what pg_restore complained about."""
        done = subprocess.run(
            [self.cluster.bin / "pg_restore", "--clean", "--if-exists", "-d", "copy", archive],
            check=False, env=self.cluster.environment, stderr=subprocess.PIPE)
        return done.stderr.decode()

    def test_create(self):
        self.cluster.run("psql", "-Xqc", "ALTER DATABASE source RENAME TO kept")
        try:
            self.restore("postgres", self.archive("directory", "gzip"), "--create", "-j", 2)
            self.assert_copy("source")
        finally:
            self.cluster.run("dropdb", "--if-exists", "source")
            self.cluster.run("psql", "-Xqc", "ALTER DATABASE kept RENAME TO source")

    def test_data_only(self):
        for form in ("directory", "custom"):
            with self.subTest(form=form):
                archive = self.archive(form, "gzip")
                self.cluster.new_database("copy")
                self.restore("copy", archive, "--schema-only")
                self.assert_same_script(Source.script_of("copy", "--schema-only"),
                                        Source.script_of("source", "--schema-only"))
                # pg_restore names circular foreign keys as what may stand in the way. It enables
                # all triggers behind the data, that which was disabled too.
                self.restore("copy", archive, "--data-only", "--disable-triggers")
                self.cluster.sql("copy", """REFRESH MATERIALIZED VIEW shop.totals;
                                            REFRESH MATERIALIZED VIEW shop.grand_total;
                                            ALTER TABLE shop.customer DISABLE TRIGGER touch""")
                self.assert_copy("copy")

    def test_parts(self):
        archive = self.archive("custom", "gzip")
        self.cluster.new_database("copy")
        self.cluster.sql("copy", "CREATE SCHEMA shop")
        self.restore("copy", archive, "-n", "shop", "-t", "dot", "-t", "animal", "--strict-names")
        count = "SELECT (SELECT count(*) FROM shop.dot), (SELECT count(*) FROM ONLY shop.animal)"
        self.assertEqual(self.cluster.sql("copy", count), "4|1\n")
        self.cluster.new_database("copy")
        less = ("--no-owner", "--no-privileges")
        self.restore("copy", archive, *less, "-j", 4)
        unwanted = re.compile("GRANT|REVOKE|.* OWNER TO keeper")
        self.assertEqual(list(filter(unwanted.match, Source.script_of("copy").statements)), [])
        self.assert_same_script(Source.script_of("copy", *less), Source.script_of("source", *less))

    def test_a_cut_off_archive_is_no_success(self):
        archive = self.archive("custom", "none")
        cut = Source.work / "cut"
        cut.write_bytes(archive.read_bytes()[:-1000])
        self.cluster.new_database("copy")
        with self.assertRaises(AssertionError):
            self.restore("copy", cut)


class Selecting(ArchiveTest):
    """Single tables and schemas through lists for pg_restore."""

    def select(self, *what):
        use_list = Source.work / "selected.list"
        answer = rows(tool("select", Source.toc, use_list, *what))
        self.cluster.new_database("copy")
        self.restore("copy", self.archive("directory", "gzip"), "-L", use_list, "-j", 2)
        return answer

    def assert_same_table(self, *tables):
        """pg_dump says the same of these tables in source and copy."""
        patterns = [part for table in tables for part in ("-t", table)]
        self.assert_same_script(Source.script_of("copy", *patterns),
                                Source.script_of("source", *patterns))

    @staticmethod
    def left_out(answer):
        return {(row[1], decoded(row[2])) for row in answer if row[0] == "left"}

    def test_a_table_comes_with_all_that_belongs_to_it(self):
        answer = self.select("table", encoded("shop"), encoded("customer"))
        self.assert_same_table("shop.customer")
        left = self.left_out(answer)
        self.assertIn(("FK CONSTRAINT", "order order_customer_fkey"), left)
        self.assertIn(("VIEW", "rich"), left)
        self.assertIn(("PUBLICATION TABLE", "news customer"), left)
        needed = {(row[1], decoded(row[2])) for row in answer if row[0] == "needed"}
        self.assertIn(("TYPE", "mood"), needed)
        self.assertIn(("EXTENSION", "hstore"), needed)
        self.assertIn(("FUNCTION", "touch()"), needed)
        self.assertNotIn(("FUNCTION", "add(integer, integer)"), needed)

    def test_a_partitioned_table_comes_with_its_partitions(self):
        self.select("table", encoded("shop"), encoded("measure"))
        self.assert_same_table("shop.measure*")

    def test_a_partition_comes_without_its_parent(self):
        answer = self.select("table", encoded("shop"), encoded("measure_2"))
        self.assertIn(("TABLE ATTACH", "measure_2"), self.left_out(answer))
        self.assertEqual(self.cluster.sql("copy", "SELECT count(*) FROM shop.measure_2"),
                         self.cluster.sql("source", "SELECT count(*) FROM shop.measure_2"))
        self.assertEqual(self.cluster.sql("copy", "SELECT to_regclass('shop.measure')"), "\n")

    def test_rows_loaded_through_the_root_find_their_partition(self):
        self.select("table", encoded("shop"), encoded("by_mood"))
        self.assert_same_table("shop.by_mood*")

    def test_an_owned_sequence_comes_with_its_value(self):
        answer = self.select("table", encoded("shop"), encoded("order"))
        self.assertIn(("FK CONSTRAINT", "order order_customer_fkey"), self.left_out(answer))
        last = "SELECT nextval('shop.order_id_seq')"
        value = int(self.cluster.sql("source", last))
        self.cluster.sql("source", f"SELECT setval('shop.order_id_seq', {value - 1})")
        self.assertEqual(int(self.cluster.sql("copy", last)), value)

    def test_tables_that_refer_to_each_other(self):
        answer = self.select("table", encoded("shop"), encoded("egg"),
                             "table", encoded("shop"), encoded("hen"))
        self.assertEqual({kind for kind, _ in self.left_out(answer)}, set())
        self.assert_same_table("shop.egg", "shop.hen")

    def test_a_schema(self):
        odd = 'odd " schema\nwith a newline'
        self.select("schema", encoded(odd))
        self.assertEqual(self.cluster.sql("copy", "SELECT count(*) FROM pg_tables WHERE schemaname "
                                                  "LIKE 'odd%'"), "1\n")
        answer = self.select("schema", encoded("shop"))
        kinds = {kind for kind, _ in self.left_out(answer)}
        self.assertIn("TABLE DATA", kinds)  # of the extension
        self.assertNotIn("FK CONSTRAINT", kinds)
        self.assert_same_table("shop.customer", "shop.order", "shop.tree", "shop.measure*")

    def test_a_name_that_is_not_there(self):
        with self.assertRaisesRegex(AssertionError, "no table shop.missing"):
            tool("select", Source.toc, Source.work / "none", "table", encoded("shop"),
                 encoded("missing"))


if __name__ == "__main__":
    unittest.main()
