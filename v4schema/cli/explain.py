"""The command ``v4schema explain``."""

import click

from v4schema import spelling
from v4schema.cli import shared_options, terminal
from v4schema.cli.completion import CODE
from v4schema.errors import UnknownName

#: The widest text.
_WIDEST = 100


@click.command(short_help="Explain a finding or a document.")
@click.argument("code", required=False, type=CODE, metavar="[CODE]")
@shared_options.schemas
def explain(code: str | None, schemas: str | None) -> None:
    """Explain a finding or a document by its code; without CODE, list all codes.

    The first part of a code, such as price, lists the codes that begin with it.

    \b
    Examples:
      v4schema explain price.implausible    what a finding means
      v4schema explain price                the codes of findings about prices
      v4schema explain S                    the document that [S] stands for
      v4schema explain                      every code
    """
    from v4schema.output import listing

    catalogue = shared_options.load_catalogue(schemas)
    width = min(terminal.columns(), _WIDEST)
    known = {each.casefold(): each for each in (*catalogue.documents, *catalogue.finding_codes)}
    code = code and known.get(code.strip("[]").casefold(), code)
    group = [each for each in catalogue.finding_codes if code is not None and each.startswith(f"{code.rstrip('.*')}.")]
    if code is None:
        lines = listing.codes(catalogue, catalogue.finding_codes, width)
    elif code in catalogue.finding_codes:
        lines = listing.finding(catalogue, code, width)
    elif code in catalogue.documents:
        lines = listing.document(catalogue, code, width)
    elif group:
        lines = listing.codes(catalogue, group, width)
    else:
        groups = dict.fromkeys(each.partition(".")[0] for each in catalogue.finding_codes)
        codes = [*catalogue.documents, *groups, *catalogue.finding_codes]
        if spelling.nearest(code, codes):
            raise UnknownName("code", code, codes)
        raise click.UsageError(f"Unknown code {code!r}. `v4schema explain` lists all codes.")
    terminal.write(line + "\n" for line in lines)
