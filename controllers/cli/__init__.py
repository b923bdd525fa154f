"""The command line.

Promises: what is printed on standard output is the answer, and nothing else; progress and errors go to standard error.
Exit codes: 0 it is so, 1 it went wrong, 2 the command line was; `wait` has more. Nothing ends in a traceback that an
operator could have caused.

Shell completion, of object keys and proxies too (from the API that `LASTACK_API` names):
bash: `eval "$(_LASTACK_COMPLETE=bash_source lastack)"`, zsh: `zsh_source`, fish: `fish_source`.

Read in this order: `group` (the commands; each is imported only when it is called), `client` (of the HTTP API),
`arguments`, `output`, then a file for each command.
"""

from controllers.cli.group import main

__all__ = ["main"]
