"""The options that commands share, and what they mean."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from v4schema import catalogue
from v4schema.catalogue import Catalogue, messages
from v4schema.cli import settings
from v4schema.cli.completion import CATEGORY, EDITION, OPERATION, unit
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
    help="What is done with the ads; `v4schema show` lists the operations.",
)
schemas = option(
    "--schemas", type=click.Path(file_okay=False, exists=True), help="Folder of schemas to use instead of the built-in ones."
)

#: What ads are read from, and what they are checked by.
_READING = (
    option(
        "--stdin-name",
        default="<stdin>",
        show_default=True,
        metavar="NAME",
        help="What to call standard input; an ending like .ndjson says what it holds.",
    ),
    option(
        "--list",
        "lists",
        multiple=True,
        type=NamedFile(),
        metavar="NAME=FILE",
        help="Your own list of allowed values, one a line, for fields that `v4schema show` marks with a list.",
    ),
    schemas,
    option(
        "--max-ad-size",
        type=Size(),
        default=messages.format_size(Limits().ad),
        show_default=True,
        metavar="SIZE",
        help="How long an ad may be, unpacked.",
    ),
    option(
        "--max-document-size",
        type=Size(),
        default=messages.format_size(Limits().document),
        show_default=True,
        metavar="SIZE",
        help="How long a file may be that has to be held whole: an array of ads, a receipt, a table of answers.",
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
    option("--engine", metavar="NAME", help="JSON Schema engine: jsonschema-rs or jsonschema. Default: the fastest there is."),
    *_READING,
)

#: Where ads are written.
_WRITING = (
    click.option("--in-place", "-i", is_flag=True, help="Write each file anew where it stands."),
    click.option(
        "--output",
        "-o",
        "out",
        type=click.Path(readable=False),
        metavar="FILE|DIR",
        help="Write the ads to a file, or of several files each to a folder.",
    ),
    click.option("--diff", is_flag=True, help="Show what changes, as a unified diff; write no ads unless told where to."),
)

#: How findings are reported.
_REPORTING = (
    option(
        "--format", "format_", type=click.Choice(list(formats.FORMATS)), default="text", show_default=True, help="How to report."
    ),
    option(
        "--fail-on",
        type=click.Choice([*map(str, Level), "never"]),
        default=str(Level.ERROR),
        show_default=True,
        help="Exit with 1 for findings of this level or a graver one.",
    ),
    option("--quiet/--no-quiet", "-q", help="As text, show only findings at or above --fail-on, and no summary."),
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


def limits(told: Mapping[str, Any]) -> Limits:
    """Return what the options say of how much is read."""
    return Limits(ad=told["max_ad_size"], document=told["max_document_size"])


def quantities(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each thing that a caller can say about quantities."""
    for setting, units in reversed([*Catalogue().unit_settings.items()]):
        kind = setting.removesuffix("_unit")
        told = f"What a bare {kind} is in" if setting != kind else f"The unit to write {kind} in"
        command = option(
            f"--{setting.replace('_', '-')}", type=unit(setting, units), metavar="UNIT", help=f"{told}: {', '.join(units)}."
        )(command)
    return command


def unit_settings(catalogue: Catalogue, told: Mapping[str, Any]) -> dict[str, str]:
    """Return what the options of `quantities` say."""
    return {setting: told[setting] for setting in catalogue.unit_settings if told.get(setting) is not None}


def refuse_repeating(ctx: click.Context, catalogue: Catalogue, unit_settings: Iterable[str]) -> None:
    """Refuse a setting that converts amounts in a file anew at each run: they stay bare numbers."""
    for setting in {*unit_settings} & {*catalogue.one_time_settings}:
        if ctx.get_parameter_source(setting) is not ParameterSource.COMMANDLINE:
            name = f"--{setting.replace('_', '-')}"
            raise click.UsageError(
                f"With --in-place, say {name} on the command line, once: as a setting it would convert what is converted already."
            )


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of where its ads go."""
    return _given(command, _WRITING)


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of reporting findings."""
    return _given(command, _REPORTING)


def fail_level(fail_on: str) -> Level | None:
    """Return the lightest level that makes a run fail, if any does."""
    return None if fail_on == "never" else Level(fail_on)


def load_catalogue(schemas: str | None, lists: Sequence[str] = ()) -> Catalogue:
    """Return the catalogue that the options ask for."""
    if not schemas and not lists:
        return catalogue.default()
    if schemas:
        from v4schema import lint

        lint.check(Catalogue(schemas))
    return Catalogue(schemas, lists=dict(map(_list, lists)))


def needs(ctx: click.Context, schemas: str | None, lists: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files that a run reads beside ads: its settings, its lists of allowed values, and its schemas."""
    yield from filter(None, [ctx.meta.get(settings.FILE)])
    yield from (told.partition("=")[2] for told in lists)
    for folder, _, names in os.walk(schemas) if schemas else ():
        yield from (os.path.join(folder, name) for name in names)


def _given(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for each in reversed(options):
        command = each(command)
    return command


def _list(told: str) -> tuple[str, list[str]]:
    """Read a list of allowed values, given as NAME=FILE; empty lines and those that begin with # do not count."""
    name, _, path = told.partition("=")
    try:
        with open(path, "rb") as file:
            text = file.read(Limits().ad + 1)
        if len(text) > Limits().ad:
            raise ValueError(f"more than {messages.format_size(Limits().ad)} are not read")  # noqa: TRY301  (told like another encoding)
        lines = [line.strip() for line in text.decode("utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise click.UsageError(f"Cannot read the list {told!r}: {getattr(error, 'strerror', None) or error}.") from None
    return name, [line for line in lines if line and not line.startswith("#")]
