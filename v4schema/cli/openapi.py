"""The command ``v4schema openapi``."""

from typing import TYPE_CHECKING

import click

from v4schema.cli import clashes, placement, shared_options, terminal
from v4schema.cli.completion import EDITION

if TYPE_CHECKING:
    from v4schema.cli.shutdown import Shutdown
    from v4schema.output.staging import Staging


@click.command(short_help="Print the OpenAPI description of an edition.")
@click.argument("edition", required=False, type=EDITION)
@click.option("--output", "-o", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write it to a file.")
@shared_options.schemas
@click.pass_context
def openapi(ctx: click.Context, /, edition: str | None, output: str | None, schemas: str | None) -> None:
    """Print the OpenAPI 3.1 description of an EDITION as one JSON document.

    Every reference is local. Each category is a component of its own, so that
    generators of code make a class of it. Without EDITION, it is the default one.

    \b
    Examples:
      v4schema openapi > openapi.json
      v4schema openapi v3 --output v3.json
    """
    from v4schema.openapi.description import document
    from v4schema.output import listing

    if output not in {None, "-"}:
        clashes.refuse(ads=[], needs=shared_options.needs(ctx, schemas), writes=[(str(output), clashes.SIDE_FILE)])
        placement.recover([str(output)])
    text = listing.pretty(document(edition, catalogue=shared_options.load_catalogue(schemas))) + "\n"

    def work(staging: "Staging", shutdown: "Shutdown") -> int:
        file = placement.open_report(staging, output)
        terminal.write([text], file)
        return placement.place(staging, shutdown, [file])

    ctx.exit(placement.run_staged(work))
