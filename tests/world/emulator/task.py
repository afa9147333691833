"""What runs as a task when nothing else is asked for: a small HTTP server.

Answers 200 on /health and / with the task's name and a few facts, so that a test can see which
fleet answered. It listens on HOST:PORT, a loopback address of its own.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "task"
    sys_version = ""

    def do_GET(self):
        if self.path.split("?")[0] not in ("/", "/health"):
            self.answer(404, {"error": "not found"})
            return
        self.answer(int(os.environ.get("TASK_STATUS", "200")), {
            "name": os.environ.get("TASK_NAME", ""),
            "task": os.environ.get("TASK_ID", ""),
            "image": os.environ.get("TASK_IMAGE", ""),
        })

    def answer(self, status, body):
        content = (json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments):
        """The access log of a health check every second is noise."""


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer)
    server.daemon_threads = True
    print(f"{os.environ.get('TASK_NAME', 'task')} listens on {os.environ['HOST']}:{os.environ['PORT']}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
