"""The keywords of the dialect in one table: what each asserts, how it compares, is listed and is reported.

To add a keyword, add its row here, its shape in `schemas/meta/dialect.json`, and, if it is an assertion, its message in
`schemas/findings.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

#: The rank of assertions that are reported after all others.
_LAST = 9


class Role(Enum):
    """What a keyword does in a schema."""

    ASSERTION = "it can fail a value by itself"
    APPLICATOR = "it applies other schemas to a value or to a part of it"
    ANNOTATION = "it describes a field, and fails nothing"
    REPORTING = "it says how the failure of a rule is reported"
    IDENTITY = "it belongs to the file, and not to a field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound that a keyword sets.

    `measure` is what is bounded: the ``value`` of a number, the ``characters`` of a text or the ``items`` of an array. A
    `lower` bound is the smallest that is allowed, an upper bound the largest; an `exclusive` one is not itself allowed.
    """

    measure: str
    lower: bool
    exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword of the dialect.

    `types` are the types of values that it can fail; empty stands for all. Of the assertions that one value fails, the one of
    the lowest `rank` is reported. `read_with` is the keyword beside it that it belongs to. `bound` is the bound that it sets,
    and `listing` how a table of fields shows its value. A schema in ``allOf`` with a keyword that is `separate` stays a rule of
    its own when a schema is flattened. The value of one that `is_pattern` is a regular expression. One that is `portable` is
    kept in the OpenAPI description. Flattening replaces an annotation by the assertion that it `becomes`.
    """

    name: str
    role: Role
    types: tuple[str, ...] = ()
    rank: int = _LAST
    read_with: str | None = None
    bound: Bound | None = None
    listing: str | None = None
    separate: bool = False
    is_pattern: bool = False
    portable: bool = False
    becomes: str | None = None


_NUMBERS = ("integer", "number")
#: The assertions about which members an object has.
_ABOUT_MEMBERS = ("required", "additionalProperties")

_TABLE = (
    # Assertions.
    Keyword(name="type", role=Role.ASSERTION, rank=0, portable=True),
    Keyword(name="const", role=Role.ASSERTION, rank=1, portable=True),
    Keyword(name="enum", role=Role.ASSERTION, rank=2, portable=True),
    Keyword(name="pattern", role=Role.ASSERTION, rank=3, types=("string",), is_pattern=True, portable=True),
    Keyword(
        name="minimum",
        role=Role.ASSERTION,
        types=_NUMBERS,
        bound=Bound(measure="value", lower=True),
        listing="≥ {}",
        portable=True,
    ),
    Keyword(
        name="exclusiveMinimum",
        role=Role.ASSERTION,
        types=_NUMBERS,
        bound=Bound(measure="value", lower=True, exclusive=True),
        listing="> {}",
        portable=True,
    ),
    Keyword(
        name="maximum",
        role=Role.ASSERTION,
        types=_NUMBERS,
        bound=Bound(measure="value", lower=False),
        listing="≤ {}",
        portable=True,
    ),
    Keyword(
        name="exclusiveMaximum",
        role=Role.ASSERTION,
        types=_NUMBERS,
        bound=Bound(measure="value", lower=False, exclusive=True),
        listing="< {}",
        portable=True,
    ),
    Keyword(
        name="minLength",
        role=Role.ASSERTION,
        types=("string",),
        bound=Bound(measure="characters", lower=True),
        listing="length ≥ {}",
        portable=True,
    ),
    Keyword(
        name="maxLength",
        role=Role.ASSERTION,
        types=("string",),
        bound=Bound(measure="characters", lower=False),
        listing="length ≤ {}",
        portable=True,
    ),
    Keyword(
        name="minItems",
        role=Role.ASSERTION,
        types=("array",),
        bound=Bound(measure="items", lower=True),
        listing="items ≥ {}",
        portable=True,
    ),
    Keyword(
        name="maxItems",
        role=Role.ASSERTION,
        types=("array",),
        bound=Bound(measure="items", lower=False),
        listing="items ≤ {}",
        portable=True,
    ),
    Keyword(name="uniqueItems", role=Role.ASSERTION, types=("array",), portable=True),
    Keyword(name="contains", role=Role.ASSERTION, types=("array",), separate=True, portable=True),
    Keyword(name="minContains", role=Role.ASSERTION, types=("array",), read_with="contains", portable=True),
    Keyword(name="maxContains", role=Role.ASSERTION, types=("array",), read_with="contains", portable=True),
    Keyword(name="required", role=Role.ASSERTION, types=("object",), portable=True),
    Keyword(name="additionalProperties", role=Role.ASSERTION, types=("object",)),
    Keyword(name="not", role=Role.ASSERTION, separate=True, portable=True),
    Keyword(name="anyOf", role=Role.ASSERTION, separate=True, portable=True),
    # Applicators.
    Keyword(name="properties", role=Role.APPLICATOR, types=("object",)),
    Keyword(name="items", role=Role.APPLICATOR, types=("array",)),
    Keyword(name="allOf", role=Role.APPLICATOR),
    Keyword(name="if", role=Role.APPLICATOR, separate=True, portable=True),
    Keyword(name="then", role=Role.APPLICATOR, read_with="if", portable=True),
    Keyword(name="$ref", role=Role.APPLICATOR),
    # Annotations.
    Keyword(name="title", role=Role.ANNOTATION),
    Keyword(name="description", role=Role.ANNOTATION, portable=True),
    Keyword(name="examples", role=Role.ANNOTATION),
    Keyword(name="x-private", role=Role.ANNOTATION),
    Keyword(name="x-atomic", role=Role.ANNOTATION),
    Keyword(name="x-open", role=Role.ANNOTATION),
    Keyword(name="x-unit", role=Role.ANNOTATION),
    Keyword(name="x-normalise", role=Role.ANNOTATION),
    Keyword(name="x-list", role=Role.ANNOTATION),
    Keyword(name="x-years-ahead", role=Role.ANNOTATION, becomes="maximum"),
    Keyword(name="x-years-back", role=Role.ANNOTATION, becomes="minimum"),
    Keyword(name="x-plausible", role=Role.ANNOTATION),
    Keyword(name="x-category", role=Role.ANNOTATION, becomes="enum"),
    Keyword(name="x-unique", role=Role.ANNOTATION, separate=True, becomes="contains"),
    Keyword(name="x-operations", role=Role.ANNOTATION, separate=True),
    # How a failure is reported.
    Keyword(name="x-level", role=Role.REPORTING, separate=True),
    Keyword(name="x-code", role=Role.REPORTING, separate=True),
    Keyword(name="x-message", role=Role.REPORTING, separate=True),
    Keyword(name="x-hint", role=Role.REPORTING),
    Keyword(name="x-source", role=Role.REPORTING, portable=True),
    # What belongs to a file.
    Keyword(name="$schema", role=Role.IDENTITY),
    Keyword(name="$id", role=Role.IDENTITY),
    Keyword(name="$defs", role=Role.IDENTITY),
    Keyword(name="$comment", role=Role.IDENTITY),
)

#: The keywords of the dialect by name.
KEYWORDS: Mapping[str, Keyword] = {keyword.name: keyword for keyword in _TABLE}


def names(*roles: Role) -> frozenset[str]:
    """Return the names of the keywords of some roles.

    >>> sorted(names(Role.IDENTITY))
    ['$comment', '$defs', '$id', '$schema']
    """
    return frozenset(keyword.name for keyword in _TABLE if keyword.role in roles)


#: The keywords that lead to the subschemas of a field, as a flat schema keeps them apart from its own assertions.
STRUCTURE = names(Role.APPLICATOR) - {"if", "then"}
#: The keywords that say how a failure is reported.
REPORTING = names(Role.REPORTING)
#: The keywords that are read together with another one.
DEPENDENT = frozenset(keyword.name for keyword in _TABLE if keyword.read_with)
#: The keywords by which a schema stays a rule of its own.
SEPARATE = frozenset(keyword.name for keyword in _TABLE if keyword.separate)
#: The bounds that keywords set, by the names of the keywords.
BOUNDS: Mapping[str, Bound] = {keyword.name: keyword.bound for keyword in _TABLE if keyword.bound}
#: The assertions of which one value is neither narrower nor wider than another: no bounds, lists or schemas.
INCOMPARABLE = tuple(
    keyword.name
    for keyword in _TABLE
    if keyword.role is Role.ASSERTION
    and not (keyword.bound or keyword.read_with or keyword.separate or keyword.name in {"type", "enum", *_ABOUT_MEMBERS})
)
#: The keywords that fail values, by themselves or by the schemas that they apply.
ASSERTING = names(Role.ASSERTION, Role.APPLICATOR)


def is_assertion(keyword: str) -> bool:
    """Return whether a keyword of a flat schema decides which values are allowed, by itself or by the schemas that it applies."""
    return keyword in ASSERTING
