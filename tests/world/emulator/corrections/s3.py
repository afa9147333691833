"""S3: a new bucket is closed to the public, as AWS makes them since April 2023."""

from ministack.services import s3


def apply(_engine):
    closed = {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}
    s3._new_bucket_public_access_block = lambda: dict(closed)
