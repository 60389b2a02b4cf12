"""Rate replies without knowing whose they are, in a browser.

python -m three_tutors.rating [--no-browser] [--port PORT]
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.rating.__main__")

import argparse
import contextlib
import secrets
import sys
import webbrowser

from three_tutors.openai_server.listening import listening, server
from three_tutors.rating.app import RatingPages, build
from three_tutors.rating.sheets import read_sheets
from three_tutors.rating.votes import FOLDER, Votes

PORT = 8751


def main() -> None:
    """Read what the tutors replied and serve the page on loopback until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.rating", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=PORT, help="of the page on this machine; 0 takes any free port")
    parser.add_argument("--no-browser", action="store_true", help="show the link and open nothing")
    given = parser.parse_args(sys.argv[1:])
    pages = RatingPages({sheet.item: sheet for sheet in read_sheets()}, Votes())
    with listening("127.0.0.1", given.port, "take another one with --port, or 0") as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(24)
        link = f"http://127.0.0.1:{port}/?token={token}"
        print(f"Rate the replies: {link}\n(Keep this link to yourself. Ctrl-C stops the program.)", flush=True)
        if not given.no_browser:
            webbrowser.open(link)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end
            server(build(pages, token, port), grace_seconds=1).run(sockets=[listener])
        print(f"Every rating is saved in {FOLDER}.")
