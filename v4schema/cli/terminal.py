"""Streams: what the command reads from, and where it prints."""

import errno
import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import click

from v4schema import feed
from v4schema.errors import OtherEngine
from v4schema.reading import Source

#: How often, in seconds, a long run tells how far it has come.
_EVERY = 0.2
#: What is added to the number of a signal for the exit code of a process that it stopped.
_SIGNALLED = 128


def prepare() -> None:
    """Let streams take every character: a file or a pipe gets UTF-8, as JSON has to be; a terminal gets what it can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


@contextmanager
def noting() -> Iterator[None]:
    """Say in one line what the library warns of."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always", OtherEngine)
        shown = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *place: Any) -> None:  # noqa: ANN401  (Python's own)
            if issubclass(category, OtherEngine):
                click.echo(f"Note: {message}", err=True)
            else:
                shown(message, category, *place)

        warnings.showwarning = note  # type: ignore[assignment]
        yield


def inputs(files: Sequence[str], stdin_name: str) -> list[tuple[str, Source]]:
    """Return what to read, with what to call it: the files, or standard input where there are none, or for -."""
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("Name a file, or pipe ads in.")
    return [(stdin_name, sys.stdin.buffer) if name == "-" else (name, name) for name in files or ["-"]]


def refuse_overwriting(paths: Iterable[str], files: Sequence[str], mend: str) -> None:
    """Refuse to write to a path that is read from."""
    from v4schema import output

    read = {output.identity(sys.stdin if name == "-" else name) for name in files or ["-"]} - {None}
    for path in paths:
        if output.identity(path) in read:
            raise click.UsageError(f"{path} is one of the files that are read; {mend}")


def write(chunks: Iterable[str], path: str | None = None, *, coloured: bool = False, err: bool = False) -> None:
    """Write to a standard stream, or to a file that appears whole or not at all."""
    try:
        if path in {None, "-"}:
            for chunk in chunks:
                if sys.stdout is None and not err:
                    raise click.UsageError("Cannot write to standard output: it is closed.")
                click.echo(chunk, nl=False, color=coloured, err=err)
        else:
            from v4schema import output

            with output.whole(str(path)) as file:
                for chunk in chunks:
                    file.write((chunk if coloured else click.unstyle(chunk)).encode())
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        where = path or error.filename or "standard output"
        raise click.UsageError(f"Cannot write to {where}: {error.strerror}.") from None


def with_progress(results: Iterator[feed.Result], tally: feed.Tally) -> Iterator[feed.Result]:
    """Tell on standard error, now and then, how many ads have passed; wipe it at the end."""
    due = time.monotonic() + _EVERY
    try:
        for result in results:
            yield result
            if time.monotonic() >= due:
                click.echo(f"\r{tally.ads:,} ads", err=True, nl=False)
                due = time.monotonic() + _EVERY
    finally:
        click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def stoppable() -> Iterator[Callable[[Iterable[feed.Result]], Iterator[feed.Result]]]:
    """Let a process that is asked to stop leave through its own doors, so that no half-written file is left lying about.

    What it gives passes results on and looks at each whether to go on: what a signal raises while an engine is at work may
    never come out of it.
    """
    import signal

    asked: list[int] = []

    def leave() -> None:
        if asked:
            raise SystemExit(_SIGNALLED + asked[0])

    def stop(number: int, _: object) -> None:
        asked.append(number)
        leave()

    def heeding(results: Iterable[feed.Result]) -> Iterator[feed.Result]:
        for result in results:
            leave()
            yield result
        leave()

    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {each: signal.signal(each, stop) for each in known if signal.getsignal(each) != signal.SIG_IGN}
    try:
        yield heeding
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def shows(stream: IO[str] | None) -> bool:
    """Tell whether a stream is a terminal."""
    return stream is not None and stream.isatty()


def is_coloured(when: str, *, on_terminal: bool) -> bool:
    """Tell whether to use colours, by what the caller says and what the stream is."""
    return when == "always" or (when == "auto" and on_terminal and not os.environ.get("NO_COLOR"))


def columns() -> int:
    """Return the width of the terminal."""
    import shutil

    return shutil.get_terminal_size().columns
