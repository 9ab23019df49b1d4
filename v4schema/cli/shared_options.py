"""The options that commands share."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from v4schema import catalogue
from v4schema.catalogue import Catalogue, messages
from v4schema.cli import settings
from v4schema.cli.completion import CATEGORY, EDITION, ENGINE, OPERATION, unit
from v4schema.cli.settings import NamedFile, Size, option
from v4schema.findings.report import Level
from v4schema.output import formats
from v4schema.reading.reader import Limits

operation = option(
    "--operation",
    type=OPERATION,
    default="create",
    show_default=True,
    metavar="NAME",
    help="The operation that the ads are sent for; `v4schema show` lists them.",
)
schemas = option(
    "--schemas", type=click.Path(file_okay=False, exists=True), help="Folder of schemas to use instead of the built-in ones."
)

#: How ads are read.
_READING = (
    option(
        "--stdin-name",
        default="<stdin>",
        show_default=True,
        metavar="NAME",
        help="The name of standard input in reports; a suffix such as .ndjson says what it holds.",
    ),
    option(
        "--list",
        "lists",
        multiple=True,
        type=NamedFile(),
        metavar="NAME=FILE",
        help="Your own list of allowed values, one per line, for fields that `v4schema show` marks with a list.",
    ),
    schemas,
    option(
        "--max-ad-size",
        type=Size(),
        default=messages.format_size(Limits().ad),
        show_default=True,
        metavar="SIZE",
        help="The largest size of an ad, unpacked.",
    ),
    option(
        "--max-document-size",
        type=Size(),
        default=messages.format_size(Limits().document),
        show_default=True,
        metavar="SIZE",
        help="The largest size of a file that is held in memory: an array of ads, a receipt, a table of answers.",
    ),
)

#: How ads are read and checked.
_CHECKING = (
    option(
        "--api",
        "version",
        type=EDITION,
        metavar="EDITION",
        help="Edition of the API; `v4schema show` lists them and names the default.",
    ),
    option("--category", type=CATEGORY, metavar="SLUG|ID", help="Category of the ads. Default: what each ad says."),
    operation,
    option(
        "--ignore-unknown",
        is_flag=True,
        help="Skip files in which nothing looks like an ad, with a note.",
    ),
    option(
        "--engine",
        metavar="NAME",
        type=ENGINE,
        help="JSON Schema engine: jsonschema-rs or jsonschema. Default: the fastest that is installed.",
    ),
    *_READING,
)

#: Where ads are written.
_WRITING = (
    click.option("--in-place", "-i", is_flag=True, help="Replace each file."),
    click.option(
        "--output",
        "-o",
        "out",
        type=click.Path(readable=False),
        metavar="FILE|DIR",
        help="Write the ads to a file, or several files to a folder.",
    ),
    click.option("--diff", is_flag=True, help="Show the changes as a unified diff; write ads only with --in-place or --output."),
)

#: How findings are reported.
_REPORTING = (
    option(
        "--format",
        "format_",
        type=click.Choice(list(formats.FORMATS)),
        default="text",
        show_default=True,
        help="Format of the report.",
    ),
    option(
        "--fail-on",
        type=click.Choice([*map(str, Level), "never"]),
        default=str(Level.ERROR),
        show_default=True,
        help="Exit with 1 for findings at least as severe as this.",
    ),
    option("--quiet/--no-quiet", "-q", help="In text, show only findings at least as severe as --fail-on, and no summary."),
    option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="When to use colours. NO_COLOR is respected.",
    ),
)


def checking(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of reading and checking ads."""
    return _given(command, _CHECKING)


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of reading ads."""
    return _given(command, _READING)


def limits(options: Mapping[str, Any]) -> Limits:
    """Return the limits that the options set."""
    return Limits(ad=options["max_ad_size"], document=options["max_document_size"])


def quantities(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each unit setting."""
    for setting, units in reversed([*Catalogue().unit_settings.items()]):
        kind = setting.removesuffix("_unit")
        meaning = f"Unit of a bare {kind}" if setting != kind else f"Unit to write {kind} in"
        command = option(
            f"--{setting.replace('_', '-')}", type=unit(setting, units), metavar="UNIT", help=f"{meaning}: {', '.join(units)}."
        )(command)
    return command


def unit_settings(catalogue: Catalogue, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the unit settings that the options of `quantities` give."""
    return {setting: options[setting] for setting in catalogue.unit_settings if options.get(setting) is not None}


def refuse_repeating(ctx: click.Context, catalogue: Catalogue, unit_settings: Iterable[str]) -> None:
    """Refuse a setting that would convert the amounts of a file again at each run."""
    for setting in {*unit_settings} & {*catalogue.one_time_settings}:
        if ctx.get_parameter_source(setting) is not ParameterSource.COMMANDLINE:
            name = f"--{setting.replace('_', '-')}"
            raise click.UsageError(
                f"With --in-place, give {name} on the command line: as a setting it would convert amounts again at each run."
            )


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of writing ads."""
    return _given(command, _WRITING)


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of reporting findings."""
    return _given(command, _REPORTING)


def fail_level(fail_on: str) -> Level | None:
    """Return the least severe level that makes a run fail, or None."""
    return None if fail_on == "never" else Level(fail_on)


def load_catalogue(schemas: str | None, lists: Sequence[str] = ()) -> Catalogue:
    """Return the catalogue of the schemas and lists that the options name."""
    if not schemas and not lists:
        return catalogue.default()
    if schemas:
        from v4schema import lint

        lint.check(Catalogue(schemas))
    return Catalogue(schemas, lists=dict(map(_list, lists)))


def needs(ctx: click.Context, schemas: str | None, lists: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files that a run reads beside the ads: settings, lists of allowed values, and schemas."""
    yield from filter(None, [ctx.meta.get(settings.FILE)])
    yield from (each.partition("=")[2] for each in lists)
    for folder, _, names in os.walk(schemas) if schemas else ():
        yield from (os.path.join(folder, name) for name in names)


def _given(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for each in reversed(options):
        command = each(command)
    return command


def _list(option: str) -> tuple[str, list[str]]:
    """Read a list of allowed values, given as NAME=FILE, without empty lines and lines that begin with #."""
    name, _, path = option.partition("=")
    try:
        with open(path, "rb") as file:
            text = file.read(Limits().ad + 1)
        if len(text) > Limits().ad:
            raise ValueError(f"it is longer than {messages.format_size(Limits().ad)}")  # noqa: TRY301  (reported like another encoding)
        lines = [line.strip() for line in text.decode("utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise click.UsageError(f"Cannot read the list {option!r}: {getattr(error, 'strerror', None) or error}.") from None
    return name, [line for line in lines if line and not line.startswith("#")]
