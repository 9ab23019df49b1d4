"""The command ``v4schema normalise``."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from v4schema import feed
from v4schema.cli import clashes, placement, reports, shared_options, terminal

if TYPE_CHECKING:
    from v4schema.cli.shutdown import Shutdown
    from v4schema.output.staging import Staging


@click.command(short_help="Fix units, words, spellings and names in ads.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@shared_options.writing
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would change.")
@click.option("--fix-only", is_flag=True, help="Report only changes; leave the rest to `v4schema validate`.")
@shared_options.quantities
@shared_options.checking
@shared_options.reporting
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
    **options: Any,  # noqa: ANN401
) -> None:
    """Fix units, words, spellings and names in ads, without guessing.

    Reads the same files as `v4schema validate`, and writes the ads to standard
    output; unchanged text stays byte for byte. Every change is reported, and every
    finding that is left. A bare number is converted only if you name its unit; do
    so once, because the converted number is bare as well.

    \b
    Examples:
      v4schema normalise ad.json > clean.json
      v4schema normalise --diff ads/*.json
      v4schema normalise --in-place --mileage-unit mil ads/*.json
      export-ads | v4schema normalise --price-unit kr | send-ads
      v4schema normalise --check --quiet ads/*.json

    The report goes to standard output if no ads go there, else to standard error.
    All files are replaced together at the end, after the report. A file that is
    named twice is read once; a file that was edited meanwhile is not replaced.

    Exit codes: 0 no finding at least as severe as --fail-on is left, 1 such a
    finding, or a change with --check, 2 wrong usage, 3 an input could not be read
    or identified, or a file not be written, 128 + n stopped by signal n.
    """
    from v4schema.cli import outputs as plans
    from v4schema.cli.write_ads import Diff, Run

    files = files if out else terminal.without_repeats(files)
    catalogue = shared_options.load_catalogue(schemas, lists)
    units = shared_options.unit_settings(catalogue, options)
    silent = check or (diff and not in_place and not out)
    sources, outputs = plans.plan(files, options["stdin_name"], in_place=in_place, out=out, silent=silent)
    if in_place and not check:
        shared_options.refuse_repeating(ctx, catalogue, units)
    words: dict[str, Any] = {
        key: options[key] for key in ("version", "category", "operation", "engine", "ignore_unknown")
    } | units
    fail_on = "never" if options["fix_only"] else options["fail_on"]
    limits = shared_options.limits(options)
    feed.prepare([], limits=limits, catalogue=catalogue, **words)  # unknown names are reported before anything is done
    writes = [*plans.uses(outputs), *((path, clashes.REPORT) for path in [report] if path not in {None, "-"})]
    clashes.refuse(ads=files or ["-"], needs=shared_options.needs(ctx, schemas, lists), writes=writes)
    plans.make_folder(out, outputs)
    once = in_place and not check and not {*units}.isdisjoint(catalogue.one_time_settings)
    done = placement.recover([*files, *(path for path, _ in writes)], files, repeats=once)
    sources, outputs = plans.remaining(sources, outputs, done)
    prepared = [feed.prepare([source], limits=limits, catalogue=catalogue, **words) for source in sources]
    summary = feed.Summary()
    free = not diff and all(output.nowhere or output.path for output in outputs)

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        file = placement.open_report(staging, report)
        run = Run(
            staging=staging,
            shutdown=shutdown,
            catalogue=catalogue,
            outputs=outputs,
            standard=plans.StandardOutput(),
            diff=Diff.of(options["color"]) if diff else None,
            once=once,
        )
        code = run.finish(prepared, summary, options, report=file, stream=sys.stdout if free else sys.stderr)
        return code or reports.exit_code(summary, fail_on) or int(check and summary.changed > 0)

    ctx.exit(placement.run_staged(work))
