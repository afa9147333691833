"""Runs snippets that look at the world, one after the other: starting Python with boto3 takes a second.

Reads a line of JSON each, {"code", "environment"}, and answers one: {"said", "failed"}. Ends when
its standard input is closed. A snippet has names of its own; environment and modules are shared.
"""

import contextlib
import io
import json
import os
import sys
import traceback

import boto3
from botocore.config import Config

import prelude

MISLEADING = [name for name in os.environ if name.startswith("AWS_")]


def client(service):
    """As the prelude's; for the account that the snippet is about, whatever came before."""
    return boto3.client(
        service,
        region_name=os.environ["AWS_REGION"],
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 0}),
    )


def run(code, environment):
    for name in MISLEADING:
        os.environ.pop(name, None)
    os.environ.update(environment)
    names = {name: value for name, value in vars(prelude).items() if not name.startswith("__")}
    names |= {"__name__": "__main__", "client": client}
    said = io.StringIO()
    failed = None
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(code, "<snippet>", "exec"), names)
        except SystemExit as end:
            failed = None if end.code in (None, 0) else f"it ended with {end.code!r}"
        except BaseException:
            failed = traceback.format_exc()
    return {"said": said.getvalue(), "failed": failed}


answers = sys.stdout
for line in sys.stdin:
    print(json.dumps(run(**json.loads(line))), file=answers, flush=True)
