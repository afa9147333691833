"""What every snippet that looks at the world begins with."""

import json  # noqa: F401
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client(service):
    """A client that never retries: what is seen is what was answered."""
    return boto3.client(service, config=Config(retries={"max_attempts": 0}))


def code_of(call, **arguments):
    """The code of the error that the call answers, or OK."""
    try:
        call(**arguments)
        return "OK"
    except ClientError as error:
        return error.response["Error"]["Code"]


def until(condition, seconds=30):
    """Asks again until the condition holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)
    return found
