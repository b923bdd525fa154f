"""Makes a script that ends in a violation as short as can be, so that a person can read it."""

from tests.simulation.run import replay


def shrink(script: list[str], kind: str, budget: int = 3000) -> list[str]:
    """A shorter script with a violation of the same kind: no line of it can be left out (if the budget suffices).

    Leaves out ever smaller parts, as delta debugging does (Zeller and Hildebrandt, 2002). `budget`: runs of a script.
    """
    first, *lines = script
    size = max(1, len(lines) // 2)
    while budget > 0:
        shorter, start = False, 0
        while start < len(lines) and budget > 0:
            candidate = lines[:start] + lines[start + size :]
            budget -= 1
            violation = replay([first, *candidate])
            if violation is not None and violation.kind == kind:
                lines, shorter = candidate, True
            else:
                start += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return [first, *lines]
