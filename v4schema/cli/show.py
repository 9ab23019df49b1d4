"""The commands that tell what there is: ``v4schema show`` and ``v4schema explain``."""

import textwrap
from collections.abc import Iterator, Mapping

import click
from click.core import ParameterSource

from v4schema.catalogue import Catalogue
from v4schema.cli import options, terminal
from v4schema.cli.settings import option
from v4schema.document import pointer
from v4schema.errors import UnknownName
from v4schema.findings.report import Kind

#: No text is laid out wider than this.
_WIDEST = 100


@click.command()
@click.argument("what", required=False, metavar="[EDITION[/CATEGORY]]")
@option("--fields", is_flag=True, help="A table of the fields (the default).")
@option("--bundle", is_flag=True, help="One closed, self-contained JSON Schema.")
@option("--example", is_flag=True, help="A valid ad.")
@option("--mapping", is_flag=True, help="How ads are converted to other editions.")
@option(
    "--errors-only",
    is_flag=True,
    help="Leave the rules that only warn out of the --bundle. It still refuses fields it does not know.",
)
@option("--where", metavar="POINTER", help="The file and line of every rule about the field at a JSON Pointer, such as /price/0.")
@options.operation
@options.schemas
@click.pass_context
def show(ctx: click.Context, /, what: str | None, where: str | None, operation: str, schemas: str | None, **forms: bool) -> None:
    """Show editions, categories, and what may and must be sent.

    \b
    Examples:
      v4schema show                         the editions
      v4schema show v4                      the categories of one
      v4schema show v4/moped                the fields of a category
      v4schema show v4/moped --example > ad.json
      v4schema show v3/moped --mapping      how it is converted
      v4schema show v4/moped --bundle --errors-only > moped.schema.json
      v4schema show v4/moped --where /price/0/amount
    """
    from v4schema.output import listing

    said = [form for form in forms if ctx.get_parameter_source(form) is ParameterSource.COMMANDLINE]
    if said:  # the command line wins over what else is set
        forms = {form: value and form in said for form, value in forms.items()}
    if sum(forms[form] for form in ("fields", "bundle", "example", "mapping")) + (where is not None) > 1:
        raise click.UsageError("Choose one of --fields, --bundle, --example, --mapping and --where.")
    if "errors_only" in said and not forms["bundle"]:
        raise click.UsageError("--errors-only goes with --bundle.")
    held = options.load_catalogue(schemas)
    version, _, category = (what or "").partition("/")
    if not category and ({"bundle", "example", "mapping"} & {*said} or where is not None):
        raise click.UsageError("Name a category, as EDITION/CATEGORY.")
    if not what:
        lines = listing.editions(held)
    elif not category:
        lines = listing.categories(held.edition(version))
    elif where is not None:
        lines = _where(held, held.kind(version, category), operation, where)
    else:
        lines = _category(held, held.kind(version, category), operation, forms)
    terminal.write(line + "\n" for line in lines)


def _category(held: Catalogue, kind: Kind, operation: str, forms: Mapping[str, bool]) -> Iterator[str]:
    """Tell of one category in the form that is asked for."""
    from v4schema.output import listing

    schema = held.schema(kind, operation)
    width = min(terminal.columns(), _WIDEST)
    if forms["mapping"]:
        return _mappings(held, kind, width)
    if forms["bundle"]:
        return iter([listing.pretty(listing.bundle(schema, errors_only=forms["errors_only"]))])
    if forms["example"]:
        if held.edition(kind.version).categories[str(kind.category)].schema is None:
            raise click.UsageError(f"No public document describes {kind}, so there is no example of it.")
        return iter([listing.pretty(listing.example(schema))])
    return listing.fields(schema, width)


def _where(held: Catalogue, kind: Kind, operation: str, where: str) -> Iterator[str]:
    """Tell where the rules about a field stand."""
    from v4schema import layers
    from v4schema.output import listing

    if where and not where.startswith("/"):
        raise click.UsageError(f"--where takes a JSON Pointer, which begins with a slash: /{where}")
    place = layers.field(held, kind, operation, pointer.parse(where))
    head = f"{pointer.write(place) or 'The ad'} of {kind}, in the operation {operation}"
    return listing.where(held, head, layers.statements(held, kind, operation, place), min(terminal.columns(), _WIDEST))


def _mappings(held: Catalogue, kind: Kind, width: int) -> Iterator[str]:
    """Tell of every mapping from a kind of ads, or what documents say where there is none."""
    from v4schema.output import listing

    ways = [way for (version, _), way in held.ways.items() if version == kind.version]
    found = [mapping for way in ways for mapping in held.mappings(way, str(kind.category))]
    for number, mapping in enumerate(found):
        yield from [""] * bool(number)
        yield from listing.mapping(mapping, width)
    for way in ways:
        told = way.pathless.get(str(kind.category))
        if told:
            text = f"{kind} has no counterpart in {way.to}. {told['message']}  [{', '.join(told['source'])}]"
            yield textwrap.fill(text, width, break_on_hyphens=False)


@click.command()
@click.argument("code", required=False)
@options.schemas
def explain(code: str | None, schemas: str | None) -> None:
    """Explain a finding: what CODE means, why, and an example; without CODE, list them all.

    \b
    Example:
      v4schema explain price.implausible
    """
    from v4schema.output import listing

    held = options.load_catalogue(schemas)
    if code is not None and code not in held.findings:
        raise UnknownName("finding", code, held.findings)
    width = min(terminal.columns(), _WIDEST)
    terminal.write(line + "\n" for line in (listing.finding(held, code, width) if code else listing.codes(held, width)))
