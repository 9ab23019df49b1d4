"""What the shell completes: editions, categories, finding codes, document codes, units and fields, all from the catalogue.

``eval "$(_V4SCHEMA_COMPLETE=bash_source v4schema)"`` turns completion on in Bash; Zsh and fish have lines of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from v4schema.catalogue import default
from v4schema.catalogue.editions import Edition

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: What completes a word: from the context of the command, and from the word so far, to pairs of a word and what it means.
Choices = Callable[[click.Context, str], Iterable[tuple[str, str]]]


class Completed(click.types.StringParamType):
    """A text that the shell completes."""

    def __init__(self, name: str, choices: Choices) -> None:
        self.name = name
        self._choices = choices

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Return the words that begin as the incomplete one does."""
        from click.shell_completion import CompletionItem

        del param
        found = self._choices(ctx, incomplete)
        return [CompletionItem(word, help=meaning) for word, meaning in found if word.startswith(incomplete)]


def _editions(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    return ((edition.name, edition.title) for edition in default().editions.values())


def _categories(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """Yield the categories of the edition that was named before, or of the default one."""
    return ((category.slug, next(iter(category.names.values()))) for category in _edition(ctx).categories.values())


def _kinds(_: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield editions, and the categories of an edition whose name is complete."""
    name, slash, _category = incomplete.partition("/")
    for edition in default().editions.values():
        if not slash:
            yield edition.name, edition.title
        if edition.name == name:
            yield from ((f"{name}/{each.slug}", next(iter(each.names.values()))) for each in edition.categories.values())


def _operations(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    return ((name, operation.description) for name, operation in _edition(ctx).operations.items())


def _edition(ctx: click.Context) -> Edition:
    """Return the edition that was named before, or the default one."""
    catalogue = default()
    name = str(ctx.params.get("to") or ctx.params.get("version"))
    return catalogue.editions.get(name) or catalogue.edition()


def _engines(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    from v4schema.dialect.engines import ENGINES

    return ((name, "") for name in ENGINES)


def _codes(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    catalogue = default()
    yield from ((code, entry["meaning"]) for code, entry in catalogue.finding_codes.items())
    yield from ((code, document["title"]) for code, document in catalogue.documents.items())


def _fields(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """Yield the JSON Pointers of the fields of the category that was named before."""
    from v4schema.dialect.fields import is_sendable, walk
    from v4schema.document import pointer

    named = [ctx.params.get("what"), *ctx.args]  # an argument before an option without its value is left among the `args`
    version, _, category = next(filter(None, named), "").partition("/")
    catalogue = default()
    edition = catalogue.editions.get(version)
    if edition is not None and edition.category(category):
        schema = catalogue.schema(catalogue.kind(version, category))
        yield from ((pointer.write(at), node.get("description", "")) for at, node in walk(schema, into=is_sendable) if at)


EDITION = Completed("edition", _editions)
CATEGORY = Completed("category", _categories)
KIND = Completed("kind", _kinds)
OPERATION = Completed("operation", _operations)
CODE = Completed("code", _codes)
ENGINE = Completed("engine", _engines)
FIELD = Completed("field", _fields)


def unit(setting: str, units: Sequence[str]) -> Completed:
    """Return the type of an option whose value is a unit."""
    return Completed(setting, lambda *_: ((name, "") for name in units))
