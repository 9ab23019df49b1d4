"""The command ``v4schema normalise``."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import click

from v4schema import feed, render
from v4schema.catalogue import Catalogue
from v4schema.cli import options, reports, terminal
from v4schema.reading import Source
from v4schema.settings import option

_GZIPPED = b"\x1f\x8b"


def _quantities(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each thing that a caller can say about quantities."""
    for setting, units in reversed([*Catalogue().settings.items()]):
        kind = setting.removesuffix("_unit")
        told = f"What a bare {kind} is in" if setting != kind else f"The unit to write {kind} in"
        command = option(f"--{setting.replace('_', '-')}", metavar="UNIT", help=f"{told}: {', '.join(units)}.")(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where the ads of a source go: a file, or None for standard output; packed or not."""

    path: str | None
    packed: bool = False
    in_place: bool = False


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--in-place", "-i", is_flag=True, help="Write each file anew where it stands.")
@click.option(
    "--output",
    "-o",
    "out",
    type=click.Path(readable=False),
    metavar="FILE|DIR",
    help="Write the ads to a file, or of several files each to a folder.",
)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would change.")
@click.option("--diff", is_flag=True, help="Show what changes, as a unified diff; write no ads unless told where to.")
@_quantities
@options.checking
@options.reporting
@click.option("--report", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write the report to a file.")
@click.pass_context
def normalise(  # noqa: PLR0913  (the options above)
    ctx: click.Context,
    /,
    files: Sequence[str],
    *,
    lists: Sequence[str],
    schemas: str | None,
    in_place: bool,
    out: str | None,
    check: bool,
    diff: bool,
    report: str | None,
    **told: Any,  # noqa: ANN401
) -> None:
    """Mend in ads what can be mended without guessing: units, words, spellings, names.

    Reads what `v4schema validate` reads, and writes the ads to standard output;
    what is not changed stays byte for byte. Every change is reported, and so is what
    is still wrong. A bare number is only converted if you say what it is in; say so
    once, for what has been converted is in the API's own unit.

    \b
    Examples:
      v4schema normalise ad.json > clean.json
      v4schema normalise --diff ads/*.json
      v4schema normalise --in-place --mileage-unit mil ads/*.json
      export-ads | v4schema normalise --price-unit kr | send-ads
      v4schema normalise --check --quiet ads/*.json

    The report goes to standard output where that is free, else to standard error.

    Exit codes: 0 nothing at or above --fail-on is left, 1 something, or --check
    found something to change, 2 wrong usage, 3 an input could not be read or
    identified.
    """
    sources = terminal.inputs(files, told["stdin_name"])
    targets = None if check or (diff and not in_place and not out) else _targets(files, sources, in_place=in_place, out=out)
    if report:
        terminal.refuse_overwriting(report, files, "the report would overwrite it.")
    held = options.held(schemas, lists)
    said = {setting: told[setting] for setting in held.settings if told.get(setting) is not None}
    words = {key: told[key] for key in ("version", "category", "operation", "engine")}
    tally = feed.Tally()
    on_terminal = terminal.shows(sys.stdout)
    coloured = terminal.is_coloured(told["color"], on_terminal=on_terminal)
    writing = _Writing(diff=diff, on_terminal=on_terminal, coloured=coloured)
    results = (
        result
        for number, source in enumerate(sources)
        for result in writing.through(
            feed.prepare([source], catalogue=held, **words, **said), targets[number] if targets else None
        )
    )
    free = not diff and all(target.path for target in targets or ())
    reports.write(results, tally, told, path=report, stream=sys.stdout if free else sys.stderr)
    ctx.exit(reports.exit_code(tally, told["fail_on"]) or int(check and tally.changed > 0))


def _targets(files: Sequence[str], sources: Sequence[tuple[str, Source]], *, in_place: bool, out: str | None) -> list[_Target]:
    """Return where the ads of each source go."""
    if in_place and out:
        raise click.UsageError("--in-place and --output exclude each other.")
    if in_place:
        if not files or "-" in files:
            raise click.UsageError("--in-place wants files: standard input has no place to write to.")
        return [_Target(path=name, packed=_is_gzipped(name), in_place=True) for name in files]
    if out is None or out == "-":
        return [_Target(path=None) for _ in sources]
    paths = [out]
    if len(sources) > 1 or os.path.isdir(out) or out.endswith(os.sep):
        if os.path.isfile(out):
            raise click.UsageError(f"{out} is a file; for several files name a folder.")
        paths = [os.path.join(out, os.path.basename(name)) for name, _ in sources]
        if len({*paths}) < len(paths):
            raise click.UsageError("Two of the files have the same name; write them to folders of their own.")
        os.makedirs(out, exist_ok=True)
    for path in paths:
        terminal.refuse_overwriting(path, files, "use --in-place to write it anew.")
    return [_Target(path=path, packed=path.lower().endswith(".gz")) for path in paths]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """Writes the ads that pass by, and shows what has changed in them."""

    diff: bool
    on_terminal: bool
    coloured: bool

    def through(self, results: Iterable[feed.Result], target: _Target | None) -> Iterator[feed.Result]:
        """Pass the results of a source on, and write its documents to the target; a file is written whole or not at all."""
        state = _State()
        write: Callable[[bytes], object] | None = None
        with ExitStack() as opened:
            for document in feed.documents(results):
                first = document.results[0].reading
                state.sound = state.sound and (first.readable or bool(document.text))
                if self.diff and document.changed:
                    for line in render.diff(document, headed=not state.changed, on_terminal=self.on_terminal):
                        click.echo(line, nl=False, color=self.coloured)
                state.changed = state.changed or document.changed
                if target is not None and state.sound:
                    if write is None:
                        write = _opened(target, opened, state)
                    write(first.lead + document.rewritten() + first.ending)
                yield from document.results


@dataclass(slots=True)
class _State:
    """How far a source has come: whether all of it could be read, and whether anything has changed."""

    sound: bool = True
    changed: bool = False


def _opened(target: _Target, opened: ExitStack, state: _State) -> Callable[[bytes], object]:
    """Open a target; return what writes a piece to it."""
    path = target.path
    if path is None:
        if sys.stdout is None:
            raise click.UsageError("Cannot write to standard output: it is closed.")
        stream = sys.stdout.buffer

        def show(piece: bytes) -> None:
            stream.write(piece if piece.endswith(b"\n") else piece + b"\n")
            stream.flush()

        return show
    import gzip

    from v4schema import output

    wanted = lambda: state.sound and (state.changed or not target.in_place)  # noqa: E731  (asked when all is written)
    file = opened.enter_context(output.whole(path, wanted=wanted))
    if target.packed:
        return opened.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)).write
    return file.write


def _is_gzipped(name: str) -> bool:
    try:
        with open(name, "rb") as file:
            return file.read(len(_GZIPPED)) == _GZIPPED
    except OSError:
        return False
