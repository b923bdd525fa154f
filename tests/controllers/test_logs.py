"""Log lines: one per event, as JSON or to be read, of other libraries too."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from controllers.logs import set_up_logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_where_there_is_no_terminal_an_event_is_a_line_of_json() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)
    structlog.get_logger("xds").info("stream opened", proxy="edge-1", about=("not", "plain"))
    (line,) = lines(stream)
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert (line["level"], line["logger"], line["event"], line["proxy"]) == ("info", "xds", "stream opened", "edge-1")


def test_on_a_terminal_it_is_written_to_be_read() -> None:
    stream = Terminal()
    set_up_logs(stream=stream)
    structlog.get_logger("xds").info("stream opened", proxy="edge-1")
    assert "stream opened" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_form_can_be_chosen() -> None:
    stream = Terminal()
    set_up_logs("json", stream=stream)
    structlog.get_logger("xds").warning("so")
    assert lines(stream)[0]["event"] == "so"


def test_other_libraries_lines_take_the_same_way() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)
    logging.getLogger("uvicorn.error").error("it %s", "broke")
    logging.getLogger("grpc").warning("so")
    logging.getLogger("uvicorn.error").info("chatter")
    assert [(line["logger"], line["event"]) for line in lines(stream)] == [
        ("uvicorn.error", "it broke"),
        ("grpc", "so"),
    ]


def test_what_is_below_the_level_is_not_told() -> None:
    stream = io.StringIO()
    set_up_logs(level="warning", stream=stream)
    log = structlog.get_logger("xds")
    log.info("no")
    log.warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_a_traceback_stays_within_its_line() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)
    try:
        raise KeyError("lost")
    except KeyError:
        structlog.get_logger("xds").exception("request failed")
    (line,) = lines(stream)
    assert "KeyError: 'lost'" in line["exception"]
