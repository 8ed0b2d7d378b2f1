"""A private PostgreSQL 15 that has an extension with configuration tables: `keeptest`."""

import pathlib
import shutil

from private_cluster import PrivateCluster

VERSION_FOLDERS = ("usr/lib/postgresql/15", "usr/share/postgresql/15")
EXTENSION = {
    "keeptest.control": "default_version = '1'\nrelocatable = false\n",
    "keeptest--1.sql": """
CREATE TABLE @extschema@.ext_setting (id int PRIMARY KEY, value text, builtin bool);
INSERT INTO @extschema@.ext_setting VALUES (1, 'built in', true);
CREATE TABLE @extschema@.ext_child (id int, setting int REFERENCES @extschema@.ext_setting);
CREATE SEQUENCE @extschema@.ext_seq;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_setting', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_child', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ext_seq', '');
""",
}


class ExtensionCluster(PrivateCluster):
    """The server finds its folders from where its program is: everything but that program and the
    folder of extensions is a link."""

    def start(self):
        program, share = (self.root / folder for folder in VERSION_FOLDERS)
        (program / "bin").mkdir(parents=True)
        (share / "extension").mkdir(parents=True)
        shutil.copy(self.programs / "postgres", self.program())
        (program / "lib").symlink_to(self.programs.parent / "lib")
        original = pathlib.Path("/", VERSION_FOLDERS[1])
        for folder, target in ((original, share), (original / "extension", share / "extension")):
            for entry in folder.iterdir():
                if entry.name != "extension":
                    (target / entry.name).symlink_to(entry)
        for name, text in EXTENSION.items():
            (share / "extension" / name).write_text(text)
        super().start()

    def program(self):
        return self.root / VERSION_FOLDERS[0] / "bin" / "postgres"
