#!/usr/bin/env python3
"""What a thief does with a credential for the bucket of a repository.

usage: attacker.py ENDPOINT BUCKET PREFIX KIND...

Tries each kind of attack on every object below PREFIX/ with the credential in the environment, but
for leases, which whoever writes must be able to delete, and prints for each what became of it:

    took place     the server did it, every time, and the bucket shows it
    refused        the server denied it, every time, and the bucket does not show it

Anything else (an attack that worked on some objects only, an unexpected error, an answer that the
bucket does not bear out) ends with status 1: then nothing is known about who is protected. The
kinds:

    overwrite           other bytes under every key
    delete              plain deletions, which put markers over objects
    delete-many         the same with one request
    destroy             deletions of every version
    destroy-bypass      the same with the header that governs locks
    shorten             locks that end in a minute
    shorten-bypass      the same with the header that governs locks
    hold-off            legal holds taken away
    unlock-bucket       no default lock for new objects
    suspend             no versions for new objects
    purge-rule          a rule that deletes everything after a day
    old-clock           an overwriting request from an hour ago
    new-clock           one from an hour ahead
    read-packs          the content of packs
"""

import datetime
import os
import sys

# Requests are signed in Python, where their time can be forged.
os.environ["BOTO_DISABLE_CRT"] = "true"

import boto3  # noqa: E402  (the variable must be set first)
import botocore.auth  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

REFUSALS = {"AccessDenied", "RequestTimeTooSkewed", "InvalidBucketState"}
GARBAGE = b"not what was here before"


class Attack:
    """The bucket, as the thief and as an honest witness with the same endpoint see it."""

    def __init__(self, endpoint, bucket, prefix):
        config = Config(retries={"max_attempts": 2}, signature_version="s3v4",
                        s3={"addressing_style": "path"})
        self.s3 = boto3.client("s3", endpoint_url=endpoint, config=config)
        self.bucket = bucket
        self.prefix = prefix + "/"

    def entries(self):
        """Every version and marker: (key, id, whether it is a marker, whether it is the newest)."""
        found = []
        for page in self.s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=self.prefix):
            for name, marker in (("Versions", False), ("DeleteMarkers", True)):
                found += [(entry["Key"], entry["VersionId"], marker, entry["IsLatest"])
                          for entry in page.get(name, [])
                          if not entry["Key"].startswith(self.prefix + "lease/")]
        return found

    def keys(self):
        return sorted({key for key, _ in self.versions()})

    def versions(self):
        return sorted((key, version) for key, version, marker, _ in self.entries() if not marker)


def soon():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)


def attempts(attack, kind):
    """The requests of one kind: functions without arguments."""
    s3, bucket = attack.s3, attack.bucket

    def put(key):
        return lambda: s3.put_object(Bucket=bucket, Key=key, Body=GARBAGE)

    def each_version(function, **more):
        return [lambda key=key, version=version: function(
            Bucket=bucket, Key=key, VersionId=version, **more)
                for key, version in attack.versions()]
    keys = attack.keys()
    objects = [{"Key": key} for key in keys]
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": soon()}
    rule = {"ID": "x", "Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}

    def many():
        errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}).get("Errors", [])
        if errors:
            raise ClientError({"Error": {"Code": errors[0]["Code"]}}, "DeleteObjects")
    return {
        "overwrite": lambda: [put(key) for key in keys],
        "delete": lambda: [lambda key=key: s3.delete_object(Bucket=bucket, Key=key)
                           for key in keys],
        "delete-many": lambda: [many],
        "destroy": lambda: each_version(s3.delete_object),
        "destroy-bypass": lambda: each_version(s3.delete_object, BypassGovernanceRetention=True),
        "shorten": lambda: each_version(s3.put_object_retention, Retention=retention),
        "shorten-bypass": lambda: each_version(s3.put_object_retention, Retention=retention,
                                               BypassGovernanceRetention=True),
        "hold-off": lambda: each_version(s3.put_object_legal_hold, LegalHold={"Status": "OFF"}),
        "unlock-bucket": lambda: [lambda: s3.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})],
        "suspend": lambda: [lambda: s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})],
        "purge-rule": lambda: [lambda: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})],
        "old-clock": lambda: with_clock(keys, put, -1),
        "new-clock": lambda: with_clock(keys, put, 1),
        "read-packs": lambda: [lambda key=key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                               for key in keys if key.startswith(attack.prefix + "p/")],
    }[kind]()


def with_clock(keys, put, hours):
    """A request as it would be signed so many hours from now."""
    class Shifted(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return datetime.datetime.utcnow() + datetime.timedelta(hours=hours)

    class Module:
        datetime = Shifted

    def request(function):
        real = botocore.auth.datetime
        botocore.auth.datetime = Module if hasattr(real, "datetime") else Shifted
        try:
            function()
        finally:
            botocore.auth.datetime = real
    return [lambda key=key: request(put(key)) for key in keys]


def bears_out(kind, before, after, done):
    """Whether what the bucket has fits what the server said. Entries are as of entries()."""
    old, new = ({(key, version) for key, version, _, _ in entries} for entries in (before, after))
    versions = {(key, version) for key, version, marker, _ in before if not marker}
    keys = {key for key, _ in versions}
    if not done or kind not in ("overwrite", "delete", "delete-many", "destroy", "destroy-bypass"):
        return old == new
    if kind.startswith("destroy"):
        return not versions & new
    added = {key for key, version, marker, latest in after
             if latest and marker == (kind != "overwrite") and (key, version) not in old}
    return old <= new and keys <= added


def main():
    endpoint, bucket, prefix, *kinds = sys.argv[1:]
    attack = Attack(endpoint, bucket, prefix)
    status = 0
    for kind in kinds:
        before = attack.entries()
        outcomes = {}
        for attempt in attempts(attack, kind):
            try:
                attempt()
                outcome = "took place"
            except ClientError as error:
                code = error.response["Error"]["Code"]
                outcome = "refused" if code in REFUSALS else f"failed: {code}"
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        whole = len(outcomes) == 1 and next(iter(outcomes)) in ("took place", "refused")
        verdict = next(iter(outcomes)) if whole else f"unclear {outcomes}"
        if not whole or not bears_out(kind, before, attack.entries(), verdict == "took place"):
            verdict += " (not borne out)" if whole else ""
            status = 1
        print(f"{kind}: {verdict}")
    return status


if __name__ == "__main__":
    sys.exit(main())
