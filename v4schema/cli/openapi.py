"""The command ``v4schema openapi``."""

import click

from v4schema.cli import options, terminal


@click.command()
@click.argument("edition", required=False)
@click.option("--output", "-o", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write it to a file.")
@options.schemas
def openapi(edition: str | None, output: str | None, schemas: str | None) -> None:
    """Print the OpenAPI 3.1 description of an EDITION as one JSON document.

    Every reference is local. Each category is a component of its own, so that
    generators of code make a class of it. Without EDITION, it is the default one.

    \b
    Examples:
      v4schema openapi > openapi.json
      v4schema openapi v3 --output v3.json
    """
    from v4schema import listing
    from v4schema.openapi.description import document

    terminal.write([listing.pretty(document(edition, catalogue=options.held(schemas))) + "\n"], output)
