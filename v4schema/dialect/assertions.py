"""Every assertion of a flat schema: of which place it is, where its keyword stands, and how its failure is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from v4schema.dialect.fields import Schema, is_assertion
from v4schema.document.pointer import Token
from v4schema.findings.report import Level

#: What tells one assertion from the others of its schema: the way to its keyword, and the name that it requires, if it does.
Rule = tuple[tuple[Token, ...], str | None]
#: Keywords that only lead to others, or that are read together with one beside them.
_LEADING = {"properties", "items", "allOf", "if", "then", "minContains", "maxContains"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One assertion of a flat schema.

    `at` is the place in an ad of the value that it is about, ``*`` for any item; `keyword_at` the way to its keyword in the
    schema. Of ``required`` there is one assertion for each `name`.
    """

    at: tuple[str, ...]
    keyword_at: tuple[Token, ...]
    voice: Mapping[str, Any]
    name: str | None = None

    @property
    def rule(self) -> Rule:
        """What tells it from the others of its schema."""
        return self.keyword_at, self.name

    @property
    def keyword(self) -> str:
        """The keyword that is_assertion."""
        return str(self.keyword_at[-1])

    @property
    def level(self) -> Level:
        """How grave its failure is."""
        return Level(self.voice.get("x-level", Level.ERROR))

    @property
    def order(self) -> tuple[Any, ...]:
        """Where it stands among others about one value: the lower, the sooner its failure is told."""
        return (self.level.rank, *precedence(self.keyword_at))

    @property
    def code(self) -> str:
        """The code of the finding that tells of its failure, unless that depends on the name or the value at fault."""
        return str(self.voice.get("x-code", f"schema.{self.keyword}"))


def assertions(
    schema: Schema, at: tuple[str, ...] = (), way: tuple[Token, ...] = (), voice: Mapping[str, Any] | None = None
) -> Iterator[Assertion]:
    """Yield every assertion of a flat schema, from the top."""
    told = {**(voice or {}), **{key: schema[key] for key in REPORTING if key in schema}}
    for keyword in filter(is_assertion, schema):
        for name in schema["required"] if keyword == "required" else (None,):
            if keyword not in _LEADING:
                yield Assertion(at=at, keyword_at=(*way, keyword), voice=told, name=name)
    for index, rule in enumerate(schema.get("allOf", ())):
        yield from assertions(rule, at, (*way, "allOf", index), told)
    if "then" in schema:
        yield from assertions(schema["then"], at, (*way, "then"), told)
    for name, below in schema.get("properties", {}).items():
        yield from assertions(below, (*at, name), (*way, "properties", name), told)
    if "items" in schema:
        yield from assertions(schema["items"], (*at, "*"), (*way, "items"), told)


#: The annotations that say how a failed assertion is reported.
REPORTING = ("x-level", "x-code", "x-message", "x-hint", "x-source")
#: Of several assertions that one value fails, the first of these is told; the others follow from it or can wait.
_FIRST = ("type", "const", "enum", "pattern")


def precedence(keyword_at: Sequence[Token]) -> tuple[Any, ...]:
    """Return where a keyword stands among those of one level that a value fails: the lower, the sooner that is told."""
    keyword = str(keyword_at[-1])
    return (_FIRST.index(keyword) if keyword in _FIRST else len(_FIRST), *map(str, keyword_at))
