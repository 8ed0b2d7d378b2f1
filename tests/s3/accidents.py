#!/usr/bin/env python3
"""What happens to a repository in the bucket `backups` below pg/ that nobody wants.

usage: accidents.py ENDPOINT WRITER [undo]

Uploads in parts are cut off, one of them somebody else's, who overwrites an object, too. The first
data pack of WRITER is overwritten, and its first metadata pack hidden: with `undo` these two are as
they were again.
"""

import sys

import boto3

BUCKET = "backups"


def make(s3, writer):
    for key in ("pg/p/cut-off", "pg/export/cut-off", "others/cut-off"):
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"part")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=BUCKET, Key="others/notes", Body=body)
    s3.put_object(Bucket=BUCKET, Key=f"pg/p/{writer}/00000000", Body=b"junk")
    s3.delete_object(Bucket=BUCKET, Key=f"pg/m/{writer}/00000000")


def undo(s3, writer):
    for key in (f"pg/p/{writer}/00000000", f"pg/m/{writer}/00000000"):
        found = s3.list_object_versions(Bucket=BUCKET, Prefix=key)
        newest, = [each for each in found["Versions"] + found.get("DeleteMarkers", [])
                   if each["IsLatest"]]
        s3.delete_object(Bucket=BUCKET, Key=key, VersionId=newest["VersionId"])


def main():
    endpoint, writer, *words = sys.argv[1:]
    act = undo if words == ["undo"] else make
    act(boto3.client("s3", endpoint_url=endpoint), writer)


if __name__ == "__main__":
    main()
