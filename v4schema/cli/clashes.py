"""Whether a run would write to what it reads or needs, or twice to one file: told by what the files are, not by their names."""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from typing import IO

import click

#: What tells a file from all others: device and inode, and of what does not exist yet its names below a folder that does.
Identity = tuple[int | str, ...]


def identity(source: str | IO[str]) -> Identity | None:
    """Return what tells a file from all others, by its name or as an open stream; None for what is no file.

    A file that does not exist yet is told by its folder and its name, so that it is the same by every way that leads there.
    """
    if not isinstance(source, str):
        try:
            told = os.fstat(source.fileno())
        except (OSError, ValueError):
            return None
        return (told.st_dev, told.st_ino) if stat.S_ISREG(told.st_mode) else None
    path = os.path.realpath(source)
    below: list[str] = []
    while True:
        try:
            told = os.stat(path)
        except OSError:
            path, name = os.path.split(path)
            if not name:
                return None
            below.insert(0, os.path.normcase(name))
        else:
            return (told.st_dev, told.st_ino, *below) if below or stat.S_ISREG(told.st_mode) else None


def without_repeats(files: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return files without those that are named a second time, and these, each with the name that it was met under before."""
    met: dict[Identity | str, str] = {}
    again: list[tuple[str, str]] = []
    for name in files:
        key = _input(name) or name
        if key in met:
            again.append((name, met[key]))
        met.setdefault(key, name)
    return [*met.values()], again


def refuse(*, ads: Iterable[str], needs: Iterable[str], writes: Sequence[tuple[str, str]]) -> None:
    """Refuse to write over what is read or needed, or two things to one file. Raises `click.UsageError`.

    `ads` are the files that ads are read from (``-`` is standard input), `needs` what the run reads beside them; `writes` are
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


#: What a file is written for: the report, ads, ads over their own source, or something beside the ads.
REPORT, ADS, IN_PLACE, SIDE_FILE = "report", "ads", "in place", "side file"
#: What to do instead of writing over a file that is read.
_INSTEAD = {
    REPORT: "the report would overwrite it.",
    ADS: "use --in-place to write it anew.",
    SIDE_FILE: "name another one.",
}


def _input(name: str) -> Identity | None:
    """Return what tells a source of ads from all others, if it is a file."""
    if name == "-":
        return identity(sys.stdin) if sys.stdin is not None else None
    return identity(name)
