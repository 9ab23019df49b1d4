"""The values that a schema accepts, as domains: sets of values of one type, narrowed by one assertion after another.

Each class has a method `narrowed` with a branch for each keyword whose values can be drawn directly. Any other keyword of the
dialect that may fail a value of its type becomes a `Check`, by which drawn values are filtered.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any, Protocol, TypeVar

from v4schema.catalogue.quantities import to_fraction
from v4schema.dialect.engines import Engine, compile_schema
from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import BOUNDS, KEYWORDS, Bound, Role
from v4schema.strategies.regular_languages import Language, PatternConstraint, language

#: How many steps make one, among numbers that are not whole.
FRACTION_STEPS = 1000


class Narrowing(Protocol):
    """Returns those values of some domains for which a schema holds, or does not hold."""

    def __call__(self, domains: Iterable["Domain"], schema: Schema, *, holds: bool = True) -> Sequence["Domain"]:
        """Narrow domains by a schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What values are checked for after they are drawn: whether they match a compiled schema, or, without `holds`, fail it."""

    engine: Engine
    holds: bool

    def __call__(self, value: object) -> bool:
        """Return whether a value passes."""
        return self.engine.accepts(value) is self.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """Values in a list: null, booleans, and the values of an enum."""

    values: tuple[Any, ...]

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield the values for which a keyword holds, or does not hold."""
        kept = tuple(value for value in self.values if _is_kept(value, keyword, schema, narrow, holds=holds))
        if kept:
            yield Enumeration(values=kept)

    def __contains__(self, value: object) -> bool:
        return _is_listed(value, self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Whole numbers, or numbers that are not whole, from `minimum` to `maximum`.

    Both bounds are included. They count steps: of 1 for whole numbers, else of 1/`FRACTION_STEPS`. `excluded` numbers do not
    belong to the domain; `examples` are numbers from documents.
    """

    whole: bool
    minimum: int | None = None
    maximum: int | None = None
    excluded: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def steps(self) -> int:
        """How many steps make one."""
        return 1 if self.whole else FRACTION_STEPS

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Numbers | Enumeration"]:
        """Yield the numbers for which a keyword holds, or does not hold."""
        del narrow
        limit = schema[keyword]
        if keyword in {"enum", "const"}:
            yield from _listed_or_not(self, limit if keyword == "enum" else [limit], holds=holds)
        elif keyword == "type":
            if bool({"number", "integer" if self.whole else "number"} & {*_type_names(limit)}) is holds:
                yield self
        elif keyword == "examples":
            yield replace(self, examples=tuple(each for each in limit if each in self))
        elif bound := _bound(keyword, "value"):
            yield from self._bounded(bound, limit, holds=holds)
        else:
            yield from _checked(self, "integer" if self.whole else "number", keyword, schema, holds=holds)

    def _bounded(self, bound: Bound, limit: float, *, holds: bool) -> Iterator["Numbers"]:
        """Yield the numbers on one side of a limit."""
        edge, included = (to_fraction(limit) or Fraction(0)) * self.steps, not bound.exclusive
        if bound.lower is holds:
            minimum = ceil(edge) if included is holds else floor(edge) + 1
            bounded = replace(self, minimum=minimum if self.minimum is None else max(minimum, self.minimum))
        else:
            maximum = floor(edge) if included is holds else ceil(edge) - 1
            bounded = replace(self, maximum=maximum if self.maximum is None else min(maximum, self.maximum))
        if not bounded.is_empty:
            yield replace(bounded, examples=tuple(each for each in self.examples if each in bounded))

    @property
    def is_empty(self) -> bool:
        """Whether the domain has no numbers."""
        if self.minimum is None or self.maximum is None or self.maximum - self.minimum > len(self.excluded):
            return False
        return not any(count / self.steps in self for count in range(self.minimum, self.maximum + 1))

    def __contains__(self, value: object) -> bool:
        number = None if isinstance(value, bool) else to_fraction(value)
        if number is None or (number.denominator == 1) is not self.whole or _is_listed(value, self.excluded):
            return False
        steps = number * self.steps
        in_range = (self.minimum is None or steps >= self.minimum) and (self.maximum is None or steps <= self.maximum)
        return in_range and all(check(value) for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Texts of `min_length` to `max_length` characters that satisfy all `patterns`.

    `excluded` texts do not belong to the domain; `examples` are texts from documents.
    """

    min_length: int = 0
    max_length: int | None = None
    patterns: frozenset[PatternConstraint] = frozenset()
    excluded: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def language(self) -> Language:
        """The regular language of the texts, without regard to `excluded`."""
        return language(self.patterns, self.min_length, self.max_length)

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Texts | Enumeration"]:
        """Yield the texts for which a keyword holds, or does not hold."""
        del narrow
        limit = schema[keyword]
        if keyword in {"enum", "const"}:
            yield from _listed_or_not(self, limit if keyword == "enum" else [limit], holds=holds)
        elif keyword == "examples":
            yield replace(self, examples=tuple(each for each in limit if each in self))
        elif keyword == "pattern":
            yield from self._unless_empty(replace(self, patterns=self.patterns | {(limit, holds)}))
        elif bounded := _bound(keyword, "characters"):
            above = bounded.lower is holds
            bound = limit if holds else limit + 1 if above else limit - 1
            yield from self._unless_empty(
                replace(self, min_length=max(self.min_length, bound))
                if above
                else replace(self, max_length=bound if self.max_length is None else min(self.max_length, bound))
            )
        elif keyword != "type":
            yield from _checked(self, "string", keyword, schema, holds=holds)
        elif ("string" in _type_names(limit)) is holds:
            yield self

    @property
    def is_empty(self) -> bool:
        """Whether the domain has no texts."""
        return (self.max_length is not None and self.min_length > self.max_length) or (
            bool(self.patterns) and self.language.is_empty
        )

    @staticmethod
    def _unless_empty(texts: "Texts") -> Iterator["Texts"]:
        if not texts.is_empty:
            yield replace(texts, examples=tuple(each for each in texts.examples if each in texts))

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, str)
            and self.min_length <= len(value)
            and (self.max_length is None or len(value) <= self.max_length)
            and value not in self.excluded
            and (not self.patterns or self.language.accepts(value))
            and all(check(value) for check in self.checks)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many items of an array have to match `schema`: from `minimum` to `maximum` (None: unlimited)."""

    schema: Schema
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Arrays of `min_items` to `max_items` items from the domains `items` (None: any value).

    If `unique` is True, no two items are equal; if False, two are. Every one of `counts` holds. With `failing_item`, one item is
    from these domains instead: it is the item that fails an assertion.
    """

    items: Sequence["Domain"] | None = None
    min_items: int = 0
    max_items: int | None = None
    unique: bool | None = None
    counts: tuple[Count, ...] = ()
    failing_item: Sequence["Domain"] | None = None
    checks: tuple[Check, ...] = ()

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield the arrays for which a keyword holds, or does not hold."""
        limit = schema[keyword]
        if keyword == "items":
            yield from self.with_items(narrow, schema["items"], holds=holds)
        elif bounded := _bound(keyword, "items"):
            above = bounded.lower is holds
            bound = limit if holds else limit + 1 if above else limit - 1
            yield from self.sized(bound if above else 0, None if above else bound)
        elif keyword == "uniqueItems":
            yield from replace(self, unique=holds).sized(0 if holds else 2, None)
        elif keyword == "contains":
            minimum, maximum = schema.get("minContains", 1), schema.get("maxContains")
            ranges = [(minimum, maximum)] if holds else [(0, minimum - 1)] if minimum else []
            if not holds and maximum is not None:
                ranges.append((maximum + 1, None))
            for low, high in ranges:
                if not low or narrow(EVERYTHING if self.items is None else self.items, limit):
                    counts = (*self.counts, Count(schema=limit, minimum=low, maximum=high))
                    yield from replace(self, counts=counts).sized(low, None)
        elif keyword not in {"type", "enum", "const"}:
            yield from _checked(self, "array", keyword, schema, holds=holds)
        elif (keyword == "type" and "array" in _type_names(limit)) is holds:
            yield self

    def with_items(self, narrow: Narrowing, schema: Schema, *, holds: bool) -> Iterator["Arrays"]:
        """Narrow all items by a schema; without `holds`, yield the arrays of which one item fails it."""
        items = EVERYTHING if self.items is None else self.items
        if not holds:
            failing = items if self.failing_item is None else self.failing_item
            yield from self.with_failing_item(narrow(failing, schema, holds=False), items)
        elif self.failing_item is not None:
            yield from self.with_failing_item(narrow(self.failing_item, schema), narrow(items, schema))
        else:
            narrower = narrow(items, schema)
            yield from replace(self, items=narrower).sized(0, None if narrower else 0)

    def with_failing_item(self, failing_item: Sequence["Domain"], items: Sequence["Domain"]) -> Iterator["Arrays"]:
        """Take one item from the domains `failing_item`, and the others from `items`."""
        if failing_item:
            yield from replace(self, items=items, failing_item=failing_item).sized(1, None if items else 1)

    def sized(self, min_items: int, max_items: int | None) -> Iterator["Arrays"]:
        """Yield the arrays with a number of items in this range."""
        if max_items is None:
            max_items = self.max_items
        elif self.max_items is not None:
            max_items = min(max_items, self.max_items)
        min_items = max(min_items, self.min_items)
        if max_items is None or min_items <= max_items:
            yield replace(self, min_items=min_items, max_items=max_items)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMember:
    """A member of an object that its schema does not describe: one of `names` (any name if empty), with a value of `values`."""

    names: tuple[str, ...] = ()
    values: Sequence["Domain"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Objects with the domains of their `members` by name.

    `required` members are in every object, `absent` members in none. `closed` objects have no other members. With
    `unknown_member`, they have one that their schema does not describe.
    """

    members: Mapping[str, Sequence["Domain"]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    closed: bool = False
    unknown_member: UnknownMember | None = None
    checks: tuple[Check, ...] = ()

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield the objects for which a keyword holds, or does not hold."""
        limit = schema[keyword]
        if keyword == "properties":
            yield from self.with_properties(narrow, limit) if holds else self._failing_properties(narrow, limit)
        elif keyword == "required":
            if holds:
                yield from self.requiring(limit)
            else:
                for index, name in enumerate(limit):
                    yield from (kept for each in self.without_member(name) for kept in each.requiring(limit[:index]))
        elif keyword == "additionalProperties":
            if not (self.unknown_member if holds else self.closed):
                yield replace(self, closed=True) if holds else replace(self, unknown_member=UnknownMember())
        elif keyword not in {"type", "enum", "const"}:
            yield from _checked(self, "object", keyword, schema, holds=holds)
        elif (keyword == "type" and "object" in _type_names(limit)) is holds:
            yield self

    def requiring(self, names: Iterable[str]) -> Iterator["Objects"]:
        """Yield the objects that have members of all these names."""
        required = self.required | {*names}
        if not required & self.absent:
            yield replace(self, required=required)

    def without_member(self, name: str) -> Iterator["Objects"]:
        """Yield the objects that lack a member."""
        if name not in self.required:
            yield replace(self, absent=self.absent | {name})

    def with_member(self, name: str, values: Sequence["Domain"]) -> Iterator["Objects"]:
        """Yield the objects whose member of a name has one of these values; if there are no values, those that lack it."""
        if values:
            yield replace(self, members={**self.members, name: values})
        else:
            yield from self.without_member(name)

    def with_properties(self, narrow: Narrowing, properties: Mapping[str, Schema]) -> Iterator["Objects"]:
        """Yield the objects whose members match the schemas of their names."""
        objects = self
        for name, below in properties.items():
            if name not in objects.absent:
                narrower = [*objects.with_member(name, narrow(objects.members.get(name, EVERYTHING), below))]
                if not narrower:
                    return
                objects = narrower[0]
        yield objects

    def _failing_properties(self, narrow: Narrowing, properties: Mapping[str, Schema]) -> Iterator["Objects"]:
        """Yield the objects of which one member fails its schema, and all members before it match theirs."""
        names = [*properties]
        for index, name in enumerate(names):
            values = narrow(self.members.get(name, EVERYTHING), properties[name], holds=False)
            for required in self.requiring([name]) if values else ():
                for objects in required.with_member(name, values):
                    yield from objects.with_properties(narrow, {each: properties[each] for each in names[:index]})


Domain = Enumeration | Numbers | Texts | Arrays | Objects

#: Every JSON value.
EVERYTHING: Sequence[Domain] = (
    Enumeration(values=(None,)),
    Enumeration(values=(False, True)),
    Numbers(whole=True),
    Numbers(whole=False),
    Texts(),
    Arrays(),
    Objects(),
)

_Scalar = TypeVar("_Scalar", Numbers, Texts)
_Checkable = TypeVar("_Checkable", Numbers, Texts, Arrays, Objects)


def _bound(keyword: str, measure: str) -> Bound | None:
    """Return the bound that a keyword sets on a measure; None if it sets none."""
    bound = BOUNDS.get(keyword)
    return bound if bound and bound.measure == measure else None


def _checked(domain: _Checkable, name: str, keyword: str, schema: Schema, *, holds: bool) -> Iterator[_Checkable]:
    """Yield a domain of values of one type with a check of a keyword, if the keyword may fail values of this type."""
    known = KEYWORDS.get(keyword)
    if known and known.role is Role.ASSERTION and (not known.types or name in known.types):
        yield replace(domain, checks=(*domain.checks, Check(engine=compile_schema({keyword: schema[keyword]}), holds=holds)))
    elif holds:
        yield domain


def _type_names(types: str | Sequence[str]) -> Sequence[str]:
    return [types] if isinstance(types, str) else types


def _is_listed(value: object, values: Iterable[object]) -> bool:
    """Return whether a scalar value equals one of several, by the rules of JSON: true is not 1, and 1.0 is."""
    return any(isinstance(each, bool) is isinstance(value, bool) and each == value for each in values)


def _listed_or_not(domain: _Scalar, values: Sequence[Any], *, holds: bool) -> Iterator[_Scalar | Enumeration]:
    """Yield the part of a domain that is listed in `values`; without `holds`, the part that is not."""
    if not holds:
        examples = tuple(each for each in domain.examples if not _is_listed(each, values))
        rest = replace(domain, excluded=(*domain.excluded, *values), examples=examples)
        if not rest.is_empty:
            yield rest
    elif listed := tuple(each for each in values if each in domain):
        yield Enumeration(values=listed)


def _is_kept(value: object, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> bool:
    """Return whether a keyword holds, or does not hold, for a scalar value."""
    limit = schema[keyword]
    number = None if isinstance(value, bool) else to_fraction(value)
    if isinstance(value, str) or number is not None:
        domain: Texts | Numbers = Texts() if number is None else Numbers(whole=number.denominator == 1)
        return any(value in kept for kept in domain.narrowed(keyword, schema, narrow, holds=holds))
    if keyword in {"enum", "const"}:
        return _is_listed(value, limit if keyword == "enum" else [limit]) is holds
    return (keyword != "type" or ("null" if value is None else "boolean") in _type_names(limit)) is holds
