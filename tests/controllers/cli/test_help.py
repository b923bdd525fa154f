"""`lastack --help`, as somebody reads it who has never seen it."""

from click.testing import CliRunner

from controllers.cli.group import main


def test_each_command_is_told_in_a_whole_sentence() -> None:
    told = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    lines = told.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == [
        *("serve", "wait", "proxies", "explain", "forget", "check", "bootstrap", "demo")
    ]
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)
