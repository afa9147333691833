"""Starts the AWS emulator in this process, corrected, on a loopback port that the system chooses.

Prints one line, `ready PORT`, when it answers. Ends when its standard input is closed.

Settings, all in the environment:
  WORLD_FOLDER           removed when the parent ends without having removed it
  MINISTACK_ACCOUNT_ID   the account of every call
  WORLD_TASK_COMMAND     command line of every ECS task, as a JSON list; default: task.py
  WORLD_READY_SECONDS    how long load balancers and caches take to become available; default 0
  WORLD_DRAIN_SECONDS    the longest that a deregistered target drains; default 0.3
  WORLD_GRACE_SECONDS    how long a task with unhealthy targets is let be; default 3
"""

import asyncio
import json
import os
import socket
import sys

import parent

parent.end_with_parent()

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(256)
PORT = listener.getsockname()[1]

os.environ.update({
    "GATEWAY_PORT": str(PORT),
    "BIND_HOST": "127.0.0.1",
    "MINISTACK_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "PERSIST_STATE": "0",
    "S3_PERSIST": "0",
    # A socket that does not exist: nothing looks for a real Docker.
    "DOCKER_HOST": "unix:///nonexistent/docker.sock",
})
os.environ.setdefault("LOG_LEVEL", "WARNING")

import engine  # noqa: E402  (the settings above are read at import)

engine.stand_in_for_docker()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402

import autoscaling  # noqa: E402
import corrections  # noqa: E402


async def main():
    command = json.loads(os.environ["WORLD_TASK_COMMAND"]) if os.environ.get("WORLD_TASK_COMMAND") else None
    corrections.apply(engine.Engine(command))
    autoscaling.serve()

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 300
    config.loglevel = "WARNING"
    config.accesslog = None

    started = asyncio.Event()

    async def announced(scope, receive, send):
        """The application, which says that it is up once its start-up is complete."""
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)

        async def tell(message):
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                started.set()

        return await app(scope, receive, tell)

    async def announce():
        await started.wait()
        # The socket listens already: a call made now waits in its queue and is answered.
        print(f"ready {PORT}", flush=True)

    await asyncio.gather(serve(announced, config), announce())


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
