"""The list of mutants is of this code: a mutant that the code has moved away from would be caught by nobody."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import DoesNotApply, Mutant
from tests.mutants.trial import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_still_applies_and_is_still_code(mutant: Mutant) -> None:
    original = (ROOT / mutant.path).read_text()
    mutated = mutant.applied(original)
    assert mutated != original
    compile(mutated, mutant.path, "exec")


def test_every_mutant_has_a_name_and_an_edit_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.path, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)


def test_there_are_mutants_of_every_layer_that_decides() -> None:
    folders = {str(Path(mutant.path).parent) for mutant in MUTANTS}
    assert {"ledger", "xds", "xds/index", "xds/protocol"} <= folders
    assert len(MUTANTS) >= 20


@pytest.mark.parametrize("text", ["", "one two one"])
def test_a_mutant_of_a_text_that_is_not_there_or_there_twice_does_not_apply(text: str) -> None:
    mutant = Mutant("none", "ledger/none.py", "one", "two", "no rule")
    with pytest.raises(DoesNotApply, match="does not apply any more"):
        mutant.applied(text)


def test_a_mutant_of_a_file_that_is_gone_does_not_apply(tmp_path: Path) -> None:
    with pytest.raises(DoesNotApply, match="does not apply any more"):
        Mutant("none", "ledger/none.py", "one", "two", "no rule").apply(tmp_path)
