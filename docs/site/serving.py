"""Serves the site on this machine alone, as a browser needs it for the playground, and opens it there."""

from __future__ import annotations

import functools
import http.server
import webbrowser
from pathlib import Path

PORT = 8000  # the same each time, if it is free: what the playground has kept belongs to it


def serve(site: Path, page: str) -> None:
    """Opens a page of a site in the browser, and serves the site until Ctrl-C."""
    handler = functools.partial(_Quiet, directory=str(site))
    with _server(handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        said = "is open in the browser" if webbrowser.open(address + page) else "is there: open it in a browser"
        print(f"{address}{page} {said}. Ctrl-C ends this.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _server(handler: functools.partial[_Quiet]) -> http.server.ThreadingHTTPServer:
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:  # somebody else has it
        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass
