"""The assertions of a flat schema: the place that each is about, where its keyword is, and how its failure is reported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import DEPENDENT, KEYWORDS, REPORTING, Role
from v4schema.document.pointer import Token
from v4schema.findings.report import Level

#: What identifies an assertion in its schema: the path to its keyword, and the name that it requires, if it is ``required``.
AssertionId = tuple[tuple[Token, ...], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One assertion of a flat schema.

    `at` is the place in an ad that it is about, with ``*`` for any item; `keyword_at` is the path to its keyword in the schema.
    ``required`` has one assertion for each `name`. `reporting` has the annotations that say how its failure is reported.
    """

    at: tuple[str, ...]
    keyword_at: tuple[Token, ...]
    reporting: Mapping[str, Any]
    name: str | None = None

    @property
    def id(self) -> AssertionId:
        """What identifies it in its schema."""
        return self.keyword_at, self.name

    @property
    def keyword(self) -> str:
        """The name of its keyword."""
        return str(self.keyword_at[-1])

    @property
    def level(self) -> Level:
        """The level of its failure."""
        return Level(self.reporting.get("x-level", Level.ERROR))

    @property
    def order(self) -> tuple[Any, ...]:
        """Its position among the assertions about one value: the failure of the lowest is reported."""
        return (self.level.rank, *precedence(self.keyword_at))

    @property
    def code(self) -> str:
        """The code of the finding about its failure, unless that depends on the name or the value."""
        return str(self.reporting.get("x-code", f"schema.{self.keyword}"))


def assertions(
    schema: Schema, at: tuple[str, ...] = (), path: tuple[Token, ...] = (), reporting: Mapping[str, Any] | None = None
) -> Iterator[Assertion]:
    """Yield every assertion of a flat schema, from the top."""
    annotations = {**(reporting or {}), **{key: schema[key] for key in schema if key in REPORTING}}
    for keyword in schema:
        if _is_reported(keyword):
            for name in schema["required"] if keyword == "required" else (None,):
                yield Assertion(at=at, keyword_at=(*path, keyword), reporting=annotations, name=name)
    for index, rule in enumerate(schema.get("allOf", ())):
        yield from assertions(rule, at, (*path, "allOf", index), annotations)
    if "then" in schema:
        yield from assertions(schema["then"], at, (*path, "then"), annotations)
    for name, below in schema.get("properties", {}).items():
        yield from assertions(below, (*at, name), (*path, "properties", name), annotations)
    if "items" in schema:
        yield from assertions(schema["items"], (*at, "*"), (*path, "items"), annotations)


def precedence(keyword_at: Sequence[Token]) -> tuple[Any, ...]:
    """Return the position of a keyword among those of one level that a value fails: the lowest is reported."""
    keyword = str(keyword_at[-1])
    return (KEYWORDS[keyword].rank, *map(str, keyword_at))


def _is_reported(keyword: str) -> bool:
    """Return whether a keyword has failures of its own: not one that is read together with another."""
    return keyword in KEYWORDS and KEYWORDS[keyword].role is Role.ASSERTION and keyword not in DEPENDENT
