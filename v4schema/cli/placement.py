"""Files of a run: written in hidden folders, placed together at the end, and recovered after a run that was killed."""

import os
from collections.abc import Callable, Iterable

import click

from v4schema.cli import terminal
from v4schema.cli.shutdown import Shutdown, graceful_shutdown
from v4schema.output import staging as stagings
from v4schema.output.staging import StagedFile, Staging

#: The exit code of a run in which a file could not be written.
_UNWRITTEN = 3


def run_staged(work: Callable[[Staging, Shutdown], int]) -> int:
    """Do work that writes files, clear up after it whatever happens, and return its exit code.

    The journal is removed when the command ends: a run that is killed before has not reported that it is done.
    """
    with graceful_shutdown() as shutdown:
        staging = Staging()
        click.get_current_context().find_root().call_on_close(staging.close)
        try:
            return work(staging, shutdown)
        finally:
            shutdown.deferred = True  # not by a call: a signal could come in between
            staging.clear()


def open_report(staging: Staging, path: str | None) -> StagedFile | None:
    """Open a file for a report or a document; None for standard output. Raises `click.UsageError` if it cannot be written."""
    if path in {None, "-"}:
        return None
    try:
        file = staging.file(str(path))
    except OSError as error:
        raise terminal.unwritable(str(path), error) from None
    file.file = terminal.guarded(file.file)
    return file


def place(staging: Staging, shutdown: Shutdown, files: Iterable[StagedFile | None], *, once: bool = False) -> int:
    """Let finished files take their places, which no signal interrupts; return 3 if one could not, else 0.

    With `once`, the run must not be repeated, as `v4schema.output.staging.Staging.place` has it. From here on the run is done,
    and ends with its own exit code: a signal comes too late. Raises `click.UsageError` where no file could take its place,
    because another file is where a new one must be.
    """
    wanted = [file for file in files if file is not None]
    shutdown.check()
    shutdown.deferred = True
    try:
        failed = staging.place(wanted, once=once)
    except OSError as error:
        raise terminal.unwritable(str(error.filename), error) from None
    for file, why in failed:
        click.echo(f"Error: {terminal.unwritable(file.name, why).message}", err=True)
    return _UNWRITTEN if failed else 0


def recover(paths: Iterable[str], sources: Iterable[str] = (), *, repeats: bool = False) -> set[str]:
    """Complete and clear up what killed runs have left in the folders of files, and report it.

    `sources` are the files that ads are read from; with `repeats`, they are converted in place, which must not be done twice.
    Returns those sources, links resolved, that a killed run had converted: nothing is left to do with them. Raises
    `click.UsageError` where a killed run must be repeated before anything else is done with its files.
    """
    read = {os.path.realpath(path) for path in sources}
    folders = [os.path.dirname(os.path.realpath(path)) for path in paths]
    try:
        done = stagings.recover(folders, repeated=read if repeats else (), touched=read)
    except OSError as error:
        raise click.UsageError(f"A killed run cannot be completed: {error.filename}: {error.strerror}.") from None
    for folder in dict.fromkeys(done.cleared):
        click.echo(f"Removed the files that a killed run left in {folder}.", err=True)
    for path in done.kept:
        click.echo(f"A killed run was not completed for {path}: the file has changed since, and stays as it is.", err=True)
    if done.placed:
        click.echo(f"Completed a run that was killed while its files took their places: {', '.join(done.placed)}.", err=True)
    if done.waiting:
        raise click.UsageError(
            f"A run that converts {done.waiting[0]} in place was killed before it ended. Repeat that run first: it is completed"
            " then, and nothing is converted twice."
        )
    again = read & {*done.placed} if repeats else set()
    for path in sorted(again):
        click.echo(f"{path} was converted by the killed run, and is not converted again.", err=True)
    return again
