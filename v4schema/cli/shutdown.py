"""Signals: how a run that is asked to stop ends in order."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from v4schema.feed import Result

#: Added to the number of a signal for the exit code of a process that it stopped.
_SIGNALLED = 128


class Shutdown:
    """What a signal has asked for. It ends the run at once, unless that is `deferred`: while files take their places."""

    def __init__(self) -> None:
        self.deferred = False
        self._number: int | None = None

    def request(self, number: int, _: object = None) -> None:
        """Note a signal, and exit at once if that is allowed."""
        self._number = number if self._number is None else self._number
        self.check()

    def check(self) -> None:
        """Exit if a signal has asked for it: an engine at work may swallow the exception that a signal handler raises."""
        if self._number is not None and not self.deferred:
            raise SystemExit(_SIGNALLED + self._number)

    def through(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on, and check before each whether to go on."""
        for result in results:
            self.check()
            yield result
        self.check()


@contextmanager
def graceful_shutdown() -> Iterator[Shutdown]:
    """Turn SIGINT, SIGTERM and SIGHUP into an orderly exit, so that no half-written file is left. An ignored signal stays so."""
    import signal

    shutdown = Shutdown()
    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {each: signal.signal(each, shutdown.request) for each in known if signal.getsignal(each) != signal.SIG_IGN}
    try:
        yield shutdown
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
