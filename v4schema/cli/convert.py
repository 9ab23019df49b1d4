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
from v4schema.cli import clashes, placement, reports, shared_options, terminal
from v4schema.cli.completion import CATEGORY, EDITION
from v4schema.cli.settings import option
from v4schema.feed import Result
from v4schema.reading.reader import Limits

if TYPE_CHECKING:
    from v4schema.cli.shutdown import Shutdown
    from v4schema.cli.write_ads import Run
    from v4schema.feed.answer_sheet import AnswerSheet
    from v4schema.output.staging import Staging


def _file(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401  (click's own)
    """Declare an option that names a side file."""
    return click.option(name, metavar="FILE", type=click.Path(dir_okay=False, readable=False), **attributes)


@click.command(short_help="Convert ads to another edition, and back.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@option("--to", type=EDITION, metavar="EDITION", help="Edition to convert to; `v4schema show` lists the editions.")
@option(
    "--from",
    "version",
    type=EDITION,
    metavar="EDITION",
    help="Edition of the ads. Default: the nearest older one with a mapping.",
)
@click.option("--category", type=CATEGORY, metavar="SLUG|ID", help="Category that the ads become, where one splits.")
@_file("--questions", help="Write the questions as a table (CSV) to fill in, a row for each ad.")
@_file("--answers", help="Read the filled-in table.")
@_file("--receipts", help="Write a receipt for each ad; with --back, read them.")
@click.option("--back", is_flag=True, help="Restore ads by their --receipts.")
@_file("--rejects", help="Set incomplete ads aside, one per line, unchanged.")
@shared_options.writing
@shared_options.quantities
@shared_options.reading
@shared_options.reporting
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
    **options: Any,  # noqa: ANN401
) -> None:
    """Convert ads to another edition of the API, and back, without losing anything.

    Reads the same files as `v4schema validate`, fixes what can be fixed, and writes
    the ads to standard output. What is dropped is reported and kept in a receipt.
    Missing fields become questions, in a table for a spreadsheet that --answers
    reads. An incomplete ad is never written: without --rejects, nothing is.
    Existing receipts and answers are never overwritten.

    \b
    Examples:
      v4schema convert feed.ndjson --to v4 --price-unit kr --questions todo.csv
      v4schema convert feed.ndjson --to v4 --price-unit kr --answers todo.csv \\
          --receipts receipts.ndjson --rejects rejects.ndjson -o v4.ndjson
      v4schema convert v4.ndjson --back --receipts receipts.ndjson -o v3.ndjson
      v4schema convert --diff --to v4 ads/*.json

    V3 and V4 give bare prices in different units, and the documents contradict each
    other: without --price-unit, prices stay as they are, with a warning.

    Exit codes: 0 all ads are complete or set aside, 1 some are not, or a finding at
    least as severe as --fail-on is left, 2 wrong usage, 3 an input could not be read
    or identified, or a file not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import outputs as plans
    from v4schema.cli.write_ads import Diff, Run
    from v4schema.feed.question_sheet import QuestionSheet
    from v4schema.output.staging import digest

    _refuse_contradictions(ctx, options)
    files = files if out else terminal.without_repeats(files)
    catalogue = shared_options.load_catalogue(schemas, lists)
    units = shared_options.unit_settings(catalogue, options)
    questions = options["questions"]
    silent = bool(diff or questions) and not in_place and not out
    sources, outputs = plans.plan(files, options["stdin_name"], in_place=in_place, out=out, silent=silent)
    back = [options["receipts"]] if options["back"] else []
    writes = [*_side_files(options), *plans.uses(outputs)]
    needs = [*filter(None, [options["answers"], *back]), *shared_options.needs(ctx, schemas, lists)]
    clashes.refuse(ads=files or ["-"], needs=needs, writes=writes)
    if in_place:
        shared_options.refuse_repeating(ctx, catalogue, units)
    plans.make_folder(out, outputs)
    done = placement.recover([*files, *back, *(path for path, _ in writes)], files, repeats=in_place)
    sources, outputs = plans.remaining(sources, outputs, done)
    if done and not sources:
        ctx.exit(0)
    kept = _refuse_losses(options, in_place=in_place, silent=silent)
    earlier = digest(questions) if questions and os.path.isfile(questions) else None
    converted = _converted(sources, options, units, catalogue)
    summary = feed.Summary(converts=True, sets_aside=options["rejects"] is not None)
    free = not diff and all(output.nowhere or output.path for output in outputs)

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        with ExitStack() as opened:
            report = placement.open_report(staging, options["report"])
            rejects = plans.open_side_file(staging, options["rejects"], new="rejects" in kept)
            standard = plans.StandardOutput(buffered=rejects is None)
            opened.callback(standard.close)
            receipts = None if options["back"] else options["receipts"]
            run = Run(
                staging=staging,
                shutdown=shutdown,
                catalogue=catalogue,
                outputs=outputs,
                standard=standard,
                diff=Diff.of(options["color"]) if diff else None,
                rejects=rejects,
                receipts=plans.open_side_file(staging, receipts, new=True),
                questions=plans.open_side_file(staging, questions, new=earlier is None, before=earlier),
                sheet=opened.enter_context(QuestionSheet(catalogue)) if questions else None,
                once=in_place,
            )
            code = run.finish(converted, summary, options, report=report, stream=sys.stdout if free else sys.stderr)
        if not options["quiet"]:
            for line in _left_out(summary, run, options) if not silent or run.sheet else ():
                terminal.echo(f"{line}\n", err=True)
        return code or reports.exit_code(summary, options["fail_on"]) or int(summary.incomplete > 0 and rejects is None)

    ctx.exit(placement.run_staged(work))


def _side_files(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files that are written beside the ads, each with its role."""
    for name in ("report", "rejects", "questions", *(() if options["back"] else ("receipts",))):
        if options[name] not in {None, "-"}:
            yield options[name], clashes.REPORT if name == "report" else clashes.SIDE_FILE


def _left_out(summary: feed.Summary, run: "Run", options: Mapping[str, Any]) -> Iterator[str]:
    """Say what happens to ads that are not complete, where the findings do not."""
    unasked = summary.incomplete - run.asked
    if run.sheet and unasked:
        yield f"{unasked:,} incomplete ads are not in {options['questions']}: no cell can answer what is wrong with them."
    elif not run.sheet and summary.incomplete and not options["rejects"]:
        sheet = "" if options["back"] else "--questions FILE writes what is missing as a table; "
        yield f"A source with incomplete ads is not written. {sheet}--rejects FILE sets such ads aside."


def _refuse_contradictions(ctx: click.Context, options: Mapping[str, Any]) -> None:
    """Refuse options that exclude each other."""
    if not options["back"] and not options["to"]:
        raise click.UsageError("Say with --to which edition to convert to.")
    if options["back"] and not options["receipts"]:
        raise click.UsageError("--back needs --receipts; without them, convert --from the one edition --to the other.")
    unused = {"version", "category", "questions", "answers", *Catalogue().unit_settings} if options["back"] else ()
    for param in ctx.command.params:
        if param.name in unused and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--back takes from the receipts what {max(param.opts, key=len)} would say.")


def _refuse_losses(options: Mapping[str, Any], *, in_place: bool, silent: bool) -> Sequence[str]:
    """Refuse to overwrite the only way back: receipts, and ads set aside in place; return the options that name such files."""
    if options["receipts"] and not options["back"] and silent:
        raise click.UsageError("--receipts goes with ads that are written; say with --output where to.")
    kept = [*([] if options["back"] else ["receipts"]), *(["rejects"] if in_place else [])]
    for name in kept:
        if options[name] and os.path.isfile(options[name]) and os.path.getsize(options[name]):
            raise click.UsageError(f"There are {name} in {options[name]} already, which would be lost; name another file.")
    return kept


def _converted(
    sources: Sequence[tuple[str, Any]], options: Mapping[str, Any], units: Mapping[str, str], catalogue: Catalogue
) -> Sequence[Iterable[Result]]:
    """Return the results of each source; unused answers or receipts come with the last."""
    limits = shared_options.limits(options)
    words: dict[str, Any] = {"to": options["to"]}
    if options["back"]:
        from v4schema.feed.receipt_file import ReceiptFile

        _refuse_unreadable(options["receipts"])
        receipts = ReceiptFile(options["receipts"], limits=limits, catalogue=catalogue)
        return [feed.restore([source], receipts, limits=limits, **words, last=source is sources[-1]) for source in sources]
    words |= {key: options[key] for key in ("version", "category")}
    answers = _answers(options["answers"], options["to"], catalogue, limits) if options["answers"] else None
    questions = options["questions"]
    exists = questions and os.path.isfile(questions)
    if exists and not _answers(questions, options["to"], catalogue, limits, checked=False).empty:
        raise click.UsageError(f"There are answers in {questions} already: read them with --answers, and name another file.")
    return [
        feed.convert([source], answers=answers, last=source is sources[-1], limits=limits, catalogue=catalogue, **words, **units)
        for source in sources
    ]


def _answers(path: str, to: str, catalogue: Catalogue, limits: Limits, *, checked: bool = True) -> "AnswerSheet":
    """Read a table of answers; refuse a file that is none."""
    from v4schema.feed.answer_sheet import AnswerSheet

    try:
        answers = AnswerSheet(path, to=to, limits=limits, catalogue=catalogue)
    except OSError as error:
        raise click.UsageError(f"Cannot read {path}: {error.strerror}.") from None
    if checked and answers.unusable:
        raise click.UsageError(f"{path}: {answers.unusable.message} {answers.unusable.hint}")
    return answers


def _refuse_unreadable(path: str) -> None:
    if not os.path.exists(path) or os.path.isdir(path):
        raise click.UsageError(f"Cannot read {path}: there is no such file.")
