"""Times as the Kubernetes API writes them."""

from datetime import UTC, datetime


def seconds_of(text: object) -> float | None:
    """Seconds since the epoch; None if it is not a time."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def time_of(seconds: float) -> str:
    """A `Time`, such as 2026-01-31T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
