"""Durations as people write them: `30s`, `500ms`, `2m`, `1h`, or plain seconds."""

import math
import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h|)")

LONGEST = 366 * 24 * 3600.0
"""Seconds. Whoever writes more has most likely mistaken the unit."""


def parse_duration(text: str | float) -> float:
    """Reads a duration. Returns seconds, not negative.

    Raises:
        ValueError: if it is not a number with one of the units ms, s, m and h, or is longer than a year.
    """
    if isinstance(text, str):
        match = _DURATION.fullmatch(text.strip().lower())
        if match is None:
            raise ValueError(f"{text!r} is not a duration: write 30s, 500ms, 2m or 1h")
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        seconds = float(text)
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST:
        raise ValueError(f"{text!r} is not a duration from 0 to a year")
    return seconds


def show_duration(seconds: float) -> str:
    """The two largest units, short: `450ms`, `12s`, `3m05s`, `2h10m`, `4d3h`."""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f}ms"
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole}s"
    if not hours:
        return f"{minutes}m{whole % 60:02d}s"
    if not days:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{days}d{hours % 24}h"
