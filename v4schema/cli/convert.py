"""The command ``v4schema convert``."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from v4schema import feed
from v4schema.catalogue import Catalogue
from v4schema.cli import clashes, options, reports, terminal
from v4schema.cli.settings import option
from v4schema.reading.reader import Limits

if TYPE_CHECKING:
    from v4schema.cli.terminal import Shutdown
    from v4schema.cli.write_ads import Run
    from v4schema.feed.answer_sheet import AnswerSheet
    from v4schema.output.staging import Staging


def _file(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401  (click's own)
    """Declare an option that names a file beside the ads."""
    return click.option(name, metavar="FILE", type=click.Path(dir_okay=False, readable=False), **attributes)


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@option("--to", metavar="EDITION", help="Edition to convert to; `v4schema show` lists them.")
@option("--from", "version", metavar="EDITION", help="Edition the ads are of. Default: the nearest older one that leads there.")
@click.option("--category", metavar="SLUG|ID", help="What the ads become, where a category splits.")
@_file("--questions", help="Write what is asked as a table (CSV) to be filled in, a row for each ad.")
@_file("--answers", help="Read such a table back.")
@_file("--receipts", help="Write a receipt for each ad; with --back, read them.")
@click.option("--back", is_flag=True, help="Bring ads back by their --receipts to what they were.")
@_file("--rejects", help="Set ads aside that are not complete, one a line, as they came.")
@options.writing
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
    An ad that is not complete is never written: without --rejects, nothing is. Receipts
    and answers that are there already are never written over.

    \b
    Examples:
      v4schema convert feed.ndjson --to v4 --price-unit kr --questions questions.csv
      v4schema convert feed.ndjson --to v4 --price-unit kr --answers questions.csv \\
          --receipts receipts.ndjson --rejects rejects.ndjson -o v4.ndjson
      v4schema convert v4.ndjson --back --receipts receipts.ndjson -o v3.ndjson
      v4schema convert --diff --to v4 ads/*.json

    V3 and V4 give bare prices in different units, and the documents contradict each
    other: without --price-unit they stay as they are, with a warning.

    Exit codes: 0 all ads are complete or set aside, 1 some are not, or findings at or
    above --fail-on are left, 2 wrong usage, 3 an input could not be read or
    identified, or an ad not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import outputs
    from v4schema.cli.write_ads import AdWriter, Run
    from v4schema.feed.question_sheet import QuestionSheet
    from v4schema.output.staging import digest

    _refuse_contradictions(ctx, told)
    files = files if out else terminal.once(files)
    held = options.load_catalogue(schemas, lists)
    said = options.unit_settings(held, told)
    silent = bool(diff or told["questions"]) and not in_place and not out
    sources, targets = outputs.paired(files, told["stdin_name"], in_place=in_place, out=out, silent=silent)
    back = [told["receipts"]] if told["back"] else []
    writes = [*_beside(told), *outputs.uses(targets)]
    needs = [*filter(None, [told["answers"], *back]), *options.needs(ctx, schemas, lists)]
    clashes.refuse(ads=files or ["-"], needs=needs, writes=writes)
    if in_place:
        options.refuse_repeating(ctx, held, said)
    outputs.make_folders(targets)
    done = terminal.recover([*files, *back, *(path for path, _ in writes)], files, repeats=in_place)
    sources, targets = outputs.remaining(sources, targets, done)
    if done and not sources:
        ctx.exit(0)
    kept = _refuse_losses(told, in_place=in_place, silent=silent)
    questions, asked = (
        told["questions"],
        digest(told["questions"]) if told["questions"] and os.path.isfile(told["questions"]) else None,
    )
    converted = _converted(sources, told, said, held)
    tally = feed.Summary(converts=True, sets_aside=told["rejects"] is not None)
    free = not diff and all(target is None or target.path for target in targets)

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        with ExitStack() as opened:
            report = terminal.opened(staging, told["report"])
            rejects = outputs.open_side_file(staging, told["rejects"], new="rejects" in kept)
            standard = outputs.StandardOutput() if rejects else outputs.BufferedOutput()
            opened.callback(standard.close)
            run = Run(
                staging=staging,
                shutdown=shutdown,
                catalogue=held,
                writing=AdWriter.shown(diff=diff, color=told["color"], aside=rejects),
                receipts=outputs.open_side_file(staging, None if told["back"] else told["receipts"], new=True),
                questions=outputs.open_side_file(staging, questions, new=asked is None, before=asked),
                sheet=opened.enter_context(QuestionSheet(held)) if questions else None,
                standard=standard,
                once=in_place,
                sinks=[outputs.OutputFile(target=target, standard=standard, staging=staging) for target in targets],
            )
            code = run.finish(converted, tally, told, report=report, stream=sys.stdout if free else sys.stderr)
        if not told["quiet"]:
            for line in _left_out(tally, run, told) if not silent or run.sheet else ():
                terminal.echo(f"{line}\n", err=True)
        return code or reports.exit_code(tally, told["fail_on"]) or int(tally.incomplete > 0 and rejects is None)

    ctx.exit(terminal.staged(work))


def _beside(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files that are written beside the ads, each with its role."""
    for name in ("report", "rejects", "questions", *(() if told["back"] else ("receipts",))):
        if told[name] not in {None, "-"}:
            yield told[name], clashes.REPORT if name == "report" else clashes.BESIDE


def _left_out(tally: feed.Summary, run: "Run", told: Mapping[str, Any]) -> Iterator[str]:
    """Say what becomes of ads that are not complete, where that is not told already."""
    unasked = tally.incomplete - run.asked
    if run.sheet and unasked:
        yield f"{unasked:,} ads that are not complete are not in {told['questions']}: what is wrong with them no cell can answer."
    elif not run.sheet and tally.incomplete and not told["rejects"]:
        sheet = "" if told["back"] else "--questions FILE writes what is missing as a table; "
        yield f"A source with ads that are not complete is not written. {sheet}--rejects FILE sets such ads aside."


def _refuse_contradictions(ctx: click.Context, told: Mapping[str, Any]) -> None:
    """Refuse options that do not go together."""
    if not told["back"] and not told["to"]:
        raise click.UsageError("Say with --to which edition to convert to.")
    if told["back"] and not told["receipts"]:
        raise click.UsageError("--back goes by --receipts; without them, convert --from the one edition --to the other.")
    idle = {"version", "category", "questions", "answers", *Catalogue().unit_settings} if told["back"] else ()
    for param in ctx.command.params:
        if param.name in idle and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--back knows from the receipts what {max(param.opts, key=len)} would say.")


def _refuse_losses(told: Mapping[str, Any], *, in_place: bool, silent: bool) -> Sequence[str]:
    """Refuse to write over what is the only way back: receipts, and ads that were set aside in place; return what is such."""
    if told["receipts"] and not told["back"] and silent:
        raise click.UsageError("--receipts goes with ads that are written; say with --output where to.")
    kept = [*([] if told["back"] else ["receipts"]), *(["rejects"] if in_place else [])]
    for name in kept:
        if told[name] and os.path.isfile(told[name]) and os.path.getsize(told[name]):
            raise click.UsageError(f"There are {name} in {told[name]} already, which would be lost; name another file.")
    return kept


def _converted(
    sources: Sequence[tuple[str, Any]], told: Mapping[str, Any], said: Mapping[str, str], held: Catalogue
) -> Sequence[Iterable[feed.Result]]:
    """Return the results of each source; what is left of answers or receipts comes with the last."""
    limits = options.limits(told)
    ways: dict[str, Any] = {"to": told["to"]}
    if told["back"]:
        from v4schema.feed.receipt_file import ReceiptFile

        _refuse_unreadable(told["receipts"])
        drawer = ReceiptFile(told["receipts"], limits=limits, catalogue=held)
        return [feed.restore([source], drawer, limits=limits, **ways, last=source is sources[-1]) for source in sources]
    ways |= {key: told[key] for key in ("version", "category")}
    answers = _answers(told["answers"], told["to"], held, limits) if told["answers"] else None
    there = told["questions"] and os.path.isfile(told["questions"])
    if there and not _answers(told["questions"], told["to"], held, limits, checked=False).empty:
        raise click.UsageError(
            f"There are answers in {told['questions']} already: read them with --answers, and name another file."
        )
    return [
        feed.convert([source], answers=answers, last=source is sources[-1], limits=limits, catalogue=held, **ways, **said)
        for source in sources
    ]


def _answers(path: str, to: str, held: Catalogue, limits: Limits, *, checked: bool = True) -> "AnswerSheet":
    """Read a table of answers; refuse one that is none."""
    from v4schema.feed.answer_sheet import AnswerSheet

    try:
        answers = AnswerSheet(path, to=to, limits=limits, catalogue=held)
    except OSError as error:
        raise click.UsageError(f"Cannot read {path}: {error.strerror}.") from None
    if checked and answers.unusable:
        raise click.UsageError(f"{path}: {answers.unusable.message} {answers.unusable.hint}")
    return answers


def _refuse_unreadable(path: str) -> None:
    if not os.path.exists(path) or os.path.isdir(path):
        raise click.UsageError(f"Cannot read {path}: there is no such file.")
