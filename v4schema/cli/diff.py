"""The command ``v4schema diff``."""

import click

from v4schema.cli import shared_options, terminal
from v4schema.cli.completion import KIND

#: The widest text.
_WIDEST = 100


@click.command(short_help="Compare a category between two editions.")
@click.argument("one", type=KIND, metavar="EDITION/CATEGORY")
@click.argument("other", type=KIND, metavar="EDITION/CATEGORY")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Format of the comparison.",
)
@shared_options.schemas
def diff(one: str, other: str, format_: str, schemas: str | None) -> None:
    """Compare a category between two editions.

    Lists the fields that are added, removed, moved, required, narrowed or widened,
    from the schemas and the mapping between them, and what you must supply.

    \b
    Examples:
      v4schema diff v3/moped v4/moped
      v4schema diff v3/car v4/car --format markdown > car.md
    """
    from v4schema.conversion.comparison import compare
    from v4schema.output import listing

    catalogue = shared_options.load_catalogue(schemas)
    kinds = []
    for word in (one, other):
        version, _, category = word.partition("/")
        if not category:
            raise click.UsageError(f"Name a category, as EDITION/CATEGORY, not {word!r} alone.")
        kinds.append(catalogue.kind(version, category))
    found = compare(catalogue, *kinds)
    if format_ == "json":
        lines = iter([listing.pretty(listing.difference_in_json(found))])
    elif format_ == "markdown":
        lines = listing.difference_in_markdown(found)
    else:
        lines = listing.difference(found, min(terminal.columns(), _WIDEST))
    terminal.write(line + "\n" for line in lines)
