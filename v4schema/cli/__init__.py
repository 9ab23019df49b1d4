"""The command ``v4schema``: the only package that prints and exits, with a module for each command.

It may import every other package.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from v4schema._version import __version__
from v4schema.catalogue import messages
from v4schema.cli import settings, terminal
from v4schema.cli.convert import convert
from v4schema.cli.diff import diff
from v4schema.cli.explain import explain
from v4schema.cli.normalise import normalise
from v4schema.cli.openapi import openapi
from v4schema.cli.show import show
from v4schema.cli.validate import validate
from v4schema.errors import EngineUnavailable, InvalidSchemas, NoDescription, NoMapping, TemporaryStorageFull, UnknownName


class Commands(click.Group):
    """A group of commands that reports wrong names and unusable schemas in one sentence."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's own)
        """Run the named command."""
        with _one_line():
            try:
                return super().invoke(ctx)
            except (UnknownName, NoMapping, EngineUnavailable, NoDescription, InvalidSchemas, TemporaryStorageFull) as error:
                raise click.UsageError(str(error)) from None

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:  # noqa: ANN401  (click's own)
        """Parse the words before the name of a command."""
        with _one_line():
            return super().make_context(*arguments, **options)

    def main(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  (click's own)
        """Run, after the streams are prepared."""
        terminal.prepare()
        return super().main(*arguments, **options)


@contextmanager
def _one_line() -> Iterator[None]:
    """Keep a usage error on one line, whatever words of the caller it quotes."""
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except click.ClickException as error:
        error.message = messages.printable(error.message)  # type: ignore[misc]  # before it is shown
        raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="v4schema %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Check ads for the Blocket Pro Import API before you send them, and fix what can be fixed.

    \b
    Examples:
      v4schema validate ad.json                  check one ad
      v4schema validate feed.ndjson.gz --api v3  check a whole inventory
      v4schema normalise --in-place ads/*.json   fix units, words and names
      v4schema convert --to v4 -o v4/ v3/*.json  convert ads to another edition
      v4schema show v4/moped                     show the fields of a category
      v4schema diff v3/moped v4/moped            compare two editions
      v4schema openapi > openapi.json            describe the API to other tools
      v4schema explain price.implausible         explain a finding

    Options can also be set in [tool.v4schema] of a pyproject.toml, and by a
    variable such as V4SCHEMA_FAIL_ON; the command line wins.

    Shell completion: eval "$(_V4SCHEMA_COMPLETE=bash_source v4schema)"
    """
    ctx.with_resource(terminal.print_warnings())
    try:
        ctx.meta[settings.FILE], ctx.default_map = settings.load_settings(main.commands.values(), os.getcwd())
    except (OSError, ValueError) as error:
        raise click.UsageError(str(error)) from None


for _command in (validate, normalise, convert, show, diff, openapi, explain):
    main.add_command(_command)
