"""The command ``v4schema normalise``."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from v4schema import feed
from v4schema.cli import options, reports, terminal


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@options.writing
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would change.")
@options.quantities
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
    from v4schema.cli.writing import Writing

    sources = terminal.inputs(files, told["stdin_name"])
    held = options.held(schemas, lists)
    said = options.said(held, told)
    words = {key: told[key] for key in ("version", "category", "operation", "engine")}
    limits = options.limits(told)
    prepared = [feed.prepare([source], limits=limits, catalogue=held, **words, **said) for source in sources]
    silent = check or (diff and not in_place and not out)
    targets = None if silent else sinks.targets(files, sources, in_place=in_place, out=out)
    if in_place and not check:
        options.refuse_repeating(ctx, held, said)
    if report:
        terminal.refuse_overwriting([report], files, "the report would overwrite it.")
        if any(target.path and os.path.realpath(target.path) == os.path.realpath(report) for target in targets or ()):
            raise click.UsageError(f"{report} is where the ads go; the report would overwrite them.")
    tally = feed.Tally()
    writing = Writing.shown(diff=diff, color=told["color"])
    standard = sinks.Standard()
    results = (
        result
        for number, ads in enumerate(prepared)
        for result in writing.placed(ads, sinks.Sink(target=targets[number] if targets else None, standard=standard))
    )
    free = not diff and all(target.path for target in targets or ())
    reports.write(results, tally, told, path=report, stream=sys.stdout if free else sys.stderr, to_the_end=bool(targets))
    standard.end()
    ctx.exit(reports.exit_code(tally, told["fail_on"]) or int(check and tally.changed > 0))
