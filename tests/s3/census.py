#!/usr/bin/env python3
"""Counts what is in a bucket with versions: below each folder, as awscli's lists tell.

usage: aws s3api list-object-versions --bucket B | census.py [FOLDER...]

Prints one line for each of these folders (all: "pg/man", "pg/config" and "others" are some): how
many objects there are, how many older versions, and how many delete markers.
"""

import collections
import json
import re
import sys


def folder(key):
    """The first part of a key; in the repository pg/, the first two."""
    return re.match(r"(?:pg/)?[^/.]*", key).group()


def main():
    seen = collections.defaultdict(collections.Counter)
    found = json.load(sys.stdin)
    for version in found.get("Versions", []):
        seen[folder(version["Key"])]["objects" if version["IsLatest"] else "older"] += 1
    for marker in found.get("DeleteMarkers", []):
        seen[folder(marker["Key"])]["markers"] += 1
    for name in sys.argv[1:] or sorted(seen):
        print(name, *(f"{seen[name][what]} {what}" for what in ("objects", "older", "markers")))


if __name__ == "__main__":
    main()
