"""What a schema takes, as sets of values: each of one type and within bounds, made narrower by one assertion after another.

The keywords of JSON Schema that may fail a value of a type are the methods of its domain's table; any other keyword holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any, Protocol, TypeVar

from v4schema.catalogue.quantities import to_fraction
from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import BOUNDS, Bound
from v4schema.strategies.regular_languages import Demand, Language, language

#: How finely numbers are drawn that are not whole.
FINE = 1000


class Narrowing(Protocol):
    """Returns those values of some domains for which a schema holds, or does not."""

    def __call__(self, domains: Iterable["Domain"], schema: Schema, *, holds: bool = True) -> Sequence["Domain"]:
        """Narrow domains by a schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Values that are listed: null, truth values, and what an enum lists."""

    listed: tuple[Any, ...]

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield what is left of the values for which a keyword holds, or does not."""
        left = tuple(value for value in self.listed if _keeps(value, keyword, schema, narrow, holds=holds))
        if left:
            yield Values(listed=left)

    def __contains__(self, value: object) -> bool:
        return _is_listed(value, self.listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Whole numbers, or such as are not, from `least` to `most`, both counted in steps of one, or of a thousandth.

    `barred` are excepted; `examples` are numbers that documents show.
    """

    whole: bool
    least: int | None = None
    most: int | None = None
    barred: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()

    @property
    def steps(self) -> int:
        """How many steps make one."""
        return 1 if self.whole else FINE

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Numbers | Values"]:
        """Yield what is left of the numbers for which a keyword holds, or does not."""
        del narrow
        limit = schema[keyword]
        if keyword in {"enum", "const"}:
            yield from _chosen(self, limit if keyword == "enum" else [limit], holds=holds)
        elif keyword == "type":
            if bool({"number", "integer" if self.whole else "number"} & {*_names(limit)}) is holds:
                yield self
        elif keyword == "examples":
            yield replace(self, examples=tuple(each for each in limit if each in self))
        elif bound := _bound(keyword, "value"):
            yield from self._bounded(bound, limit, holds=holds)
        elif holds:
            yield self

    def _bounded(self, bound: Bound, limit: float, *, holds: bool) -> Iterator["Numbers"]:
        """Keep to one side of a limit."""
        edge, included = (to_fraction(limit) or Fraction(0)) * self.steps, not bound.exclusive
        if bound.lower is holds:
            least = ceil(edge) if included is holds else floor(edge) + 1
            bounded = replace(self, least=least if self.least is None else max(least, self.least))
        else:
            most = floor(edge) if included is holds else ceil(edge) - 1
            bounded = replace(self, most=most if self.most is None else min(most, self.most))
        if not bounded.empty:
            yield replace(bounded, examples=tuple(each for each in self.examples if each in bounded))

    @property
    def empty(self) -> bool:
        """Whether there is no such number."""
        if self.least is None or self.most is None or self.most - self.least > len(self.barred):
            return False
        return not any(count / self.steps in self for count in range(self.least, self.most + 1))

    def __contains__(self, value: object) -> bool:
        number = None if isinstance(value, bool) else to_fraction(value)
        if number is None or (number.denominator == 1) is not self.whole or _is_listed(value, self.barred):
            return False
        steps = number * self.steps
        return (self.least is None or steps >= self.least) and (self.most is None or steps <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Texts of `least` to `most` letters that do with patterns what is demanded; `barred` are excepted."""

    least: int = 0
    most: int | None = None
    demands: frozenset[Demand] = frozenset()
    barred: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()

    @property
    def language(self) -> Language:
        """The texts, as a machine that reads them."""
        return language(self.demands, self.least, self.most)

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Texts | Values"]:
        """Yield what is left of the texts for which a keyword holds, or does not."""
        del narrow
        limit = schema[keyword]
        if keyword in {"enum", "const"}:
            yield from _chosen(self, limit if keyword == "enum" else [limit], holds=holds)
        elif keyword == "examples":
            yield replace(self, examples=tuple(each for each in limit if each in self))
        elif keyword == "pattern":
            yield from self._left(replace(self, demands=self.demands | {(limit, holds)}))
        elif bounded := _bound(keyword, "characters"):
            above = bounded.lower is holds
            bound = limit if holds else limit + 1 if above else limit - 1
            yield from self._left(
                replace(self, least=max(self.least, bound))
                if above
                else replace(self, most=bound if self.most is None else min(self.most, bound))
            )
        elif ("string" in _names(limit) if keyword == "type" else True) is holds:
            yield self

    @property
    def empty(self) -> bool:
        """Whether there is no such text."""
        return (self.most is not None and self.least > self.most) or (bool(self.demands) and self.language.empty)

    @staticmethod
    def _left(texts: "Texts") -> Iterator["Texts"]:
        if not texts.empty:
            yield replace(texts, examples=tuple(each for each in texts.examples if each in texts))

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, str)
            and self.least <= len(value)
            and (self.most is None or len(value) <= self.most)
            and value not in self.barred
            and (not self.demands or self.language.holds(value))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many items of an array have to be of some kind: those for which `schema` holds."""

    schema: Schema
    least: int
    most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Arrays of `least` to `most` items out of `items`.

    With `unique` none stands twice; where that is False, one does. Of some kinds there are so many as `counts` say. With `odd`
    one item is out of that instead.
    """

    items: Sequence["Domain"] | None = None
    least: int = 0
    most: int | None = None
    unique: bool | None = None
    counts: tuple[Count, ...] = ()
    odd: Sequence["Domain"] | None = None

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield what is left of the arrays for which a keyword holds, or does not."""
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
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            ranges = [(least, most)] if holds else [(0, least - 1)] if least else []
            if not holds and most is not None:
                ranges.append((most + 1, None))
            for low, high in ranges:
                if not low or narrow(EVERYTHING if self.items is None else self.items, limit):
                    counts = (*self.counts, Count(schema=limit, least=low, most=high))
                    yield from replace(self, counts=counts).sized(low, None)
        elif ("array" in _names(limit) if keyword == "type" else keyword not in {"enum", "const"}) is holds:
            yield self

    def with_items(self, narrow: Narrowing, schema: Schema, *, holds: bool) -> Iterator["Arrays"]:
        """Narrow the items by a schema; where it is not to hold, it does not for one of them."""
        items = EVERYTHING if self.items is None else self.items
        if not holds:
            yield from self.with_odd(narrow(items if self.odd is None else self.odd, schema, holds=False), items)
        elif self.odd is not None:
            yield from self.with_odd(narrow(self.odd, schema), narrow(items, schema))
        else:
            narrower = narrow(items, schema)
            yield from replace(self, items=narrower).sized(0, None if narrower else 0)

    def with_odd(self, odd: Sequence["Domain"], items: Sequence["Domain"]) -> Iterator["Arrays"]:
        """Let one item be odd, and the others be as they should."""
        if odd:
            yield from replace(self, items=items, odd=odd).sized(1, None if items else 1)

    def sized(self, least: int, most: int | None) -> Iterator["Arrays"]:
        """Keep to arrays of a size."""
        most = self.most if most is None else most if self.most is None else min(most, self.most)
        least = max(least, self.least)
        if most is None or least <= most:
            yield replace(self, least=least, most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMember:
    """A member of an object that its schema does not describe: one of some names, or any that is not known, and its value."""

    names: tuple[str, ...] = ()
    values: Sequence["Domain"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Objects with what `members` may be, of which some are `required` and some `absent`; `closed` ones have no others.

    With `stray` there is one that is not described.
    """

    members: Mapping[str, Sequence["Domain"]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    closed: bool = False
    stray: UnknownMember | None = None

    def narrowed(self, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> Iterator["Domain"]:
        """Yield what is left of the objects for which a keyword holds, or does not."""
        limit = schema[keyword]
        if keyword == "properties":
            yield from self.with_members(narrow, limit) if holds else self._without(narrow, limit)
        elif keyword == "required":
            if holds:
                yield from self.requiring(limit)
            else:
                for index, name in enumerate(limit):
                    yield from (left for each in self.lacking(name) for left in each.requiring(limit[:index]))
        elif keyword == "additionalProperties":
            if not (self.stray if holds else self.closed):
                yield replace(self, closed=True) if holds else replace(self, stray=UnknownMember())
        elif ("object" in _names(limit) if keyword == "type" else keyword not in {"enum", "const"}) is holds:
            yield self

    def requiring(self, names: Iterable[str]) -> Iterator["Objects"]:
        """Require members of some names."""
        required = self.required | {*names}
        if not required & self.absent:
            yield replace(self, required=required)

    def lacking(self, name: str) -> Iterator["Objects"]:
        """Leave a member out."""
        if name not in self.required:
            yield replace(self, absent=self.absent | {name})

    def having(self, name: str, values: Sequence["Domain"]) -> Iterator["Objects"]:
        """Let a member be one of some values; where there are none, it is left out."""
        if values:
            yield replace(self, members={**self.members, name: values})
        else:
            yield from self.lacking(name)

    def with_members(self, narrow: Narrowing, described: Mapping[str, Schema]) -> Iterator["Objects"]:
        """Let members be such as is described, where they are there."""
        left = self
        for name, below in described.items():
            if name not in left.absent:
                narrower = [*left.having(name, narrow(left.members.get(name, EVERYTHING), below))]
                if not narrower:
                    return
                left = narrower[0]
        yield left

    def _without(self, narrow: Narrowing, described: Mapping[str, Schema]) -> Iterator["Objects"]:
        """Let one member be such as is not described, after those for which the description holds."""
        names = [*described]
        for index, name in enumerate(names):
            values = narrow(self.members.get(name, EVERYTHING), described[name], holds=False)
            for each in self.requiring([name]) if values else ():
                for other in each.having(name, values):
                    yield from other.with_members(narrow, {each: described[each] for each in names[:index]})


Domain = Values | Numbers | Texts | Arrays | Objects

#: Every value of JSON.
EVERYTHING: Sequence[Domain] = (
    Values(listed=(None,)),
    Values(listed=(False, True)),
    Numbers(whole=True),
    Numbers(whole=False),
    Texts(),
    Arrays(),
    Objects(),
)

_Scalar = TypeVar("_Scalar", Numbers, Texts)


def _bound(keyword: str, measure: str) -> Bound | None:
    """Return the bound that a keyword sets on a measure, if it does."""
    bound = BOUNDS.get(keyword)
    return bound if bound and bound.measure == measure else None


def _names(types: str | Sequence[str]) -> Sequence[str]:
    return [types] if isinstance(types, str) else types


def _is_listed(value: object, listed: Iterable[object]) -> bool:
    """Tell whether JSON counts a value that holds no others among some: true is not 1, and 1.0 is."""
    return any(isinstance(each, bool) is isinstance(value, bool) and each == value for each in listed)


def _chosen(domain: _Scalar, listed: Sequence[Any], *, holds: bool) -> Iterator[_Scalar | Values]:
    """Keep to what is listed, or to what is not."""
    if not holds:
        shown = tuple(each for each in domain.examples if not _is_listed(each, listed))
        left = replace(domain, barred=(*domain.barred, *listed), examples=shown)
        if not left.empty:
            yield left
    elif chosen := tuple(each for each in listed if each in domain):
        yield Values(listed=chosen)


def _keeps(value: object, keyword: str, schema: Schema, narrow: Narrowing, *, holds: bool) -> bool:
    """Tell whether a keyword holds, or does not, for a value that holds no others."""
    limit = schema[keyword]
    number = None if isinstance(value, bool) else to_fraction(value)
    if isinstance(value, str) or number is not None:
        home: Texts | Numbers = Texts() if number is None else Numbers(whole=number.denominator == 1)
        return any(value in left for left in home.narrowed(keyword, schema, narrow, holds=holds))
    if keyword in {"enum", "const"}:
        return _is_listed(value, limit if keyword == "enum" else [limit]) is holds
    return (keyword != "type" or ("null" if value is None else "boolean") in _names(limit)) is holds
