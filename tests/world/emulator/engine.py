"""A container engine that starts ordinary processes on this machine.

The emulator drives ECS tasks through the Docker client's interface. It gets this object instead:
the few methods that it calls, with the same meaning. There is no Docker and no network.
"""

import errno
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import types

import parent

# An image with this in its name is in no registry.
MISSING_IMAGE = "does-not-exist"
# An image with this in its name starts, and ends again at once.
CRASHING_IMAGE = "does-not-start"
# An image with this in its name runs, and answers every request with 503.
UNHEALTHY_IMAGE = "never-healthy"
# An image with this in its name runs, and takes its time before it listens.
SLOW_IMAGE = "starts-slowly"
SLOW_SECONDS = "15"
# An image with this in its name runs well, and ends by itself after so long.
MORTAL_IMAGE = "lives-five-minutes"
MORTAL_SECONDS = "300"
# An image with this in its name runs the container's own command instead of the engine's.
COMMAND_IMAGE = "runs-its-command"
# What a container may write before its oldest lines are dropped.
KEPT_LOG_BYTES = 1_000_000


class NotFound(Exception):
    """No such image or container."""


class Engine:
    """Stands where docker.from_env() stood."""

    def __init__(self, command=None):
        """`command`: the command line of every task; by default the small HTTP server in task.py."""
        self.command = command or [sys.executable, "-I", "-S", os.path.join(os.path.dirname(__file__), "task.py")]
        self.images = Images()
        self.containers = Containers(self)
        self.spawner = parent.Spawner()


class Image:
    def __init__(self, name):
        self.name = name
        # What a registry says about an image: the digest in its name, else one that its name decides.
        digest = name.partition("@")[2]
        self.id = digest or "sha256:" + hashlib.sha256(name.encode()).hexdigest()

    def tag(self, *_arguments, **_options):
        return True


class Images:
    """Every image exists but those whose name says that it does not."""

    def get(self, name, **_options):
        if MISSING_IMAGE in name:
            # A registry takes its time to say no; without it, a service without circuit breaker would spin.
            time.sleep(0.1)
            raise NotFound(f"pull access denied for {name}, repository does not exist or may require authorization")
        return Image(name)

    pull = get_registry_data = get


class Containers:
    def __init__(self, engine):
        self._engine = engine
        self._containers = {}

    def get(self, identifier):
        try:
            return self._containers[identifier]
        except KeyError:
            raise NotFound(f"no such container: {identifier!r}") from None

    def list(self, **_options):
        return list(self._containers.values())

    def run(self, image, environment=None, labels=None, command=None, entrypoint=None, **_options):
        """Starts the engine's command line as this container, with its environment."""
        self._engine.images.get(image)
        container = Container(self, image, dict(environment or {}), dict(labels or {}))
        container.start(self._engine, command)
        self._containers[container.id] = container
        return container

    def forget(self, identifier):
        self._containers.pop(identifier, None)


class Container:
    def __init__(self, containers, image, environment, labels):
        self.id = os.urandom(32).hex()
        self.image, self.labels = image, labels
        self._containers, self._environment = containers, environment
        self._process = None
        self._log = Log()
        self.address = None

    def start(self, engine, own_command):
        port = int(self.labels.get("pointsman.port") or 8080)
        self.address = free_loopback_address(port)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            **self._environment,
            "HOST": self.address,
            "PORT": str(port),
            "TASK_IMAGE": self.image,
            "TASK_ID": self.labels.get("com.amazonaws.ecs.task-arn", "").rpartition("/")[2],
            "TASK_NAME": self.labels.get("com.amazonaws.ecs.container-name", ""),
            "TASK_STATUS": "503" if UNHEALTHY_IMAGE in self.image else "200",
        }
        if SLOW_IMAGE in self.image:
            environment["TASK_START_SECONDS"] = SLOW_SECONDS
        if MORTAL_IMAGE in self.image:
            environment["TASK_LIVES_SECONDS"] = MORTAL_SECONDS
        command = engine.command
        if CRASHING_IMAGE in self.image:
            command = ["sh", "-c", "echo cannot start >&2; exit 1"]
        elif COMMAND_IMAGE in self.image and own_command:
            command = own_command
        self._process = engine.spawner.spawn(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, close_fds=True, start_new_session=True, cwd="/")
        self._log.read_from(self._process.stdout)

    @property
    def status(self):
        return "running" if self._process.poll() is None else "exited"

    @property
    def attrs(self):
        return {
            "Id": self.id,
            "State": {"Status": self.status, "ExitCode": self._process.returncode or 0},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": self.address}}},
        }

    def reload(self):
        """The process's state is always read anew."""

    def wait(self, **_options):
        code = self._process.wait()
        # A process ended by a signal counts as 128 + its number, as shells and containers say it.
        return {"StatusCode": code if code >= 0 else 128 - code}

    def stop(self, timeout=5, **_options):
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def remove(self, **_options):
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._containers.forget(self.id)

    def logs(self, stream=False, follow=False, **_options):
        return self._log.follow() if stream and follow else self._log.written()

    def _signal(self, number):
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                pass


class Log:
    """What a container wrote, kept in memory."""

    def __init__(self):
        self._chunks, self._size, self._dropped, self._ended = [], 0, 0, False
        self._changed = threading.Condition()

    def read_from(self, pipe):
        threading.Thread(target=self._read, args=(pipe,), name="container-log", daemon=True).start()

    def _read(self, pipe):
        for line in pipe:
            with self._changed:
                self._chunks.append(line)
                self._size += len(line)
                while self._size > KEPT_LOG_BYTES:
                    self._size -= len(self._chunks.pop(0))
                    self._dropped += 1
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        pipe.close()

    def written(self):
        with self._changed:
            return b"".join(self._chunks)

    def follow(self):
        position = 0
        while True:
            with self._changed:
                position = max(position, self._dropped)
                while position >= self._dropped + len(self._chunks):
                    if self._ended:
                        return
                    self._changed.wait()
                chunk = self._chunks[position - self._dropped]
            position += 1
            yield chunk


def free_loopback_address(port):
    """A loopback address on which nothing listens on `port`: Linux answers on all of 127.0.0.0/8."""
    while True:
        address = f"127.{random.randint(16, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
                return address
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise


def stand_in_for_docker():
    """The emulator imports `docker.errors` when an image cannot be pulled; nothing else of it exists."""
    docker = types.ModuleType("docker")
    docker.errors = types.ModuleType("docker.errors")
    docker.errors.ImageNotFound = NotFound
    sys.modules["docker"] = docker
    sys.modules["docker.errors"] = docker.errors
