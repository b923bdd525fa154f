"""Scripts: one line for each thing that happens in a world, such as `boot p1 delta`, `delete w1`, `crash`.

The first line may describe the world: `world replicas=2 [stateless] [absent-deadline=50]`.
"""

from collections.abc import Callable
from functools import cache
from inspect import signature
from typing import Any

from tests.simulation import control, operator, peace, proxies
from tests.simulation.world import World

LINE_SECONDS = 0.5
"""How much time passes with each line."""

_FUNCTIONS: tuple[Callable[..., None], ...] = (
    operator.workload,
    operator.service,
    operator.delete,
    operator.wait,
    operator.receipt,
    operator.routes,
    operator.forget,
    control.lag,
    control.catch_up,
    control.save,
    control.stop,
    control.crash,
    control.start,
    control.take_over,
    control.pass_time,
    proxies.boot,
    proxies.reconnect,
    proxies.hear,
    proxies.answer,
    proxies.reject,
    proxies.speak,
    proxies.cut,
    proxies.drop,
    proxies.notice,
    proxies.kill,
    proxies.freeze,
    proxies.thaw,
    peace.settle,
    peace.calm,
)

COMMANDS = {function.__name__.removesuffix("_time").replace("_", "-"): function for function in _FUNCTIONS}


def make_world(line: str) -> World:
    """The world that a script's first line describes.

    Raises:
        ValueError: if it is no such line.
    """
    first, *words = line.split()
    if first != "world":
        raise ValueError(f"a script starts with its world, such as 'world replicas=2', not with {line!r}")
    arguments: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name == "replicas":
            arguments["replicas"] = int(value)
        elif name == "stateless":
            arguments["durable"] = False
        elif name == "absent-deadline":
            arguments["absent_deadline"] = float(value)
        else:
            raise ValueError(f"a world has replicas=N, stateless and absent-deadline=S; not {word!r}")
    return World(**arguments)


def perform(world: World, line: str) -> list[str]:
    """Lets happen what one line says. Returns what there is to tell of it.

    Raises:
        ValueError: if the line can't be understood.
        Impossible: if that can't happen now.
    """
    word, *arguments = line.split()
    function = COMMANDS.get(word)
    if function is None:
        raise ValueError(f"{word!r} is no command: there are {', '.join(sorted(COMMANDS))}")
    try:
        _signature(function).bind(world, *arguments)
    except TypeError as error:
        raise ValueError(f"{line!r}: {error}; it is {function.__doc__}") from error
    world.told.clear()
    world.pass_time(LINE_SECONDS)
    function(world, *arguments)
    return list(world.told)


def lines_of(text: str) -> list[str]:
    """The lines of a script: without comments, empty lines, and indented ones, which are what was told."""
    return [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]


_signature = cache(signature)
