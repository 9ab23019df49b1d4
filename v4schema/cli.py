"""The command ``v4schema``: the only room that prints and exits."""

import errno
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import click
from click.core import ParameterSource

from v4schema import __version__, catalogue, feed, render, settings
from v4schema.catalogue import Catalogue
from v4schema.errors import Damaged, UnknownName
from v4schema.report import Level
from v4schema.settings import NamedFile, option

#: How often, in seconds, a long run tells how far it has come.
_EVERY = 0.2


class Commands(click.Group):
    """A group of commands that says in one sentence what the caller's words do not mean."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's own)
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (UnknownName, Damaged) as error:
            raise click.UsageError(str(error)) from None


_operation = option(
    "--operation",
    default="create",
    show_default=True,
    metavar="NAME",
    help="What is done with the ads; `v4schema show` lists the operations.",
)
_schemas = option(
    "--schemas", type=click.Path(file_okay=False, exists=True), help="Folder of schemas to use instead of the built-in ones."
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="v4schema %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Tell what is wrong with an ad for the Blocket Pro Import API before it is sent.

    \b
    Examples:
      v4schema validate ad.json                  check one ad
      v4schema validate feed.ndjson.gz --api v3  check a whole inventory
      v4schema show v4/moped                     see what may and must be sent
      v4schema explain price.implausible         read what a finding means

    Every option can also be set in [tool.v4schema] of a pyproject.toml, and by a
    variable such as V4SCHEMA_FAIL_ON; the command line wins.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file or a pipe gets UTF-8, as JSON has to be; a terminal gets what it can show.
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        ctx.default_map = settings.of(main.commands.values(), os.getcwd())
    except (OSError, ValueError) as error:
        raise click.UsageError(str(error)) from None


@main.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@option("--api", "version", metavar="EDITION", help="Edition of the API; `v4schema show` lists them and names the default.")
@option("--category", metavar="SLUG|ID", help="Category of the ads. Default: what each ad says.")
@_operation
@option("--format", "format_", type=click.Choice(list(render.FORMATS)), default="text", show_default=True, help="How to report.")
@option(
    "--fail-on",
    type=click.Choice([*map(str, Level), "never"]),
    default=str(Level.ERROR),
    show_default=True,
    help="Exit with 1 for findings of this level or a graver one.",
)
@option("--engine", metavar="NAME", help="JSON Schema engine: jsonschema-rs or jsonschema. Default: the fastest there is.")
@option("--output", "-o", type=click.Path(dir_okay=False, readable=False), metavar="FILE", help="Write the report to a file.")
@option("--quiet/--no-quiet", "-q", help="As text, show only findings at or above --fail-on, and no summary.")
@option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to use colours. NO_COLOR is respected.",
)
@option(
    "--stdin-name",
    default="<stdin>",
    show_default=True,
    metavar="NAME",
    help="What to call standard input; an ending like .ndjson says what it holds.",
)
@option(
    "--list",
    "lists",
    multiple=True,
    type=NamedFile(),
    metavar="NAME=FILE",
    help="Your own list of allowed values, one a line, for fields that `v4schema show` marks with a list.",
)
@_schemas
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
    input could not be read or identified.
    """
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("Name a file, or pipe ads in.")
    if told["output"]:
        from v4schema import output

        if any(output.overwrites(told["output"], sys.stdin if name == "-" else name) for name in files or ["-"]):
            raise click.UsageError(f"{told['output']} is one of the files to check; the report would overwrite it.")
    floor = None if told["fail_on"] == "never" else Level(told["fail_on"])
    results = feed.check(
        ((told["stdin_name"], sys.stdin.buffer) if name == "-" else (name, name) for name in files or ["-"]),
        **{key: told[key] for key in ("version", "category", "operation", "engine")},
        catalogue=_catalogue(schemas, lists),
    )
    tally = feed.Tally()
    on_terminal = _is_terminal(sys.stdout) and not told["output"]
    look = render.Look(
        rich=on_terminal or told["color"] == "always",
        width=max(40, min(_columns(), 120)),
        lightest=(floor or Level.ERROR) if told["quiet"] else Level.NOTE,
    )
    counted = tally.counted(results)
    if _is_terminal(sys.stderr) and not on_terminal and not told["quiet"]:
        counted = _with_progress(counted, tally)
    coloured = told["color"] == "always" or (told["color"] == "auto" and on_terminal and not os.environ.get("NO_COLOR"))
    _write(render.FORMATS[told["format_"]](counted, tally, look), told["output"], coloured=coloured)
    if not told["quiet"] and told["format_"] == "text":
        click.echo(render.sentence(tally), err=True)
    if tally.unreadable or tally.unidentified:
        ctx.exit(3)
    ctx.exit(int(floor is not None and any(count and level.rank <= floor.rank for level, count in tally.levels.items())))


@main.command()
@click.argument("what", required=False, metavar="[EDITION[/CATEGORY]]")
@option("--fields", is_flag=True, help="A table of the fields (the default).")
@option("--bundle", is_flag=True, help="One closed, self-contained JSON Schema.")
@option("--example", is_flag=True, help="A valid ad.")
@option(
    "--errors-only",
    is_flag=True,
    help="Leave the rules that only warn out of the --bundle. It still refuses fields it does not know.",
)
@_operation
@_schemas
@click.pass_context
def show(ctx: click.Context, /, what: str | None, operation: str, schemas: str | None, **forms: bool) -> None:
    """Show editions, categories, and what may and must be sent.

    \b
    Examples:
      v4schema show                         the editions
      v4schema show v4                      the categories of one
      v4schema show v4/moped                the fields of a category
      v4schema show v4/moped --example > ad.json
      v4schema show v4/moped --bundle --errors-only > moped.schema.json
    """
    from v4schema import listing

    said = [form for form in forms if ctx.get_parameter_source(form) is ParameterSource.COMMANDLINE]
    if said:  # the command line wins over what else is set
        forms = {form: value and form in said for form, value in forms.items()}
    if sum(forms[form] for form in ("fields", "bundle", "example")) > 1:
        raise click.UsageError("Choose one of --fields, --bundle and --example.")
    if "errors_only" in said and not forms["bundle"]:
        raise click.UsageError("--errors-only goes with --bundle.")
    held = _catalogue(schemas)
    version, _, category = (what or "").partition("/")
    if not category and {"bundle", "example"} & {*said}:
        raise click.UsageError("Name a category, as EDITION/CATEGORY.")
    if not what:
        lines = listing.editions(held)
    elif not category:
        lines = listing.categories(held.edition(version))
    else:
        kind = held.kind(version, category)
        schema = held.schema(kind, operation)
        if forms["bundle"]:
            lines = iter([listing.pretty(listing.bundle(schema, errors_only=forms["errors_only"]))])
        elif forms["example"]:
            if held.edition(version).categories[str(kind.category)].schema is None:
                raise click.UsageError(f"No public document describes {kind}, so there is no example of it.")
            lines = iter([listing.pretty(listing.example(schema))])
        else:
            lines = listing.fields(schema, min(_columns(), 100))
    _write(line + "\n" for line in lines)


@main.command()
@click.argument("code", required=False)
@_schemas
def explain(code: str | None, schemas: str | None) -> None:
    """Explain a finding: what CODE means, why, and an example; without CODE, list them all.

    \b
    Example:
      v4schema explain price.implausible
    """
    from v4schema import listing

    held = _catalogue(schemas)
    if code is not None and code not in held.findings:
        raise UnknownName("finding", code, held.findings)
    width = min(_columns(), 100)
    _write(line + "\n" for line in (listing.finding(held, code, width) if code else listing.codes(held, width)))


def _catalogue(schemas: str | None, lists: Sequence[str] = ()) -> Catalogue:
    """Return the catalogue that the options ask for."""
    if not schemas and not lists:
        return catalogue.default()
    if schemas:
        from v4schema import dialect

        dialect.check(Catalogue(schemas))
    return Catalogue(schemas, lists=dict(map(_list, lists)))


def _list(told: str) -> tuple[str, list[str]]:
    """Read a list of allowed values, given as NAME=FILE; empty lines and those that begin with # do not count."""
    name, _, path = told.partition("=")
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [line.strip() for line in file]
    except (OSError, ValueError) as error:
        raise click.UsageError(f"Cannot read the list {told!r}: {getattr(error, 'strerror', None) or error}.") from None
    return name, [line for line in lines if line and not line.startswith("#")]


def _write(chunks: Iterable[str], path: str | None = None, *, coloured: bool = False) -> None:
    """Write to standard output, or to a file that appears whole or not at all."""
    if sys.stdout is None and path in {None, "-"}:
        raise click.UsageError("Cannot write to standard output: it is closed.")
    try:
        if path in {None, "-"}:
            for chunk in chunks:
                click.echo(chunk, nl=False, color=coloured)
        else:
            from v4schema import output

            with output.whole(str(path)) as file:
                for chunk in chunks:
                    click.echo(chunk, file=file, nl=False, color=coloured)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise click.UsageError(f"Cannot write to {path or 'standard output'}: {error.strerror}.") from None


def _with_progress(results: Iterator[feed.Result], tally: feed.Tally) -> Iterator[feed.Result]:
    """Tell on standard error, now and then, how many ads have passed; wipe it at the end."""
    due = time.monotonic() + _EVERY
    for result in results:
        yield result
        if time.monotonic() >= due:
            click.echo(f"\r{tally.ads:,} ads", err=True, nl=False)
            due = time.monotonic() + _EVERY
    click.echo("\r\033[K", err=True, nl=False)


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
