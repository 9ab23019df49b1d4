"""Standard streams: where the command reads and prints."""

import codecs
import errno
import io
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

import click

from v4schema.catalogue import messages
from v4schema.errors import SlowerEngine
from v4schema.feed import Result, Summary
from v4schema.reading.reader import Source

if TYPE_CHECKING:
    from v4schema.output.staging import StagedFile

#: The seconds between updates of the progress line.
_EVERY = 0.2
#: The escape sequences of click's styles.
_STYLE = re.compile("(\x1b\\[[0-9;]*m)")


class Terminal(io.TextIOWrapper):
    """A terminal that the written text cannot control: control characters become JSON escapes, such as ``\\u001b``.

    So do those that are written to its `buffer`, which takes the UTF-8 of ads. Inside JSON text an escape means the same; outside
    of it, JSON allows only line ends, which become line feeds.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(stream.buffer, stream.encoding, "backslashreplace", line_buffering=True)
        self._bytes = _Bytes(self)

    @property
    def buffer(self) -> "_Bytes":  # type: ignore[override]
        """The stream that takes bytes."""
        return self._bytes

    def write(self, text: str, /) -> int:
        """Write a text that cannot control the terminal."""
        return super().write(messages.printable(text, but="\n\t"))

    def steer(self, text: str) -> None:
        """Write a text of our own that may control the terminal."""
        super().write(text)

    def style(self, text: str) -> None:
        """Write a text with click's styles; other text in it must be printable before it is styled."""
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
    """Return a guarded stream for an open file that is a terminal, as /dev/stdout may be; any other file is returned as it is."""
    if not file.isatty():
        return file
    stream = io.TextIOWrapper(cast("io.BufferedWriter", file), encoding="utf-8")
    terminal = Terminal(stream)
    stream.detach()  # it would close the file when it goes
    return cast("IO[bytes]", terminal.buffer)


def prepare() -> None:
    """Let the streams take every character: a file or a pipe gets UTF-8, as JSON must be; a terminal gets what it can show."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, Terminal):
            if stream.isatty():
                setattr(sys, name, Terminal(stream))
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def echo(text: str, *, coloured: bool = False, err: bool = False, exact: bool = False) -> None:
    """Print a text that may have click's styles. Everything that the command prints goes through here, or through click.

    An `exact` text is a piece of a file, in which a byte that is not UTF-8 is a surrogate.
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
    """Print a warning of the library in one line."""
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
    """Return the names and the sources to read: the files, or standard input if there are none, or for ``-``."""
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("Name a file, or pipe ads in.")
    return [(stdin_name, sys.stdin.buffer) if name == "-" else (name, name) for name in files or ["-"]]


def without_repeats(files: Sequence[str]) -> list[str]:
    """Return the files without repeated ones, and report these: an ad that is converted twice is wrong."""
    from v4schema.cli import clashes

    once, again = clashes.without_repeats(files)
    for name, other in again:
        click.echo(
            f"{name} is the same file as {other}, and is read once."
            if name != other
            else f"{name} is named twice, and is read once.",
            err=True,
        )
    return once


def write(chunks: Iterable[str], file: "StagedFile | None" = None, *, coloured: bool = False, err: bool = False) -> None:
    """Write to a standard stream, or to a file, which is then finished."""
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


def unwritable(name: str, error: OSError) -> click.UsageError:
    """Return the error that a file cannot be written, and why."""
    return click.UsageError(f"Cannot write to {name}: {error.strerror}.")


def with_progress(results: Iterator[Result], summary: Summary) -> Iterator[Result]:
    """Show on standard error how many ads have passed; erase the line at the end."""
    due = time.monotonic() + _EVERY
    try:
        for result in results:
            yield result
            if time.monotonic() >= due:
                _steer(f"\r{summary.ads:,} ads")
                due = time.monotonic() + _EVERY
    finally:
        _steer("\r\033[K")


def _steer(text: str) -> None:
    """Write a control sequence to standard error, if that is a terminal."""
    if isinstance(sys.stderr, Terminal):
        sys.stderr.steer(text)
        sys.stderr.flush()


def is_tty(stream: IO[str] | None) -> bool:
    """Return whether a stream is a terminal."""
    return stream is not None and stream.isatty()


def is_coloured(when: str, *, on_terminal: bool) -> bool:
    """Return whether to use colours, by the option and the stream."""
    return when == "always" or (when == "auto" and on_terminal and not os.environ.get("NO_COLOR"))


def columns() -> int:
    """Return the width of the terminal."""
    import shutil

    return shutil.get_terminal_size().columns
