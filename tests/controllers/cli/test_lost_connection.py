"""A control plane that restarts while somebody waits for a receipt."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from controllers.cli import main

PENDING = {
    "object": "WorkloadEntry/shop/pay-1",
    "outcome": "PENDING",
    "acked": 0,
    "audience": 1,
    "pending": 1,
    "nacked": 0,
    "excluded": 0,
    "stragglers": [],
    "released": [],
    "reasons": [],
}
CONFIRMED = {**PENDING, "outcome": "CONFIRMED", "acked": 1, "pending": 0}


class _Restarting(BaseHTTPRequestHandler):
    """Breaks off in the middle of the first answer, and ends the second one too early; the third is whole."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        body = json.dumps(CONFIRMED if self.asked == 3 else PENDING).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (100 if self.asked == 1 else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Not on standard error, which the test reads."""


@pytest.fixture
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Restarting)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_connection_that_is_lost_is_tried_again_until_the_receipt_is_there(api: str) -> None:
    result = CliRunner().invoke(main, ["wait", "we/shop/pay-1", "--api", api])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [
        "acked 0/1, pending 1",
        "the connection to the API was lost; trying again",
        "acked 0/1, pending 1",
        "acked 1/1, pending 0",
    ]
