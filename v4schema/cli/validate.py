"""The command ``v4schema validate``."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from v4schema import feed
from v4schema.cli import options, reports, terminal
from v4schema.settings import option


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@options.checking
@options.reporting
@option("--output", "-o", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write the report to a file.")
@click.pass_context
def validate(ctx: click.Context, /, files: Sequence[str], *, lists: Sequence[str], schemas: str | None, **told: Any) -> None:  # noqa: ANN401  (the options above)
    """Check ads before they are sent.

    A FILE holds one ad, an array of ads, or one ad a line (.ndjson, .jsonl),
    gzipped or not. Without FILE, or for -, ads are read from standard input.

    \b
    Examples:
      v4schema validate ad.json
      v4schema validate --operation update --category moped patch.json
      v4schema validate --fail-on warning --format json -o report.json ads/*.json
      export-ads | v4schema validate --stdin-name feed.ndjson

    Exit codes: 0 nothing at or above --fail-on, 1 something, 2 wrong usage, 3 an
    input could not be read or identified, 128 + n stopped by signal n.
    """
    sources = terminal.inputs(files, told["stdin_name"])
    if told["output"]:
        terminal.refuse_overwriting([told["output"]], files, "the report would overwrite it.")
    results = feed.check(
        sources,
        **{key: told[key] for key in ("version", "category", "operation", "engine")},
        limits=options.limits(told),
        catalogue=options.held(schemas, lists),
    )
    tally = feed.Tally()
    reports.write(results, tally, told, path=told["output"], stream=sys.stdout)
    ctx.exit(reports.exit_code(tally, told["fail_on"]))
