"""The command ``v4schema convert``."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import click

from v4schema import feed
from v4schema.catalogue import Catalogue
from v4schema.cli import options, reports, terminal
from v4schema.settings import option

if TYPE_CHECKING:
    from v4schema.cli.sinks import Sink, Standard
    from v4schema.cli.writing import Writing
    from v4schema.sheets import Answers, Sheet

#: So much of the receipts of a source is kept in memory before it goes to a file.
_IN_MEMORY = 1 << 20


def _file(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401  (click's own)
    """Declare an option that names a file beside the ads."""
    return click.option(name, metavar="FILE", type=click.Path(dir_okay=False, readable=False), **attributes)


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@option("--to", metavar="EDITION", help="Edition to convert to; `v4schema show` lists them.")
@option("--from", "version", metavar="EDITION", help="Edition the ads are of. Default: the nearest older one that leads there.")
@click.option("--category", metavar="SLUG|ID", help="What the ads become, where a category splits.")
@_file("--asks", help="Write what is asked as a table (CSV) to be filled in, a row for each ad.")
@_file("--answers", help="Read such a table back.")
@_file("--receipts", help="Write a receipt for each ad; with --back, read them.")
@click.option("--back", is_flag=True, help="Bring ads back by their --receipts to what they were.")
@_file("--rejects", help="Set ads aside that are not complete, one a line, as they came.")
@click.option("--in-place", "-i", is_flag=True, help="Write each file anew where it stands.")
@click.option(
    "--output",
    "-o",
    "out",
    type=click.Path(readable=False),
    metavar="FILE|DIR",
    help="Write the ads to a file, or of several files each to a folder.",
)
@click.option("--diff", is_flag=True, help="Show what changes, as a unified diff; write no ads unless told where to.")
@options.quantities
@options.reading
@options.reporting
@_file("--report", help="Write the report to a file.")
@click.pass_context
def convert(
    ctx: click.Context,
    /,
    files: Sequence[str],
    *,
    lists: Sequence[str],
    schemas: str | None,
    in_place: bool,
    out: str | None,
    diff: bool,
    **told: Any,  # noqa: ANN401
) -> None:
    """Convert ads to another edition of the API, and back, without losing anything.

    Reads what `v4schema validate` reads, mends what can be mended, and writes the
    ads to standard output. What cannot be carried over is told, and kept in a receipt.
    What an ad lacks is asked for: in a table for a spreadsheet, which is read back.
    An ad that is not complete is never written: without --rejects, nothing is.

    \b
    Examples:
      v4schema convert feed.ndjson --to v4 --price-unit kr --asks asks.csv
      v4schema convert feed.ndjson --to v4 --price-unit kr --answers asks.csv \\
          --receipts receipts.ndjson --rejects rejects.ndjson -o v4.ndjson
      v4schema convert v4.ndjson --back --receipts receipts.ndjson -o v3.ndjson
      v4schema convert --diff --to v4 ads/*.json

    V3 and V4 give bare prices in different units, and the documents contradict each
    other: without --price-unit they stay as they are, with a warning.

    Exit codes: 0 all ads are complete or set aside, 1 some are not, or findings at or
    above --fail-on are left, 2 wrong usage, 3 an input could not be read or
    identified, or an ad not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import sinks
    from v4schema.cli.writing import Writing

    _refuse_contradictions(told)
    sources = terminal.inputs(files, told["stdin_name"])
    held = options.held(schemas, lists)
    said = options.said(held, told)
    silent = (diff or told["asks"]) and not in_place and not out
    targets = None if silent else sinks.targets(files, sources, in_place=in_place, out=out)
    _refuse_clashes(files, told, [target.path for target in targets or () if target.path])
    if in_place:
        options.refuse_repeating(ctx, held, said)
    converted = _converted(sources, told, said, held)
    tally = feed.Tally(sets_aside=told["rejects"] is not None)
    free = not diff and all(target.path for target in targets or ())
    with ExitStack() as opened:
        rejects = opened.enter_context(sinks.beside(told["rejects"]))
        receipts = opened.enter_context(sinks.beside(None if told["back"] else told["receipts"]))
        sheet = opened.enter_context(_asking(told["asks"], told["to"], held))
        standard = sinks.Standard() if rejects else sinks.Delayed()
        run = _Run(
            writing=Writing.shown(diff=diff, color=told["color"], aside=rejects),
            standard=standard,
            receipts=receipts,
            sheet=sheet,
        )
        results = (
            result
            for number, ads in enumerate(converted)
            for result in run.through(ads, sinks.Sink(target=targets[number] if targets else None, standard=standard))
        )
        stream = sys.stdout if free else sys.stderr
        unread = None
        try:
            reports.write(results, tally, told, path=told["report"], stream=stream, to_the_end=True)
        except BrokenPipeError as error:  # nobody reads the report any more, but what is written is written
            unread = error
        standard.end()
        if receipts:
            receipts.sound = run.written and standard.wanted
    if unread:
        raise unread
    if tally.incomplete and rejects is None and targets and not told["quiet"]:
        click.echo(_LEFT_OUT, err=True)
    ctx.exit(reports.exit_code(tally, told["fail_on"]) or int(tally.incomplete > 0 and rejects is None))


def _refuse_contradictions(told: Mapping[str, Any]) -> None:
    """Refuse options that do not go together."""
    if not told["back"] and not told["to"]:
        raise click.UsageError("Say with --to which edition to convert to.")
    if told["back"]:
        if not told["receipts"]:
            raise click.UsageError("--back goes by --receipts; without them, convert --from the one edition --to the other.")
        for name in ("version", "category", "asks", "answers"):
            if told[name]:
                raise click.UsageError(f"--back knows from the receipts what --{_NAMES.get(name, name)} would say.")


def _refuse_clashes(files: Sequence[str], told: Mapping[str, Any], targets: Sequence[str]) -> None:
    """Refuse to write two things to one file, or over what is read."""
    reads, writes = ["answers"], ["report", "rejects", "asks"]
    (reads if told["back"] else writes).append("receipts")
    written = [told[name] for name in writes if told[name]]
    terminal.refuse_overwriting(written, [*files, *(told[name] for name in reads if told[name])], "name another one.")
    places = [os.path.realpath(path) for path in (*written, *targets)]
    for path in written:
        if places.count(os.path.realpath(path)) > 1:
            raise click.UsageError(f"{path} would be written twice; name a file for each.")


def _converted(
    sources: Sequence[tuple[str, Any]], told: Mapping[str, Any], said: Mapping[str, str], held: Catalogue
) -> Sequence[Iterable[feed.Result]]:
    """Return the results of each source; what is left of answers or receipts comes with the last."""
    ways: dict[str, Any] = {"to": told["to"]}
    if told["back"]:
        from v4schema.drawer import Drawer

        _refuse_unreadable(told["receipts"])
        drawer = Drawer(told["receipts"], catalogue=held)
        return [feed.bring_back([source], drawer, **ways, last=source is sources[-1]) for source in sources]
    ways |= {key: told[key] for key in ("version", "category")}
    answers = _answers(told["answers"], told["to"], held) if told["answers"] else None
    return [
        feed.convert([source], **ways, answers=answers, last=source is sources[-1], catalogue=held, **said) for source in sources
    ]


def _answers(path: str, to: str, held: Catalogue) -> "Answers":
    from v4schema.sheets import Answers

    _refuse_unreadable(path)
    return Answers(path, to=to, catalogue=held)


def _refuse_unreadable(path: str) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise click.UsageError(f"Cannot read {path}: {error.strerror}.") from None


@contextmanager
def _asking(path: str | None, to: str, held: Catalogue) -> "Iterator[Sheet | None]":
    """Open a table of what is asked; one that somebody has filled in already is not written over."""
    if path is None:
        yield None
        return
    from v4schema.cli import sinks
    from v4schema.sheets import Sheet

    if os.path.isfile(path) and _answers(path, to, held).given:
        raise click.UsageError(f"There are answers in {path} already: read them with --answers, and name another file.")
    with sinks.beside(path) as sink, Sheet(held) as sheet:
        yield sheet
        for line in sheet.lines():
            if sink:
                sink.write(line)


@dataclass(slots=True, kw_only=True)
class _Run:
    """What becomes of the ads of a run beside being written; `written` is whether any source of them is."""

    writing: "Writing"
    standard: "Standard"
    receipts: "Sink | None"
    sheet: "Sheet | None"
    written: bool = False

    def through(self, results: Iterable[feed.Result], sink: "Sink") -> Iterator[feed.Result]:
        """Pass the results of a source on: its ads are written, asked, and, if they are written in the end, have receipts."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as slips:

            def kept(result: feed.Result) -> None:
                if self.receipts and sink.target and result.conversion:
                    slips.write(json.dumps(result.conversion.receipt, ensure_ascii=False).encode() + b"\n")

            for result in self.writing.through(results, sink, kept):
                if self.sheet and result.conversion and result.reading.readable:
                    self.sheet.add(result.conversion)
                yield result
            if not sink.sound and not sink.name:
                self.standard.wanted = False
            if self.receipts and sink.target and sink.sound and not sink.failure:
                slips.seek(0)
                for line in slips:
                    self.receipts.write(line)
                self.written = True


#: What is told where ads are not complete, and are not set aside.
_LEFT_OUT = (
    "A source with ads that are not complete is not written. --asks FILE writes what is missing as a table; --rejects FILE sets "
    "such ads aside."
)
#: What options are called whose parameters are called otherwise.
_NAMES = {"version": "from"}
