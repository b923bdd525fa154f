"""One replica as a process: its signals, its exit code, and one line for what an operator has to put right."""

import asyncio
import signal

import structlog

from controllers.fence import LeaseLost
from controllers.logs import set_up_logs
from controllers.replica import Replica
from controllers.settings import Settings
from controllers.source import SourceError
from controllers.state_dir import StateError
from controllers.supervision import TaskDied
from controllers.tls import TlsError

log = structlog.get_logger("replica")


def run(settings: Settings) -> int:
    """Runs a replica until SIGTERM or SIGINT; a second signal hurries it.

    Returns:
        The exit code: 0 after a signal, 1 if something went wrong, which is logged.
    """
    set_up_logs(settings.log_format, settings.log_level)
    try:
        asyncio.run(_run(settings))
    except (SourceError, StateError, TlsError, OSError) as error:
        log.error("lastack can't run", reason=str(error))
        return 1
    except (LeaseLost, TaskDied) as ended:
        why = ended if isinstance(ended, LeaseLost) else ended.__cause__
        if isinstance(why, LeaseLost):
            log.critical("lastack ends: it may not serve any more", reason=str(why))
        else:
            log.critical("lastack ends", reason=str(ended), exc_info=why)
        return 1
    return 0


async def _run(settings: Settings) -> None:
    stop, at_once = asyncio.Event(), asyncio.Event()

    def signalled() -> None:
        if stop.is_set():
            at_once.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    await Replica(settings).run(stop, at_once)
