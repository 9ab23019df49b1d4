"""Where ads are written: to standard output, or each source to a file that appears whole or not at all."""

import errno
import gzip
import os
import shutil
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import click

from v4schema.cli import clashes, terminal
from v4schema.feed.temporary import SpooledFile
from v4schema.output.staging import StagedFile, Staging, digest
from v4schema.reading.layout import LINE_SUFFIXES
from v4schema.reading.reader import Source

_GZIPPED = b"\x1f\x8b"


class StandardOutput:
    """Standard output: each source begins on a line of its own, and ads pass on at once.

    With `buffered`, everything is kept in a temporary file until the end, and written only if all of it is `wanted`.
    """

    def __init__(self, *, buffered: bool = False) -> None:
        self._ended = True
        self._buffer = SpooledFile() if buffered else None
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

    def end(self) -> None:
        """Write what was kept, or end the last line where a person reads it."""
        if self._buffer is None:
            if not self._ended and terminal.is_tty(sys.stdout):
                self.write(b"\n")
            return
        self._buffer.seek(0)
        if self.wanted:
            try:
                shutil.copyfileobj(self._buffer, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            except OSError as error:
                if error.errno == errno.EPIPE:
                    raise
                raise terminal.unwritable("standard output", error) from None

    def close(self) -> None:
        """Release the temporary file."""
        if self._buffer is not None:
            self._buffer.close()

    def _put(self, piece: bytes) -> None:
        if self._buffer is not None:
            self._buffer.write(piece)
        else:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


@dataclass(slots=True, kw_only=True)
class Output:
    """Where the ads of one source go: to standard output, to a file, over the source itself (`in_place`), or `nowhere`.

    A file takes its place only with all other staged files. It is written only if the whole source was read (`readable`); over
    its source, only if something has `changed` and the source is still what was read. `failure` says why it could not be
    written. A file that is `new` must not replace another one; `before` is the digest of the only content that it may replace.
    """

    path: str | None = None
    in_place: bool = False
    nowhere: bool = False
    new: bool = False
    before: str | None = None
    readable: bool = True
    changed: bool = False
    failure: OSError | None = None
    staged: StagedFile | None = None
    _write: Callable[[bytes], object] | None = None
    _gzip: gzip.GzipFile | None = None

    @property
    def name(self) -> str:
        """The name of the file, or "" for standard output."""
        return self.path or ""

    @property
    def is_wanted(self) -> bool:
        """Whether what was written is to take its place."""
        return self.readable and not self.failure and (self.changed or not self.in_place)

    @property
    def is_skipped(self) -> bool:
        """Whether nothing more is written."""
        return self.nowhere or self.failure is not None or not self.readable

    def begin(self) -> None:
        """Note the content of a source that is replaced, before it is read."""
        if self.in_place:
            try:
                self.before = digest(self.name)
            except OSError:
                self.before = ""  # whatever is there later is not what was read

    def write(self, piece: bytes, staging: Staging, standard: StandardOutput) -> None:
        """Write a piece, unless the source was not readable or writing has failed before."""
        if self.is_skipped:
            return
        try:
            if self._write is None:
                self._write = self._opened(staging, standard)
            self._write(piece)
        except OSError as error:
            self.fail(error)

    def finish(self) -> None:
        """Let everything that is written reach the disk, beside the file that it replaces."""
        try:
            if self._gzip:
                self._gzip.close()
            if self.staged and self.is_wanted:
                self.staged.finish()
            elif self.staged:
                self.staged.discard()
        except OSError as error:
            self.fail(error)
        self.verify()

    def verify(self) -> bool:
        """Return whether a source that is replaced is no longer what was read; then it is not replaced."""
        try:
            if self.staged and self.staged.finished:
                self.staged.verify()
        except OSError as error:
            self.fail(error)
            return True
        return False

    def fail(self, error: OSError) -> None:
        """Give up writing. Raises `click.UsageError` where standard output cannot be written."""
        if error.errno == errno.EPIPE:
            raise error
        if not self.name:
            raise terminal.unwritable("standard output", error) from None
        self.failure = error
        if self.staged:
            self.staged.discard()

    def refuse_failed(self) -> None:
        """Raise `click.UsageError` if the file could not be written."""
        if self.failure:
            raise terminal.unwritable(self.name, self.failure)

    def _opened(self, staging: Staging, standard: StandardOutput) -> Callable[[bytes], object]:
        if self.path is None:
            standard.begin()
            return standard.write
        self.staged = staging.file(self.path, before=self.before, new=self.new)
        self.staged.file = terminal.guarded(self.staged.file)
        if _is_gzipped(self.path) if self.in_place else self.path.lower().endswith(".gz"):
            self._gzip = gzip.GzipFile("", "wb", fileobj=self.staged.file, mtime=0)
            return self._gzip.write
        return self.staged.file.write


def plan(
    files: Sequence[str], stdin_name: str, *, in_place: bool, out: str | None, silent: bool
) -> tuple[list[tuple[str, Source]], list[Output]]:
    """Return the sources, and where the ads of each go: nowhere, if the run is `silent`. Raises `click.UsageError`."""
    sources = terminal.inputs(files, stdin_name)
    return sources, [Output(nowhere=True) for _ in sources] if silent else _outputs(files, sources, in_place=in_place, out=out)


def remaining(
    sources: Sequence[tuple[str, Source]], outputs: Sequence[Output], done: Collection[str]
) -> tuple[list[tuple[str, Source]], list[Output]]:
    """Return the sources that are not done already, and their outputs."""
    pairs = [(source, output) for source, output in zip(sources, outputs, strict=True) if os.path.realpath(source[0]) not in done]
    return [source for source, _ in pairs], [output for _, output in pairs]


def uses(outputs: Sequence[Output]) -> list[tuple[str, str]]:
    """Return the files that ads go to, each with its role in `v4schema.cli.clashes.refuse`."""
    return [(output.path, clashes.IN_PLACE if output.in_place else clashes.ADS) for output in outputs if output.path]


def make_folder(out: str | None, outputs: Sequence[Output]) -> None:
    """Make the folder that ads go to. Raises `click.UsageError` if that is impossible."""
    if out is not None and any(output.path and output.path != out for output in outputs):
        try:
            os.makedirs(out, exist_ok=True)
        except OSError as error:
            raise terminal.unwritable(out, error) from None


def open_side_file(staging: Staging, path: str | None, *, new: bool = False, before: str | None = None) -> Output | None:
    """Open a file beside the ads; None without a path. `new` and `before` are those of `Output`.

    Raises `click.UsageError` if it cannot be written.
    """
    if path is None:
        return None
    output = Output(path=path, new=new, before=before)
    output.write(b"", staging, StandardOutput())
    output.refuse_failed()
    return output


def _outputs(files: Sequence[str], sources: Sequence[tuple[str, Source]], *, in_place: bool, out: str | None) -> list[Output]:
    """Return where the ads of each source go; raises `click.UsageError` for an impossible combination."""
    if in_place:
        if out:
            raise click.UsageError("--in-place and --output exclude each other.")
        return _in_place(files)
    if out is None or out == "-":
        if len(sources) > 1 and not all(name.lower().endswith(LINE_SUFFIXES) for name, _ in sources):
            raise click.UsageError(
                "Several files would run together on standard output; write them to a folder with --output, or use --in-place."
            )
        return [Output() for _ in sources]
    if len(sources) > 1 and not os.path.exists(out) and out.lower().endswith((*LINE_SUFFIXES, ".json", ".gz")):
        raise click.UsageError(f"{out} is not a name for a folder; with several files, --output names a folder.")
    if len(sources) > 1 or os.path.isdir(out) or out.endswith(os.sep):
        return [Output(path=path) for path in _in_folder(out, files)]
    return [Output(path=out)]


def _in_place(files: Sequence[str]) -> list[Output]:
    if not files or any(name == "-" or (os.path.exists(name) and not _is_ordinary(name)) for name in files):
        raise click.UsageError("--in-place wants files: standard input and devices cannot be replaced.")
    return [Output(path=name, in_place=True) for name in files]


def _in_folder(out: str, files: Sequence[str]) -> list[str]:
    if os.path.isfile(out):
        raise click.UsageError(f"{out} is a file; with several files, --output names a folder.")
    if not files or "-" in files:
        raise click.UsageError("Standard input has no name in a folder; name a file with --output.")
    paths = [os.path.join(out, os.path.basename(name)) for name in files]
    if len({*paths}) < len(paths):
        raise click.UsageError("Two of the files have the same name; write them to separate folders.")
    return paths


def _is_ordinary(name: str) -> bool:
    """Return whether a name is that of a file, or of a folder, which is reported when it is read."""
    return os.path.isfile(name) or os.path.isdir(name)


def _is_gzipped(name: str) -> bool:
    with open(name, "rb") as file:
        return file.read(len(_GZIPPED)) == _GZIPPED
