"""The command ``v4schema show``."""

import textwrap
from collections.abc import Iterator, Mapping

import click
from click.core import ParameterSource

from v4schema.catalogue import Catalogue
from v4schema.cli import shared_options, terminal
from v4schema.cli.completion import FIELD, KIND
from v4schema.cli.settings import option
from v4schema.document import pointer
from v4schema.findings.report import Kind

#: The widest text.
_WIDEST = 100


@click.command(short_help="Show editions, categories and fields.")
@click.argument("what", required=False, type=KIND, metavar="[EDITION[/CATEGORY]]")
@option("--fields", is_flag=True, help="A table of the fields (the default).")
@option("--bundle", is_flag=True, help="One closed, self-contained JSON Schema.")
@option("--example", is_flag=True, help="A valid ad.")
@option(
    "--where",
    type=FIELD,
    metavar="POINTER",
    help="The file and line of every rule about the field at a JSON Pointer, such as /price/0.",
)
@option("--mapping", is_flag=True, help="How ads are converted to other editions.")
@option(
    "--errors-only",
    is_flag=True,
    help="Leave the rules that only warn out of the --bundle. It still refuses fields it does not know.",
)
@shared_options.operation
@shared_options.schemas
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
      v4schema show v4/moped --where /price/0/amount
      v4schema show v4/moped --bundle --errors-only > moped.schema.json
    """
    from v4schema.output import listing

    given = [form for form in forms if ctx.get_parameter_source(form) is ParameterSource.COMMANDLINE]
    if given:  # the command line wins over what else is set
        forms = {form: value and form in given for form, value in forms.items()}
    if sum(forms[form] for form in ("fields", "bundle", "example", "mapping")) + (where is not None) > 1:
        raise click.UsageError("Choose one of --fields, --bundle, --example, --mapping and --where.")
    if "errors_only" in given and not forms["bundle"]:
        raise click.UsageError("--errors-only goes with --bundle.")
    catalogue = shared_options.load_catalogue(schemas)
    version, _, category = (what or "").partition("/")
    if not category and ({"bundle", "example", "mapping"} & {*given} or where is not None):
        raise click.UsageError("Name a category, as EDITION/CATEGORY.")
    if not what:
        lines = listing.editions(catalogue)
    elif not category:
        lines = listing.categories(catalogue.edition(version))
    elif where is not None:
        lines = _where(catalogue, catalogue.kind(version, category), operation, where)
    else:
        lines = _category(catalogue, catalogue.kind(version, category), operation, forms)
    terminal.write(line + "\n" for line in lines)


def _category(catalogue: Catalogue, kind: Kind, operation: str, forms: Mapping[str, bool]) -> Iterator[str]:
    """Show one category in the chosen form."""
    from v4schema.output import listing

    schema = catalogue.schema(kind, operation)
    width = min(terminal.columns(), _WIDEST)
    if forms["mapping"]:
        return _mappings(catalogue, kind, width)
    if forms["bundle"]:
        return iter([listing.pretty(listing.bundle(schema, with_warnings=not forms["errors_only"]))])
    if forms["example"]:
        if catalogue.edition(kind.version).categories[str(kind.category)].schema is None:
            raise click.UsageError(f"No public document describes {kind}, so there is no example of it.")
        return iter([listing.pretty(listing.example(schema))])
    return listing.fields(schema, width)


def _where(catalogue: Catalogue, kind: Kind, operation: str, where: str) -> Iterator[str]:
    """List where the rules about a field are."""
    from v4schema.catalogue import provenance
    from v4schema.output import listing

    if where and not where.startswith("/"):
        raise click.UsageError(f"--where takes a JSON Pointer, which begins with a slash: /{where}")
    place = provenance.field(catalogue, kind, operation, pointer.parse(where))
    head = f"{pointer.write(place) or 'The ad'} of {kind}, in the operation {operation}"
    return listing.where(
        catalogue, head, provenance.statements(catalogue, kind, operation, place), min(terminal.columns(), _WIDEST)
    )


def _mappings(catalogue: Catalogue, kind: Kind, width: int) -> Iterator[str]:
    """Show every mapping from a kind of ad, or what documents say where there is none."""
    from v4schema.conversion.mappings import mappings_for
    from v4schema.output import listing

    paths = [path for (version, _), path in catalogue.edition_paths.items() if version == kind.version]
    found = [mapping for path in paths for mapping in mappings_for(catalogue, path, str(kind.category))]
    for number, mapping in enumerate(found):
        yield from [""] * bool(number)
        yield from listing.mapping(mapping, width)
    for path in paths:
        documented = path.unmapped.get(str(kind.category))
        if documented:
            text = f"{kind} has no counterpart in {path.to}. {documented['message']}  [{', '.join(documented['source'])}]"
            yield textwrap.fill(text, width, break_on_hyphens=False)
