"""The command ``v4schema validate``."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from v4schema import feed
from v4schema.cli import clashes, placement, reports, shared_options, terminal
from v4schema.cli.settings import option

if TYPE_CHECKING:
    from v4schema.cli.shutdown import Shutdown
    from v4schema.output.staging import Staging


@click.command(short_help="Check ads.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@shared_options.checking
@shared_options.reporting
@option("--output", "-o", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write the report to a file.")
@click.pass_context
def validate(ctx: click.Context, /, files: Sequence[str], *, lists: Sequence[str], schemas: str | None, **options: Any) -> None:  # noqa: ANN401  (the options above)
    """Check ads before they are sent.

    A FILE holds one ad, an array of ads, or one ad per line (.ndjson,
    .jsonl), gzipped or not. Without FILE, or for -, ads are read from standard input.

    \b
    Examples:
      v4schema validate ad.json
      v4schema validate --operation update --category moped patch.json
      v4schema validate --fail-on warning --format json -o report.json ads/*.json
      export-ads | v4schema validate --stdin-name feed.ndjson

    Exit codes: 0 no finding at least as severe as --fail-on, 1 such a finding,
    2 wrong usage, 3 an input could not be read or identified, 128 + n stopped by
    signal n.
    """
    files = terminal.without_repeats(files)
    sources = terminal.inputs(files, options["stdin_name"])
    report = options["output"]
    out = [report] if report not in {None, "-"} else []
    clashes.refuse(
        ads=files or ["-"], needs=shared_options.needs(ctx, schemas, lists), writes=[(path, clashes.REPORT) for path in out]
    )
    placement.recover(out)
    catalogue = shared_options.load_catalogue(schemas, lists)
    results = feed.check(
        sources,
        **{key: options[key] for key in ("version", "category", "operation", "engine", "ignore_unknown")},
        limits=shared_options.limits(options),
        catalogue=catalogue,
    )
    summary = feed.Summary()

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        file = placement.open_report(staging, report)
        reports.write(results, summary, options, shutdown=shutdown, file=file, stream=sys.stdout)
        reports.conclude(summary, options, catalogue)
        return placement.place(staging, shutdown, [file]) or reports.exit_code(summary, options["fail_on"])

    ctx.exit(placement.run_staged(work))
