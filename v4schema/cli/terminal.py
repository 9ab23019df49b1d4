"""Streams: what the command reads from, and where it prints."""

import codecs
import errno
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

import click

from v4schema import feed
from v4schema.catalogue import messages
from v4schema.errors import SlowerEngine
from v4schema.reading.reader import Source

if TYPE_CHECKING:
    from v4schema.output.staging import StagedFile, Staging

#: How often, in seconds, a long run tells how far it has come.
_EVERY = 0.2
#: What is added to the number of a signal for the exit code of a process that it stopped.
_SIGNALLED = 128
#: How a run ends in which a file could not be written.
_UNWRITTEN = 3
#: The sequences of click's own styles.
_STYLE = re.compile("(\x1b\\[[0-9;]*m)")


class Terminal(io.TextIOWrapper):
    """A terminal that nothing which is written to it can steer: all that could stands as an escape of JSON, such as ``\\u001b``.

    So does what is written by its `buffer`, which takes the UTF-8 of ads: within text JSON means the same by such an escape, and
    outside of text it knows no other character of the kind than the ends of lines, which become line feeds.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(stream.buffer, stream.encoding, "backslashreplace", line_buffering=True)
        self._bytes = _Bytes(self)

    @property
    def buffer(self) -> "_Bytes":  # type: ignore[override]
        """What takes bytes."""
        return self._bytes

    def write(self, text: str, /) -> int:
        """Write a text that cannot steer the terminal."""
        return super().write(messages.printable(text, but="\n\t"))

    def steer(self, text: str) -> None:
        """Write a text of our own that may."""
        super().write(text)

    def style(self, text: str) -> None:
        """Write a text with click's own styles in it; what is not ours in it has to be printable before it is styled."""
        for number, part in enumerate(_STYLE.split(text)):
            (self.steer if number % 2 else self.write)(part)


class _Bytes(io.RawIOBase):
    """Writes the UTF-8 of ads to a terminal as text."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:  # noqa: ANN401  (any bytes)
        self._terminal.write(self._decoder.decode(bytes(piece)))
        return len(piece)

    def flush(self) -> None:
        self._terminal.flush()


def guarded(file: IO[bytes]) -> IO[bytes]:
    """Return what writes to a file that has been opened; if it is a terminal, such as /dev/stdout may be, nothing steers it."""
    if not file.isatty():
        return file
    stream = io.TextIOWrapper(cast("io.BufferedWriter", file), encoding="utf-8")
    terminal = Terminal(stream)
    stream.detach()  # it would close the file when it goes
    return cast("IO[bytes]", terminal.buffer)


def prepare() -> None:
    """Let streams take every character: a file or a pipe gets UTF-8, as JSON has to be; a terminal gets what it can show."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, Terminal):
            if stream.isatty():
                setattr(sys, name, Terminal(stream))
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def echo(text: str, *, coloured: bool = False, err: bool = False, exact: bool = False) -> None:
    """Print a text that may have click's own styles in it: everything that the command prints goes through here, or by click.

    One that is `exact` is a piece of a file, in which a byte that is not UTF-8 stands as half a character.
    """
    stream = sys.stderr if err else sys.stdout
    if isinstance(stream, Terminal):
        stream.style(text if coloured else click.unstyle(text))
    elif exact and stream is not None:
        stream.buffer.write((text if coloured else _STYLE.sub("", text)).encode(errors="surrogateescape"))
        stream.buffer.flush()
    else:
        click.echo(text, nl=False, color=coloured, err=err)


@contextmanager
def print_warnings() -> Iterator[None]:
    """Say in one line what the library warns of."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always", SlowerEngine)
        shown = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *place: Any) -> None:  # noqa: ANN401  (Python's own)
            if issubclass(category, SlowerEngine):
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


def once(files: Sequence[str]) -> list[str]:
    """Return files without those that are named twice, and say so: an ad that is converted twice is wrong."""
    from v4schema.cli import clashes

    taken, again = clashes.once(files)
    for name, other in again:
        click.echo(
            f"{name} is {other}, and is taken once." if name != other else f"{name} is named twice, and is taken once.", err=True
        )
    return taken


def write(chunks: Iterable[str], file: "StagedFile | None" = None, *, coloured: bool = False, err: bool = False) -> None:
    """Write to a standard stream, or to a file, which is finished then."""
    try:
        if file is None:
            for chunk in chunks:
                if sys.stdout is None and not err:
                    raise click.UsageError("Cannot write to standard output: it is closed.")
                echo(chunk, coloured=coloured, err=err)
        else:
            for chunk in chunks:
                file.file.write((chunk if coloured else click.unstyle(chunk)).encode())
            file.finish()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        where = file.name if file else error.filename or "standard output"
        raise unwritable(where, error) from None


def opened(staging: "Staging", path: str | None) -> "StagedFile | None":
    """Open a file for a report or a document; None for standard output. Raises `click.UsageError` if it cannot be written."""
    if path in {None, "-"}:
        return None
    try:
        file = staging.file(str(path))
    except OSError as error:
        raise unwritable(str(path), error) from None
    file.file = guarded(file.file)
    return file


def unwritable(name: str, error: OSError) -> click.UsageError:
    """Return what says that something cannot be written, and why."""
    return click.UsageError(f"Cannot write to {name}: {error.strerror}.")


def with_progress(results: Iterator[feed.Result], tally: feed.Summary) -> Iterator[feed.Result]:
    """Tell on standard error, now and then, how many ads have passed; wipe it at the end."""
    due = time.monotonic() + _EVERY
    try:
        for result in results:
            yield result
            if time.monotonic() >= due:
                _steer(f"\r{tally.ads:,} ads")
                due = time.monotonic() + _EVERY
    finally:
        _steer("\r\033[K")


def _steer(text: str) -> None:
    """Write a text of our own to standard error that steers it, if that is a terminal."""
    if isinstance(sys.stderr, Terminal):
        sys.stderr.steer(text)
        sys.stderr.flush()


class Shutdown:
    """What a signal has asked for. It ends the run where it is, unless that is `deferred`: while files take their places."""

    def __init__(self) -> None:
        self.deferred = False
        self._number: int | None = None

    def request(self, number: int, _: object = None) -> None:
        """Take a signal, and leave at once if that may be."""
        self._number = number if self._number is None else self._number
        self.check()

    def check(self) -> None:
        """Leave if a signal has asked for it: what it raises while an engine is at work may never come out of it."""
        if self._number is not None and not self.deferred:
            raise SystemExit(_SIGNALLED + self._number)

    def through(self, results: Iterable[feed.Result]) -> Iterator[feed.Result]:
        """Pass results on, and look at each whether to go on."""
        for result in results:
            self.check()
            yield result
        self.check()


@contextmanager
def graceful_shutdown() -> Iterator[Shutdown]:
    """Turn SIGINT, SIGTERM and SIGHUP into an orderly exit, so that nothing half-written is left; what is ignored stays so."""
    import signal

    shutdown = Shutdown()
    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {each: signal.signal(each, shutdown.request) for each in known if signal.getsignal(each) != signal.SIG_IGN}
    try:
        yield shutdown
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def staged(work: "Callable[[Staging, Shutdown], int]") -> int:
    """Do work that writes files, and clear up after it whatever happens; return its exit code.

    The journal goes when the command ends: a run that is killed before has not told anybody that it is done.
    """
    from v4schema.output.staging import Staging

    with graceful_shutdown() as shutdown:
        staging = Staging()
        click.get_current_context().find_root().call_on_close(staging.close)
        try:
            return work(staging, shutdown)
        finally:
            shutdown.deferred = True  # not by a call: a signal could come in between
            staging.clear()


def placed(staging: "Staging", shutdown: Shutdown, files: "Iterable[StagedFile | None]", *, once: bool = False) -> int:
    """Let finished files take their places, which no signal interrupts; return 3 if one could not, else 0.

    With `once`, the run must not be done twice, as `v4schema.output.staging.Staging.place` has it.
    From then on the run is done, and ends with its own exit code: a signal comes too late. Raises `click.UsageError` where
    nothing could take its place, since something stands where nothing may.
    """
    wanted = [file for file in files if file is not None]
    shutdown.check()
    shutdown.deferred = True
    try:
        failed = staging.place(wanted, once=once)
    except OSError as error:
        raise unwritable(str(error.filename), error) from None
    for file, why in failed:
        click.echo(f"Error: {unwritable(file.name, why).message}", err=True)
    return _UNWRITTEN if failed else 0


def recover(paths: Iterable[str], sources: Iterable[str] = (), *, repeats: bool = False) -> set[str]:
    """Complete and clear what killed runs have left in the folders of files, and say so.

    `sources` are the files that ads are read from; with `repeats`, they are converted in place, which must not be done twice.
    Returns those, links resolved, with which a killed run has been completed: nothing is left to do with them. Raises
    `click.UsageError` where a run that was killed has to be repeated before anything else is done with its files.
    """
    from v4schema.output import staging

    read = {os.path.realpath(path) for path in sources}
    folders = [os.path.dirname(os.path.realpath(path)) for path in paths]
    try:
        done = staging.recover(folders, repeated=read if repeats else (), touched=read)
    except OSError as error:
        raise click.UsageError(f"A run that was killed cannot be completed: {error.filename}: {error.strerror}.") from None
    for folder in dict.fromkeys(done.cleared):
        click.echo(f"Removed what a killed run has left behind in {folder}.", err=True)
    for path in done.kept:
        click.echo(f"A killed run has not been completed for {path}: it has changed since, and was left alone.", err=True)
    if done.placed:
        click.echo(f"Completed a run that was killed while its files took their places: {', '.join(done.placed)}.", err=True)
    if done.waiting:
        raise click.UsageError(
            f"A run that converts {done.waiting[0]} in place was killed before it ended. Repeat it first: it is completed then,"
            " and nothing is converted twice."
        )
    again = read & {*done.placed} if repeats else set()
    for path in sorted(again):
        click.echo(f"{path} is as the killed run wrote it, and is not converted a second time.", err=True)
    return again


def is_tty(stream: IO[str] | None) -> bool:
    """Tell whether a stream is a terminal."""
    return stream is not None and stream.isatty()


def is_coloured(when: str, *, on_terminal: bool) -> bool:
    """Tell whether to use colours, by what the caller says and what the stream is."""
    return when == "always" or (when == "auto" and on_terminal and not os.environ.get("NO_COLOR"))


def columns() -> int:
    """Return the width of the terminal."""
    import shutil

    return shutil.get_terminal_size().columns
