"""The command ``v4schema normalise``."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from v4schema import feed
from v4schema.cli import clashes, options, reports, terminal

if TYPE_CHECKING:
    from v4schema.cli.terminal import Shutdown
    from v4schema.output.staging import Staging


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@options.writing
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would change.")
@click.option("--fix-only", is_flag=True, help="Report only changes; leave to `v4schema validate` what is still wrong.")
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
    Files take their places together at the end, after the report; a file that is
    named twice is taken once, and one that was edited meanwhile is not written over.

    Exit codes: 0 nothing at or above --fail-on is left, 1 something, or --check
    found something to change, 2 wrong usage, 3 an input could not be read or
    identified, or an ad not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import outputs
    from v4schema.cli.write_ads import AdWriter, Run

    files = files if out else terminal.once(files)
    held = options.load_catalogue(schemas, lists)
    said = options.unit_settings(held, told)
    fail_on = "never" if told["fix_only"] else told["fail_on"]
    silent = check or (diff and not in_place and not out)
    sources, targets = outputs.paired(files, told["stdin_name"], in_place=in_place, out=out, silent=silent)
    if in_place and not check:
        options.refuse_repeating(ctx, held, said)
    names = ("version", "category", "operation", "engine", "ignore_unknown")
    words: dict[str, Any] = {**{key: told[key] for key in names}, **said}
    limits = options.limits(told)
    feed.prepare([], limits=limits, catalogue=held, **words)  # a word that names nothing is told before anything is done
    writes = [*outputs.uses(targets), *((path, clashes.REPORT) for path in [report] if path not in {None, "-"})]
    clashes.refuse(ads=files or ["-"], needs=options.needs(ctx, schemas, lists), writes=writes)
    outputs.make_folders(targets)
    once = in_place and not check and not {*said}.isdisjoint(held.unrepeatable)
    done = terminal.recover([*files, *(path for path, _ in writes)], files, repeats=once)
    sources, targets = outputs.remaining(sources, targets, done)
    prepared = [feed.prepare([source], limits=limits, catalogue=held, **words) for source in sources]
    tally = feed.Summary()
    free = not diff and all(target is None or target.path for target in targets)

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        file = terminal.opened(staging, report)
        standard = outputs.StandardOutput()
        run = Run(
            staging=staging,
            shutdown=shutdown,
            catalogue=held,
            writing=AdWriter.shown(diff=diff, color=told["color"]),
            standard=standard,
            once=once,
            sinks=[outputs.OutputFile(target=target, standard=standard, staging=staging) for target in targets],
        )
        code = run.finish(prepared, tally, told, report=file, stream=sys.stdout if free else sys.stderr)
        return code or reports.exit_code(tally, fail_on) or int(check and tally.changed > 0)

    ctx.exit(terminal.staged(work))
