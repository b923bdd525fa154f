"""libFuzzer on one target: `python -m tests.fuzz.engine TARGET FLAGS FOLDERS`, in a process of its own.

Only the product is instrumented: an input is interesting for what it reaches there.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["controllers", "ledger", "xds"]):
    from tests.fuzz.targets import TARGETS


NEW_ENDINGS = 0.4
"""How many of the inputs that are decisions go on in another way from some point; the others libFuzzer mutates. A few
changed bytes alone seldom make a new story of an old one."""


def main() -> None:
    """Never returns: libFuzzer ends the process, with 0 if nothing was found."""
    target = TARGETS[sys.argv.pop(1)]
    if target.is_text:
        atheris.Setup(sys.argv, lambda data: target.run(data, None))
    else:
        atheris.Setup(sys.argv, lambda data: target.run(data, None), custom_mutator=mutated)
    atheris.Fuzz()


def mutated(data: bytes, longest: int, seed: int) -> bytes:
    """Another input like this one."""
    chance = random.Random(seed)
    if chance.random() < NEW_ENDINGS:
        kept = data[: chance.randrange(min(len(data), longest) + 1)]
        return kept + chance.randbytes(chance.randrange(longest - len(kept) + 1))
    changed: bytes = atheris.Mutate(data, longest)
    return changed


if __name__ == "__main__":
    main()
