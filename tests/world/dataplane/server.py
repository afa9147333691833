"""Runs a server that knows nothing of its parent, so that it ends with it, even when that is killed.

usage: server.py WHERE USER COMMAND...
  WHERE   127.0.0.1:PORT or the path of a socket; prints `ready` once something answers there
  USER    the numbers of the user and the group that it runs as, UID:GID; `-` for those of the caller

Its standard input is a pipe from the parent; what the server says goes to standard error.
"""

import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "emulator"))

import parent  # noqa: E402

LOOK_SECONDS = 0.02


def answers(where):
    path = where.startswith("/")
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as probe:
        try:
            address, _, port = where.partition(":")
            probe.connect(where if path else (address, int(port)))
            return True
        except OSError:
            return False


def main():
    where, user, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    parent.end_with_parent()
    owner = {}
    if user != "-":
        uid, gid = map(int, user.split(":"))
        owner = {"user": uid, "group": gid, "extra_groups": []}
    server = parent.Spawner().spawn(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), cwd="/", **owner)
    while server.poll() is None and not answers(where):
        time.sleep(LOOK_SECONDS)
    if server.poll() is None:
        print("ready", flush=True)
    sys.exit(server.wait() or 1)


if __name__ == "__main__":
    main()
