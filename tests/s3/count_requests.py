#!/usr/bin/env python3
"""Counts what an S3 server was asked for, as its own log tells it.

usage: count_requests.py LOG FIRST LAST

LOG is the gateway.log of object_gateway.py; its lines FIRST to LAST are looked at. Prints a line
for each method and kind of object, such as "3 PUT p": the kind is what comes after the prefix of
the repository, which must have one part ("s3://bucket/prefix"). LIST is a GET that lists; what is
about the bucket itself shows the name of its query, such as "1 GET ?versioning".
"""

import collections
import itertools
import re
import sys
import urllib.parse

# ... beast: 0x7f...: 127.0.0.1 - test [date] "PUT /bucket/prefix/p/1 HTTP/1.1" 200 5 ...
REQUEST = re.compile(r' beast: .*?"(\w+) /([^ ?]*)\??(\S*) HTTP')


def kind_of(method, path, query):
    key = path.partition("/")[2]
    if key:
        return method, key.partition("/")[2].partition("/")[0]
    arguments = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if "list-type" in arguments:
        return "LIST", arguments["prefix"].partition("/")[2].partition("/")[0] or "all"
    return method, "?" + query.partition("=")[0]


def main():
    log, first, last = sys.argv[1:]
    seen = collections.Counter()
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in itertools.islice(lines, int(first) - 1, int(last)):
            request = REQUEST.search(line)
            if request:
                seen[kind_of(*request.groups())] += 1
    for (method, kind), times in sorted(seen.items()):
        print(times, method, kind)


if __name__ == "__main__":
    main()
