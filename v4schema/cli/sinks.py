"""Where ads are written: to standard output, or each source to a file that appears whole or not at all."""

import errno
import gzip
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import click

from v4schema import output
from v4schema.cli import terminal
from v4schema.reading import LINES, Source
from v4schema.temporary import Spool

_GZIPPED = b"\x1f\x8b"


class Writer(Protocol):
    """What takes pieces of text."""

    def write(self, piece: bytes, /) -> object:
        """Write a piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the ads of a source go: a file, or None for standard output; packed or not; over the source itself or not."""

    path: str | None
    packed: bool = False
    in_place: bool = False


def targets(files: Sequence[str], sources: Sequence[tuple[str, Source]], *, in_place: bool, out: str | None) -> list[Target]:
    """Return where the ads of each source go; raises `click.UsageError` for what cannot be meant."""
    if in_place:
        if out:
            raise click.UsageError("--in-place and --output exclude each other.")
        return _in_place(files)
    if out is None or out == "-":
        if len(sources) > 1 and not all(name.lower().endswith(LINES) for name, _ in sources):
            raise click.UsageError(
                "Several files would run together on standard output; write them to a folder with --output, or use --in-place."
            )
        return [Target(path=None) for _ in sources]
    paths = [out]
    if len(sources) > 1 and not os.path.exists(out) and out.lower().endswith((*LINES, ".json", ".gz")):
        raise click.UsageError(f"{out} is no name for a folder; for several files name one.")
    if len(sources) > 1 or os.path.isdir(out) or out.endswith(os.sep):
        paths = _in_folder(out, files)
    terminal.refuse_overwriting(paths, files, "use --in-place to write it anew.")
    return [Target(path=path, packed=path.lower().endswith(".gz")) for path in paths]


def _in_place(files: Sequence[str]) -> list[Target]:
    if not files or any(name == "-" or (os.path.exists(name) and not _is_ordinary(name)) for name in files):
        raise click.UsageError("--in-place wants files: what is no file has no place to write to.")
    return [Target(path=name, packed=_is_gzipped(name), in_place=True) for name in files]


def _in_folder(out: str, files: Sequence[str]) -> list[str]:
    if os.path.isfile(out):
        raise click.UsageError(f"{out} is a file; for several files name a folder.")
    if not files or "-" in files:
        raise click.UsageError("Standard input has no name in a folder; name a file with --output.")
    paths = [os.path.join(out, os.path.basename(name)) for name in files]
    if len({*paths}) < len(paths):
        raise click.UsageError("Two of the files have the same name; write them to folders of their own.")
    try:
        os.makedirs(out, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"Cannot write to {out}: {error.strerror}.") from None
    return paths


@dataclass(slots=True, kw_only=True)
class Sink:
    """Writes the ads of one source to a target, or nowhere; the file takes its place only when it is told to.

    `sound` is whether all of the source could be read, `changed` whether anything in it was: a file is only written if all
    was read, and over its source only if something has changed. `failure` says why it could not be written, if it could not.
    """

    target: Target | None
    standard: "Standard"
    sound: bool = True
    changed: bool = False
    failure: OSError | None = None
    _draft: output.Draft | None = None
    _file: Writer | None = None

    @property
    def name(self) -> str:
        """The name of the file that is written, if one is."""
        return (self.target and self.target.path) or ""

    @property
    def wanted(self) -> bool:
        """Whether what has been written is to take its place."""
        in_place = self.target is not None and self.target.in_place
        return self.sound and not self.failure and (self.changed or not in_place)

    def write(self, piece: bytes) -> None:
        """Write a piece, unless the source is not sound or writing has failed before."""
        if self.target is None or self.failure or not self.sound:
            return
        try:
            if self._file is None:
                self._file = self._open(self.target)
            self._file.write(piece)
        except OSError as error:
            self._fail(error)

    def finish(self) -> None:
        """Let all that is written reach the disc, beside what stands there."""
        try:
            if isinstance(self._file, gzip.GzipFile):
                self._file.close()
            if self._draft and self.wanted:
                self._draft.finish()
        except OSError as error:
            self._fail(error)

    def place(self) -> None:
        """Let what is finished take its place, if it is wanted."""
        try:
            if self._draft and self.wanted:
                self._draft.place()
        except OSError as error:
            self._fail(error)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Leave nothing behind that has not taken its place."""
        if self._draft:
            self._draft.discard()

    def _fail(self, error: OSError) -> None:
        if error.errno == errno.EPIPE:
            raise error
        if not self.name:
            raise click.UsageError(f"Cannot write to standard output: {error.strerror}.") from None
        self.failure = error
        self.abandon()

    def _open(self, target: Target) -> Writer:
        if target.path is None:
            self.standard.begin()
            return self.standard
        self._draft = output.Draft(target.path)
        return gzip.GzipFile("", "wb", fileobj=self._draft.file, mtime=0) if target.packed else self._draft.file


class Standard:
    """Standard output: sources begin on lines of their own, and ads pass on at once."""

    def __init__(self) -> None:
        self._ended = True
        self.wanted = True

    def begin(self) -> None:
        """Begin a source."""
        if sys.stdout is None:
            raise click.UsageError("Cannot write to standard output: it is closed.")
        if not self._ended:
            self._put(b"\n")

    def write(self, piece: bytes) -> None:
        """Write a piece of a source."""
        self._put(piece)
        self._ended = piece.endswith(b"\n")

    def _put(self, piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    def end(self) -> None:
        """End the last line where somebody looks at it."""
        if not self._ended and terminal.shows(sys.stdout):
            self.write(b"\n")

    def close(self) -> None:
        """Give back what is kept."""


class Delayed(Standard):
    """Standard output that is written at the end, and only if all of it is wanted: until then it is kept in a temporary file."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = Spool()

    def _put(self, piece: bytes) -> None:
        self._kept.write(piece)

    def end(self) -> None:
        """Write what has been kept."""
        self._kept.seek(0)
        if self.wanted:
            try:
                shutil.copyfileobj(self._kept, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            except OSError as error:
                if error.errno == errno.EPIPE:
                    raise
                raise click.UsageError(f"Cannot write to standard output: {error.strerror}.") from None

    def close(self) -> None:
        """Give the temporary file back."""
        self._kept.close()


@contextmanager
def beside(path: str | None) -> Iterator[Sink | None]:
    """Open a file beside the ads, to be placed by who writes it; None without a path.

    Raises `click.UsageError` if it cannot be written.
    """
    if path is None:
        yield None
        return
    sink = Sink(target=Target(path=path, packed=path.lower().endswith(".gz")), standard=Standard())
    try:
        sink.write(b"")
        refuse_failed(sink)
        yield sink
    finally:
        sink.abandon()


def refuse_failed(sink: Sink) -> None:
    """Raise `click.UsageError` if something could not be written."""
    if sink.failure:
        raise click.UsageError(f"Cannot write to {sink.name}: {sink.failure.strerror}.")


def _is_ordinary(name: str) -> bool:
    """Tell whether a name is that of a file, or of a folder, which is told when it is read."""
    return os.path.isfile(name) or os.path.isdir(name)


def _is_gzipped(name: str) -> bool:
    try:
        with open(name, "rb") as file:
            return file.read(len(_GZIPPED)) == _GZIPPED
    except OSError:
        return False
