"""Clashes: files that a run would both read and write, or write twice, compared by identity and not by name."""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from typing import IO

import click

#: The identity of a file: device and inode; of a file that does not exist yet, those of its nearest folder and the path from it.
Identity = tuple[int | str, ...]


def identity(source: str | IO[str]) -> Identity | None:
    """Return the identity of a file, given by name or as an open stream; None for anything else.

    A file that does not exist yet has the identity of its folder and its name, whatever path leads there.
    """
    if not isinstance(source, str):
        try:
            status = os.fstat(source.fileno())
        except (OSError, ValueError):
            return None
        return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
    path = os.path.realpath(source)
    below: list[str] = []
    while True:
        try:
            status = os.stat(path)
        except OSError:
            path, name = os.path.split(path)
            if not name:
                return None
            below.insert(0, os.path.normcase(name))
        else:
            return (status.st_dev, status.st_ino, *below) if below or stat.S_ISREG(status.st_mode) else None


def without_repeats(files: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the files without repeated ones, and the repeated ones, each with its first name."""
    first: dict[Identity | str, str] = {}
    again: list[tuple[str, str]] = []
    for name in files:
        key = _input(name) or name
        if key in first:
            again.append((name, first[key]))
        first.setdefault(key, name)
    return [*first.values()], again


def refuse(*, ads: Iterable[str], needs: Iterable[str], writes: Sequence[tuple[str, str]]) -> None:
    """Refuse to overwrite a file that is read, or to write a file twice. Raises `click.UsageError`.

    `ads` are the files that ads are read from (``-`` is standard input), `needs` the other files that the run reads; `writes` are
    the files that it writes, each with its role: one of `REPORT`, `ADS`, `IN_PLACE` and `SIDE_FILE`.
    """
    sources = {_input(name) for name in ads} - {None}
    needed = {identity(name) for name in needs} - {None}
    written: dict[Identity, tuple[str, str]] = {}
    for path, role in writes:
        key = identity(path)
        if key is None:
            continue
        if key in needed or (key in sources and role != IN_PLACE):
            instead = _INSTEAD[SIDE_FILE if key in needed else role]
            raise click.UsageError(f"{path} is one of the files that are read; {instead}")
        if key in written:
            other, held = written[key]
            if {role, held} & {ADS, IN_PLACE} and REPORT in {role, held}:
                raise click.UsageError(f"{other} is where the ads go; the report would overwrite them.")
            raise click.UsageError(f"{path} would be written twice; name a file for each.")
        written[key] = path, role
    for stream, name in ((sys.stdout, "Standard output"), (sys.stderr, "Standard error")):
        if stream is not None and identity(stream) in sources | needed | written.keys():
            raise click.UsageError(f"{name} goes to a file that this run reads or writes as well; send it to another one.")


#: The role of a file: the report, ads, ads over their own source, or a side file.
REPORT, ADS, IN_PLACE, SIDE_FILE = "report", "ads", "in place", "side file"
#: What to do instead of overwriting a file that is read.
_INSTEAD = {
    REPORT: "the report would overwrite it.",
    ADS: "use --in-place to replace it.",
    SIDE_FILE: "name another one.",
}


def _input(name: str) -> Identity | None:
    """Return the identity of a source of ads, if it is a file."""
    if name == "-":
        return identity(sys.stdin) if sys.stdin is not None else None
    return identity(name)
