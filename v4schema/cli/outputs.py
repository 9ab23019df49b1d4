"""Where ads are written: to standard output, or each source to a file that appears whole or not at all."""

import errno
import gzip
import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import click

from v4schema.cli import clashes, terminal
from v4schema.feed.temporary import SpooledFile
from v4schema.output.staging import StagedFile, Staging, digest
from v4schema.reading.reader import LINE_SUFFIXES, Source

_GZIPPED = b"\x1f\x8b"


class Writer(Protocol):
    """What takes pieces of text."""

    def write(self, piece: bytes, /) -> object:
        """Write a piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the ads of a source go: a file, or None for standard output; over the source itself, or into a folder."""

    path: str | None
    in_place: bool = False
    folder: str | None = None


def targets(
    files: Sequence[str], sources: Sequence[tuple[str, Source]], *, in_place: bool, out: str | None
) -> Sequence[Target | None]:
    """Return where the ads of each source go; raises `click.UsageError` for what cannot be meant."""
    if in_place:
        if out:
            raise click.UsageError("--in-place and --output exclude each other.")
        return _in_place(files)
    if out is None or out == "-":
        if len(sources) > 1 and not all(name.lower().endswith(LINE_SUFFIXES) for name, _ in sources):
            raise click.UsageError(
                "Several files would run together on standard output; write them to a folder with --output, or use --in-place."
            )
        return [Target(path=None) for _ in sources]
    if len(sources) > 1 and not os.path.exists(out) and out.lower().endswith((*LINE_SUFFIXES, ".json", ".gz")):
        raise click.UsageError(f"{out} is no name for a folder; for several files name one.")
    if len(sources) > 1 or os.path.isdir(out) or out.endswith(os.sep):
        return [Target(path=path, folder=out) for path in _in_folder(out, files)]
    return [Target(path=out)]


def paired(
    files: Sequence[str], stdin_name: str, *, in_place: bool, out: str | None, silent: bool
) -> tuple[list[tuple[str, Source]], Sequence[Target | None]]:
    """Return what is read, and where the ads of each go: nowhere, if the run is `silent`. Raises `click.UsageError`."""
    sources = terminal.inputs(files, stdin_name)
    return sources, [None for _ in sources] if silent else targets(files, sources, in_place=in_place, out=out)


def remaining(
    sources: Sequence[tuple[str, Source]], targets: Sequence[Target | None], done: Collection[str]
) -> tuple[list[tuple[str, Source]], list[Target | None]]:
    """Return those sources, and their targets, that are not done already."""
    pairs = [(source, target) for source, target in zip(sources, targets, strict=True) if os.path.realpath(source[0]) not in done]
    return [source for source, _ in pairs], [target for _, target in pairs]


def uses(targets: Sequence[Target | None]) -> list[tuple[str, str]]:
    """Return the files that ads go to, each with its role in `v4schema.cli.clashes.refuse`."""
    return [(target.path, clashes.IN_PLACE if target.in_place else clashes.ADS) for target in targets if target and target.path]


def make_folders(targets: Sequence[Target | None]) -> None:
    """Make the folder that ads go to. Raises `click.UsageError` if that cannot be."""
    for folder in {target.folder for target in targets if target and target.folder}:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise terminal.unwritable(folder, error) from None


def _in_place(files: Sequence[str]) -> list[Target]:
    if not files or any(name == "-" or (os.path.exists(name) and not _is_ordinary(name)) for name in files):
        raise click.UsageError("--in-place wants files: what is no file has no place to write to.")
    return [Target(path=name, in_place=True) for name in files]


def _in_folder(out: str, files: Sequence[str]) -> list[str]:
    if os.path.isfile(out):
        raise click.UsageError(f"{out} is a file; for several files name a folder.")
    if not files or "-" in files:
        raise click.UsageError("Standard input has no name in a folder; name a file with --output.")
    paths = [os.path.join(out, os.path.basename(name)) for name in files]
    if len({*paths}) < len(paths):
        raise click.UsageError("Two of the files have the same name; write them to folders of their own.")
    return paths


@dataclass(slots=True, kw_only=True)
class OutputFile:
    """Writes the ads of one source to a target, or nowhere; what is written takes its place with all else that is staged.

    `sound` is whether all of the source could be read, `changed` whether anything in it was: a file is only written if all
    was read, and over its source only if something has changed, and if the source is still what was read. `failure` says why
    it could not be written, if it could not. A file that is `new` must not replace another one.
    """

    target: Target | None
    standard: "StandardOutput"
    staging: Staging
    sound: bool = True
    changed: bool = False
    failure: OSError | None = None
    new: bool = False
    before: str | None = None
    staged: StagedFile | None = None
    _file: Writer | None = None

    @property
    def name(self) -> str:
        """The name of the file that is written, if one is."""
        return (self.target and self.target.path) or ""

    @property
    def in_place(self) -> bool:
        """Whether the ads go over their source."""
        return self.target is not None and self.target.in_place

    @property
    def wanted(self) -> bool:
        """Whether what has been written is to take its place."""
        return self.sound and not self.failure and (self.changed or not self.in_place)

    def begin(self) -> None:
        """Remember what stands in a source that is written anew, before it is read."""
        if self.in_place:
            try:
                self.before = digest(self.name)
            except OSError:
                self.before = ""  # whatever stands there later is not what was read

    def write(self, piece: bytes) -> None:
        """Write a piece, unless the source is not sound or writing has failed before."""
        if self.target is None or self.failure or not self.sound:
            return
        try:
            if self._file is None:
                self._file = self._open(self.target)
            self._file.write(piece)
        except OSError as error:
            self.fail(error)

    def finish(self) -> None:
        """Let all that is written reach the disk, open_side_file what stands there."""
        try:
            if isinstance(self._file, gzip.GzipFile):
                self._file.close()
            if self.staged and self.wanted:
                self.staged.finish()
            elif self.staged:
                self.staged.discard()
        except OSError as error:
            self.fail(error)
        self.verify()

    def verify(self) -> bool:
        """Tell whether a source that is to be written anew is no longer what was read; then it is not written."""
        try:
            if self.staged and self.staged.finished:
                self.staged.verify()
        except OSError as error:
            self.fail(error)
            return True
        return False

    def abandon(self) -> None:
        """Let what is written take no place."""
        if self.staged:
            self.staged.discard()

    def fail(self, error: OSError) -> None:
        """Give up writing. Raises `click.UsageError` where it is standard output that cannot be written."""
        if error.errno == errno.EPIPE:
            raise error
        if not self.name:
            raise terminal.unwritable("standard output", error) from None
        self.failure = error
        self.abandon()

    def _open(self, target: Target) -> Writer:
        if target.path is None:
            self.standard.begin()
            return self.standard
        self.staged = self.staging.file(target.path, before=self.before, new=self.new)
        self.staged.file = terminal.guarded(self.staged.file)
        packed = _is_gzipped(target.path) if target.in_place else target.path.lower().endswith(".gz")
        return gzip.GzipFile("", "wb", fileobj=self.staged.file, mtime=0) if packed else self.staged.file


class StandardOutput:
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
        if not self._ended and terminal.is_tty(sys.stdout):
            self.write(b"\n")

    def close(self) -> None:
        """Give back what is kept."""


class BufferedOutput(StandardOutput):
    """Standard output that is written at the end, and only if all of it is wanted: until then it is kept in a temporary file."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = SpooledFile()

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
                raise terminal.unwritable("standard output", error) from None

    def close(self) -> None:
        """Give the temporary file back."""
        self._kept.close()


def open_side_file(staging: Staging, path: str | None, *, new: bool = False, before: str | None = None) -> OutputFile | None:
    """Open a file beside the ads, to be placed by who writes it; None without a path.

    `new` and `before` are those of `v4schema.output.staging.StagedFile`. Raises `click.UsageError` if it cannot be written.
    """
    if path is None:
        return None
    sink = OutputFile(target=Target(path=path), standard=StandardOutput(), staging=staging, new=new, before=before)
    sink.write(b"")
    refuse_failed(sink)
    return sink


def refuse_failed(sink: OutputFile) -> None:
    """Raise `click.UsageError` if something could not be written."""
    if sink.failure:
        raise terminal.unwritable(sink.name, sink.failure)


def _is_ordinary(name: str) -> bool:
    """Tell whether a name is that of a file, or of a folder, which is told when it is read."""
    return os.path.isfile(name) or os.path.isdir(name)


def _is_gzipped(name: str) -> bool:
    with open(name, "rb") as file:
        return file.read(len(_GZIPPED)) == _GZIPPED
