"""pgkeep with a configuration and a repository of its own."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import places

SOURCE = "app"


class Keeper:
    """One repository, one source `app`: a cluster. All of it is gone with close().

    settings: lines of [source.app.logical], as TOML values by name.
    """

    def __init__(self, cluster, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgk-matrix-"))
        self.configuration = self.folder / "pgkeep.toml"
        self.environment = {**os.environ, "PGKEEP_STATE_DIR": str(self.folder / "state")}
        self.run("init", "--repository", f"file://{self.folder}/repository", "--source",
                 f"{SOURCE}={conninfo(cluster)}")
        for name, value in settings.items():
            self.set(name, value)

    def close(self):
        shutil.rmtree(self.folder)

    def set(self, name, value):
        """Writes one setting of the source's section, in place of what is there."""
        text = self.configuration.read_text(encoding="utf-8")
        text = re.sub(rf"(?m)^{name} = .*\n", "", text)
        header = f"[source.{SOURCE}.logical]\n"
        if text.count(header) != 1:
            raise AssertionError(f"{self.configuration} has no {header}")
        self.configuration.write_text(text.replace(header, f"{header}{name} = {value}\n"),
                                      encoding="utf-8")

    def command(self, *words):
        return [str(places.pgkeep()), "--config", str(self.configuration), "--quiet", "--json",
                *map(str, words)]

    def run(self, *words, expect=0):
        """Gives the JSON document; any other exit status than the expected one is an error."""
        done = subprocess.run(self.command(*words), check=False, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode != expect:
            said = "\n".join(text.decode(errors="replace")[-4000:]
                             for text in (done.stdout, done.stderr))
            raise AssertionError(f"pgkeep {' '.join(map(str, words))}: status {done.returncode} "
                                 f"instead of {expect}\n{said}")
        return json.loads(done.stdout)

    def backup(self, database):
        return self.run("backup", SOURCE, "--database", database)["backup"]

    def restore(self, backup, source_database, cluster, target, *more, expect=0):
        """Into a new database; gives the whole document."""
        return self.run("restore", backup, "--source-database", source_database, "--database",
                        f"{conninfo(cluster)} dbname={target}", "--create", *more, expect=expect)

    def last_job(self):
        return self.run("history", "--limit", "1")["jobs"][0]


def conninfo(cluster):
    return f"host={cluster.root} user=postgres"
