"""The command ``v4schema normalise``."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from v4schema import feed, render
from v4schema.catalogue import Catalogue
from v4schema.cli import options, reports, terminal
from v4schema.settings import option

if TYPE_CHECKING:
    from v4schema.cli.sinks import Sink


def _quantities(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each thing that a caller can say about quantities."""
    for setting, units in reversed([*Catalogue().settings.items()]):
        kind = setting.removesuffix("_unit")
        told = f"What a bare {kind} is in" if setting != kind else f"The unit to write {kind} in"
        command = option(f"--{setting.replace('_', '-')}", metavar="UNIT", help=f"{told}: {', '.join(units)}.")(command)
    return command


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
    identified, or an ad not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import sinks

    sources = terminal.inputs(files, told["stdin_name"])
    held = options.held(schemas, lists)
    said = {setting: told[setting] for setting in held.settings if told.get(setting) is not None}
    words = {key: told[key] for key in ("version", "category", "operation", "engine")}
    prepared = [feed.prepare([source], catalogue=held, **words, **said) for source in sources]
    silent = check or (diff and not in_place and not out)
    targets = None if silent else sinks.targets(files, sources, in_place=in_place, out=out)
    if in_place and not check:
        _refuse_repeating(ctx, held, said)
    if report:
        terminal.refuse_overwriting([report], files, "the report would overwrite it.")
        if any(target.path and os.path.realpath(target.path) == os.path.realpath(report) for target in targets or ()):
            raise click.UsageError(f"{report} is where the ads go; the report would overwrite them.")
    tally = feed.Tally()
    on_terminal = terminal.shows(sys.stdout)
    coloured = terminal.is_coloured(told["color"], on_terminal=on_terminal)
    writing = _Writing(diff=diff, on_terminal=on_terminal, coloured=coloured)
    standard = sinks.Standard()
    results = (
        result
        for number, ads in enumerate(prepared)
        for result in writing.through(ads, sinks.Sink(target=targets[number] if targets else None, standard=standard))
    )
    free = not diff and all(target.path for target in targets or ())
    reports.write(results, tally, told, path=report, stream=sys.stdout if free else sys.stderr, to_the_end=bool(targets))
    standard.end()
    ctx.exit(reports.exit_code(tally, told["fail_on"]) or int(check and tally.changed > 0))


def _refuse_repeating(ctx: click.Context, catalogue: Catalogue, said: Iterable[str]) -> None:
    """Refuse a setting that converts amounts in a file anew at each run: they stay bare numbers."""
    for setting in {*said} & {*catalogue.unrepeatable}:
        if ctx.get_parameter_source(setting) is not ParameterSource.COMMANDLINE:
            name = f"--{setting.replace('_', '-')}"
            raise click.UsageError(
                f"With --in-place, say {name} on the command line, once: as a setting it would convert what is converted already."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """Writes the ads that pass by, and shows what has changed in them."""

    diff: bool
    on_terminal: bool
    coloured: bool

    def through(self, results: Iterable[feed.Result], sink: "Sink") -> Iterator[feed.Result]:
        """Pass the results of a source on, and write its ads to the sink; what cannot be written is a result as well."""
        pieces = _Pieces()
        try:
            for result in results:
                after = result.after() if sink.target or self.diff else b""  # nothing is written anew for nobody
                sink.sound = sink.sound and result.whole
                sink.changed = sink.changed or result.changed
                sink.write(after)
                if self.diff:
                    pieces.add(result, after)
                    if result.reading.ending.endswith(b"\n"):
                        self._show(pieces)
                yield result
            self._show(pieces)
        except BaseException as error:
            sink.abandon(error)
            raise
        sink.close()
        if sink.failure:
            yield feed.unwritten(sink.name, sink.failure, result.catalogue)

    def _show(self, pieces: "_Pieces") -> None:
        """Show what has changed in what has come together so far, and begin anew."""
        if pieces.before != pieces.after:
            told = render.diff(
                pieces.name,
                bytes(pieces.before),
                bytes(pieces.after),
                line=pieces.line,
                headed=not pieces.headed,
                on_terminal=self.on_terminal,
            )
            for line in told:
                click.echo(line, nl=False, color=self.coloured)
            pieces.headed = True
        pieces.line += pieces.before.count(b"\n")
        pieces.before.clear()
        pieces.after.clear()


@dataclass(slots=True)
class _Pieces:
    """The ads of a source that stand on one line or in one document: before and after, and the line they begin on."""

    name: str = ""
    line: int = 1
    headed: bool = False
    before: bytearray = field(default_factory=bytearray)
    after: bytearray = field(default_factory=bytearray)

    def add(self, result: feed.Result, after: bytes) -> None:
        """Add an ad."""
        self.name = result.reading.source
        self.before += result.before
        self.after += after
