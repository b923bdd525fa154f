"""What may be asked of the status API: arguments as people and programs write them, made into what the core takes."""

import difflib
from collections.abc import Collection, Mapping

from ledger.ids import Generation, ObjectKey
from ledger.receipts import Query
from xds.durations import parse_duration
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

LONGEST_TIMEOUT = 600.0
"""Seconds for which one receipt may be waited for; whoever waits longer asks again."""

LARGEST_GENERATION = 2**63 - 1
"""Kubernetes' generations, and the gRPC API's, are of 64 bits."""

_KINDS = {
    "we": WORKLOAD_ENTRY,
    "workloadentry": WORKLOAD_ENTRY,
    "workloadentries": WORKLOAD_ENTRY,
    "se": SERVICE_ENTRY,
    "serviceentry": SERVICE_ENTRY,
    "serviceentries": SERVICE_ENTRY,
}


class BadArgument(ValueError):
    """An argument that can't be used; its text names it, says what is wrong and what to write instead."""

    def __init__(self, argument: str, message: str) -> None:
        self.argument = argument
        super().__init__(f"{argument}: {message}")


def checked_stay(seconds: float) -> float:
    """For how long a receipt has to stay what it is.

    Raises:
        BadArgument: it can't be seen to by one question.
    """
    if seconds > LONGEST_TIMEOUT:
        raise BadArgument("stays", f"{seconds:g} s is longer than anybody is let wait: at most {LONGEST_TIMEOUT:g} s")
    return seconds


def kind_of(text: str) -> str:
    """The kind that `text` names: `WorkloadEntry` or `ServiceEntry`, in any case, or their short names `we` and `se`.

    Raises:
        BadArgument: if it names none.
    """
    kind = _KINDS.get(text.lower())
    if kind is None:
        raise BadArgument("kind", f"{text!r} is not a kind: write {WORKLOAD_ENTRY} (we) or {SERVICE_ENTRY} (se)")
    return kind


def object_key(kind: str, namespace: str, name: str) -> ObjectKey:
    """The key of an object, its kind written as in `kind_of`.

    Raises:
        BadArgument: if some part can't be one of a key.
    """
    for argument, text in (("namespace", namespace), ("name", name)):
        if not text or "/" in text:
            raise BadArgument(argument, f"{text!r} can't be one: an object is KIND/NAMESPACE/NAME")
    return ObjectKey(kind_of(kind), namespace, name)


def key_of(text: str) -> ObjectKey:
    """Reads `KIND/NAMESPACE/NAME`.

    Raises:
        BadArgument: if it isn't that.
    """
    parts = text.split("/")
    if len(parts) != 3:
        raise BadArgument("object", f"{text!r} names none: write KIND/NAMESPACE/NAME, such as we/shop/pay-1")
    return object_key(*parts)


def query(key: ObjectKey, generation: int = 0, deleted: bool = False) -> Query:
    """What a receipt is asked for.

    Raises:
        BadArgument: if the generation can't be one.
    """
    if not 0 <= generation <= LARGEST_GENERATION:
        raise BadArgument("generation", f"{generation} can't be one: write 1 or more, or 0 for the newest applied")
    return Query(key, Generation(generation), deleted)


class Parameters:
    """The query parameters of an HTTP request, read one by one.

    Raises:
        BadArgument: if there is one that is not among `known`: a misspelt one would silently not count.
    """

    def __init__(self, given: Mapping[str, str], known: Collection[str]) -> None:
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known)) or 'none'}"
                raise BadArgument(name, f"is not a parameter here: {remedy}")
        self._given = given

    def text(self, name: str) -> str:
        """The text; empty without one."""
        return self._given.get(name, "")

    def flag(self, name: str) -> bool:
        """`true` or `false`; false without one."""
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise BadArgument(name, f"{self.text(name)!r} is neither true nor false")
        return text == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        text = self.text(name)
        if not text:
            return default
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else -1
        if not least <= number <= most:
            raise BadArgument(name, f"{text!r} is not a whole number from {least} to {most}")
        return number

    def timeout(self, name: str) -> float:
        """Seconds, at most `LONGEST_TIMEOUT`; 0 without one."""
        return min(self.duration(name), LONGEST_TIMEOUT)

    def duration(self, name: str) -> float:
        """Seconds; 0 without one."""
        try:
            return parse_duration(self.text(name) or "0")
        except ValueError as error:
            raise BadArgument(name, str(error)) from error

    def word(self, name: str, words: Collection[str]) -> str:
        """One of the words, or nothing."""
        text = self.text(name)
        if text and text not in words:
            raise BadArgument(name, f"{text!r} can't be one: write {' or '.join(sorted(words))}, or leave it out")
        return text
