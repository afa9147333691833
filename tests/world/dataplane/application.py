"""A small web application, run as ECS task: sessions in a Redis, rows in a PostgreSQL, an echoing WebSocket.

usage: application.py REDIS_PORT POSTGRES_PORT           listens on HOST:PORT; both stores are on 127.0.0.1
       application.py REDIS_PORT POSTGRES_PORT migrate   migrates the database, which takes two seconds

  GET  /health           200, or what TASK_STATUS says, with the process's number
  POST /login?NAME       a new session of that person, as a cookie
  GET  /me               who the session belongs to; 401 without one
  POST /rows             the same, and writes a row
  GET  /socket           a WebSocket that sends back what it is sent
  GET  /socket?anybody   the same without a session

Every answer says which task and which image gave it. SIGTERM ends it when no request is under way; open
WebSockets are told so (1001). TASK_LIVES_SECONDS: it ends by itself after so long. Whoever comes to the
database writes down which other images are there, so that no two can meet unseen. The standard library
only: it starts fast and costs under 1 ms a request.
"""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import signal
import struct
import sys

# How long a request under way may still take after SIGTERM.
PATIENCE_SECONDS = 3
STATUS = int(os.environ.get("TASK_STATUS", "200"))
IMAGE, TASK = os.environ.get("TASK_IMAGE", ""), os.environ.get("TASK_ID", "")
# An image with this in its name migrates the database as it starts: of two at once on an empty one, one fails.
MIGRATES = "migrates-itself"
# One with this in its name is well until somebody asks for /fall-ill; then none of its tasks is.
FALLS_ILL = "falls-ill"
# One with this in its name is healthy, and answers whoever is signed in with an error, every second time.
FAILS_PEOPLE = "fails-people"
MIGRATION = """
DO $$ BEGIN
  IF to_regclass('versions') IS NULL THEN
    CREATE TABLE versions (name text);
    PERFORM pg_sleep(2);
  END IF;
END $$
"""
# PostgreSQL knows each connection by its image, cut at 63 letters: the later of two versions of one image that
# are there at once sees the other.
MEETING = """
INSERT INTO met (later, earlier)
SELECT DISTINCT mine, application_name FROM pg_stat_activity, current_setting('application_name') AS mine
WHERE application_name <> mine AND application_name LIKE '%@%' AND split_part(application_name, '@', 1) = split_part(mine, '@', 1)
"""
REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


class Redis:
    """One connection; one command at a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.lock = reader, writer, asyncio.Lock()

    async def ask(self, *words):
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in (word.encode() for word in words))
        async with self.lock:
            self.writer.write(b"*%d\r\n%s" % (len(words), parts))
            line = (await self.reader.readuntil(b"\r\n"))[:-2]
            if line[:1] == b"-":
                raise OSError(f"Redis: {line.decode()}")
            if line[:1] != b"$":
                return line[1:].decode()
            length = int(line[1:])
            return None if length < 0 else (await self.reader.readexactly(length + 2))[:-2].decode()


class Postgres:
    """One connection that trusts us; one statement at a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.lock = reader, writer, asyncio.Lock()

    async def begin(self):
        words = b"user\0postgres\0database\0postgres\0application_name\0%s\0\0" % IMAGE.encode()
        self.writer.write(struct.pack("!II", 8 + len(words), 196608) + words)
        await self.until_ready()
        await self.run(MEETING)

    async def run(self, statement):
        text = statement.encode() + b"\0"
        async with self.lock:
            self.writer.write(b"Q" + struct.pack("!I", 4 + len(text)) + text)
            await self.until_ready()

    async def until_ready(self):
        failure = None
        while True:
            kind, length = struct.unpack("!cI", await self.reader.readexactly(5))
            content = await self.reader.readexactly(length - 4)
            if kind == b"E":
                failure = OSError(f"PostgreSQL: {content.decode(errors='replace')}")
            if kind == b"Z":
                if failure:
                    raise failure
                return


class Application:
    def __init__(self, redis, postgres):
        self.redis, self.postgres = redis, postgres
        self.stopping, self.busy, self.sockets, self.turn = False, 0, set(), 0

    async def serve(self, reader, writer):
        try:
            while not self.stopping:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {name.lower(): value.strip() for name, _, value in
                           (line.partition(":") for line in head[1:] if line)}
                if length := int(headers.get("content-length", 0)):
                    await reader.readexactly(length)
                if headers.get("upgrade", "").lower() == "websocket":
                    await self.socket(path, headers, reader, writer)
                    return
                self.busy += 1
                try:
                    await self.request(method, path, headers, writer)
                finally:
                    self.busy -= 1
                if headers.get("connection", "").lower() == "close":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side went away
        finally:
            writer.close()

    async def request(self, method, path, headers, writer):
        more, status, said = "", STATUS, {"person": None}
        if path.startswith("http://"):
            # As it is asked through a proxy; every server must take it so (RFC 9112, 3.2.2).
            path = "/" + path.removeprefix("http://").partition("/")[2]
        path, _, person = path.partition("?")
        if FALLS_ILL in IMAGE:
            if path == "/fall-ill":
                await self.redis.ask("SET", "ill", "yes")
            if await self.redis.ask("GET", "ill"):
                status = 503
        try:
            if status != 200:
                pass
            elif path in ("/health", "/"):
                said = {"pid": os.getpid()}
            elif (method, path) == ("POST", "/login"):
                token = secrets.token_hex(16)
                await self.redis.ask("SET", f"session:{token}", person, "EX", "3600")
                said, more = {"person": person}, f"Set-Cookie: session={token}; Path=/; HttpOnly\r\n"
            elif (method, path) in (("GET", "/me"), ("POST", "/rows")):
                self.turn += 1
                if FAILS_PEOPLE in IMAGE and self.turn % 2:
                    raise OSError("it fails people")
                said = {"person": await self.person(headers)}
                if said["person"] is None:
                    status = 401
                elif path == "/rows":
                    await self.postgres.run(f"INSERT INTO rows (person, image) VALUES ({quoted(said['person'])}, {quoted(IMAGE)})")
            else:
                status = 404
        except OSError as error:
            status, said = 500, {"error": str(error)}
        body = json.dumps({**said, "task": TASK, "image": IMAGE}) + "\n"
        end = "Connection: close\r\n" if self.stopping else ""
        writer.write(f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                     f"X-Task: {TASK}\r\nX-Image: {IMAGE}\r\n{more}{end}\r\n{body}".encode())
        await writer.drain()

    async def person(self, headers):
        cookies = dict(cookie.strip().partition("=")[::2] for cookie in headers.get("cookie", "").split(";"))
        return await self.redis.ask("GET", f"session:{cookies['session']}") if cookies.get("session") else None

    async def socket(self, path, headers, reader, writer):
        if STATUS != 200 or not path.endswith("?anybody") and await self.person(headers) is None:
            await self.request("GET", "/me", headers, writer)
            return
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accepted = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {accepted}\r\nX-Task: {TASK}\r\nX-Image: {IMAGE}\r\n\r\n".encode())
        self.sockets.add(writer)
        try:
            while True:
                kind, content = await frame(reader)
                if kind == 8:
                    writer.write(bytes((0x88, len(content))) + content)
                    return
                # Text is sent back as text, a ping is answered by a pong.
                writer.write(bytes((0x80 | (10 if kind == 9 else kind), len(content))) + content)
                await writer.drain()
        finally:
            self.sockets.discard(writer)

    async def stop(self):
        self.stopping = True
        for _ in range(PATIENCE_SECONDS * 50):
            if not self.busy:
                break
            await asyncio.sleep(0.02)
        for writer in list(self.sockets):
            writer.write(bytes((0x88, 2)) + struct.pack("!H", 1001))
        await asyncio.sleep(0.05)


async def frame(reader):
    """(opcode, content) of a client's frame of fewer than 126 bytes; those are masked."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length > 125 or not second & 0x80:
        raise ConnectionError("frames here are short and masked")
    mask = await reader.readexactly(4)
    content = await reader.readexactly(length)
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(content))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


async def migrate():
    postgres = Postgres(*await asyncio.open_connection("127.0.0.1", int(sys.argv[2])))
    await postgres.begin()
    await postgres.run(f"INSERT INTO migrations (image) VALUES ({quoted(IMAGE)})")
    # Not in the database: there it would go on for a while when this is killed.
    await asyncio.sleep(2)
    print("migrated", flush=True)


def gives_up():
    print("no memory is left", flush=True)
    os._exit(3)


async def main():
    ends = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ends.set)
    redis = Redis(*await asyncio.open_connection("127.0.0.1", int(sys.argv[1])))
    postgres = Postgres(*await asyncio.open_connection("127.0.0.1", int(sys.argv[2])))
    await postgres.begin()
    if MIGRATES in IMAGE:
        await postgres.run(MIGRATION)
    application = Application(redis, postgres)
    await asyncio.sleep(float(os.environ.get("TASK_START_SECONDS", "0")))
    await asyncio.start_server(application.serve, os.environ["HOST"], int(os.environ["PORT"]), backlog=512)
    print(f"{IMAGE} listens on {os.environ['HOST']}:{os.environ['PORT']}", flush=True)
    if lives := os.environ.get("TASK_LIVES_SECONDS"):
        asyncio.get_running_loop().call_later(float(lives), gives_up)
    await ends.wait()
    await application.stop()
    os._exit(0)


asyncio.run(migrate() if sys.argv[3:] == ["migrate"] else main())
