"""A chat endpoint in a process of its own, to be killed: python small_server.py PORT NAME LOG. It says its name and what it was asked."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECONDS = 0.1
"""How long a reply takes."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Note what is asked, take some time, answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        with Path(sys.argv[3]).open("a", encoding="utf-8") as log:
            log.write(f"{sys.argv[2]} {asked}\n")
        time.sleep(SECONDS)
        message = {"role": "assistant", "content": f"{sys.argv[2]} {asked}"}
        usage = {"prompt_tokens": 3, "completion_tokens": 4}
        data = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
