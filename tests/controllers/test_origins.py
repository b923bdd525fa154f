"""Where the sources of a replica keep what they have."""

from pathlib import Path

from controllers.origins import folder_of


def test_a_source_s_folder_is_called_as_it_is_but_for_what_no_folder_may_be_called() -> None:
    assert folder_of("kubernetes:west") == "kubernetes%3Awest"
    assert folder_of("kubernetes:remote/west") == "kubernetes%3Aremote%2Fwest"


def test_the_longest_keys_of_secrets_have_folders_of_their_own(tmp_path: Path) -> None:
    """A cluster that Secrets name is called by its key; a name that no file system takes would end the process."""
    longest = [f"kubernetes:remote/{'k' * 252}{last}" for last in "ab"]
    for source in longest:
        (tmp_path / folder_of(source)).mkdir()
    assert len(list(tmp_path.iterdir())) == 2
