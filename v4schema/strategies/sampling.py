"""Turns domains into Hypothesis strategies. The simplest values come first, so that examples shrink to simple ones."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from random import Random
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from v4schema.dialect.fields import Schema
from v4schema.document.pointer import EVERY, Place
from v4schema.strategies.domains import (
    EVERYTHING,
    FRACTION_STEPS,
    Arrays,
    Count,
    Domain,
    Enumeration,
    Numbers,
    Objects,
    Texts,
)
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.regular_languages import Language

#: How far numbers without a bound are drawn from 0, and others from their only bound.
_NUMBER_RANGE = 10**7
#: How many items an array has at most above its minimum, unless it is drawn as long as possible.
_EXTRA_ITEMS = 3
#: How many letters a text has at most above its minimum.
_EXTRA_LETTERS = 8
#: How many texts of a language are generated in advance.
_POOL_SIZE = 24

#: A strategy for items, and, for each count of the array, whether these items count.
ItemGroup = tuple[SearchStrategy[Any], tuple[bool, ...]]
#: Every letter but surrogates, which JSON text cannot have.
_LETTERS = st.characters(exclude_categories=["Cs"])
#: Values without a schema.
_ANY_SCALAR: SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-_NUMBER_RANGE, _NUMBER_RANGE) | st.text(_LETTERS, max_size=8)
)


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """The item of an array that fails an assertion, until `unmark` has found its index."""

    value: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampler:
    """Makes strategies.

    `texts` are texts as people write them, `letters` are drawn for "any other letter" of a pattern, and `names` are names that no
    field has.
    """

    texts: Sequence[str]
    letters: Sequence[str]
    names: Sequence[str]
    narrow: Narrower
    _cache: dict[int, tuple[Sequence[Domain], SearchStrategy[Any]]] = field(default_factory=dict)  # by identity

    def values(self, domains: Sequence[Domain]) -> SearchStrategy[Any]:
        """Values from any of several domains."""
        if id(domains) not in self._cache:
            simplest_first = sorted(domains, key=lambda domain: not getattr(domain, "examples", ()))
            self._cache[id(domains)] = domains, st.one_of(*map(self._domain, simplest_first))
        return self._cache[id(domains)][1]

    def accepted_by(self, schema: Schema) -> SearchStrategy[Any]:
        """Values that a schema accepts."""
        return self.values(self.narrow(EVERYTHING, schema))

    def _domain(self, domain: Domain) -> SearchStrategy[Any]:
        if isinstance(domain, Enumeration):
            return st.sampled_from(domain.values)
        drawn = self._unchecked(domain)
        if not domain.checks:
            return drawn
        return drawn.filter(lambda value: all(check(without_marks(value)) for check in domain.checks))

    def _unchecked(self, domain: Numbers | Texts | Arrays | Objects) -> SearchStrategy[Any]:
        """Values of a domain, without regard to its checks."""
        if isinstance(domain, Numbers):
            return _numbers(domain)
        if isinstance(domain, Texts):
            return self._texts(domain)
        if isinstance(domain, Arrays):
            return self._arrays(domain)
        return self._objects(domain)

    def _texts(self, domain: Texts) -> SearchStrategy[str]:
        """Texts from documents, texts as people write them, and any others."""
        samples = [*domain.examples, *(text for text in self.texts if text in domain)]
        if domain.patterns:
            pool = st.sampled_from(text_pool(domain.language, tuple(self.letters)))
            drawn = pool | pool | pool | matching_texts(domain, tuple(self.letters))
        else:
            longest = domain.min_length + _EXTRA_LETTERS
            drawn = st.text(
                _LETTERS,
                min_size=domain.min_length,
                max_size=longest if domain.max_length is None else min(domain.max_length, longest),
            )
            if domain.max_length is not None and domain.max_length > longest:
                drawn |= st.sampled_from(self.letters).map(lambda letter: letter * (domain.max_length or 0))
        if domain.excluded:
            drawn = drawn.filter(lambda text: text not in domain.excluded)
        return st.sampled_from(samples) | drawn if samples else drawn

    def _arrays(self, domain: Arrays) -> SearchStrategy[list[Any]]:
        """Arrays of a few items or of as many as possible; where items are counted, with the right number of each group."""
        items = self.values(domain.items) if domain.items else st.nothing() if domain.items is not None else _ANY_SCALAR
        smallest = domain.min_items
        largest = smallest + _EXTRA_ITEMS if domain.max_items is None else min(domain.max_items, smallest + _EXTRA_ITEMS)
        if domain.counts or domain.failing_item is not None or domain.unique is False:
            groups = self._groups(EVERYTHING if domain.items is None else domain.items, domain.counts)
            failing = [] if domain.failing_item is None else self._groups(domain.failing_item, domain.counts)
            return counted_arrays(domain, smallest, largest, groups, failing)
        unique_by = canonical if domain.unique else None
        few = st.lists(items, min_size=smallest, max_size=largest, unique_by=unique_by)
        if domain.max_items is None or domain.max_items == largest:
            return few
        return few | few | few | st.lists(items, min_size=domain.max_items, max_size=domain.max_items, unique_by=unique_by)

    def _groups(self, domains: Sequence[Domain], counts: Sequence[Count]) -> list[ItemGroup]:
        """Split values into groups by the counts that they belong to."""
        groups: list[tuple[Sequence[Domain], tuple[bool, ...]]] = [(domains, ())]
        for count in counts:
            split = [
                (self.narrow(group, count.schema, holds=holds), (*matches, holds))
                for group, matches in groups
                for holds in (True, False)
            ]
            groups = [(group, matches) for group, matches in split if group]
        return [(self.values(group), matches) for group, matches in groups]

    def _objects(self, domain: Objects) -> SearchStrategy[dict[str, Any]]:
        """Objects with their required members, and any of the others that may be sent."""
        required = {name: self.values(each) for name, each in domain.members.items() if name in domain.required}
        optional = {
            name: self.values(each) for name, each in domain.members.items() if name not in domain.required | domain.absent
        }
        drawn: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(required, optional=optional)
        if not domain.members and not domain.closed:
            drawn = st.dictionaries(st.sampled_from(self.names), _ANY_SCALAR, max_size=_EXTRA_ITEMS)
        if domain.unknown_member is None:
            return drawn
        names = st.sampled_from(domain.unknown_member.names or self.names)
        values = _ANY_SCALAR if domain.unknown_member.values is None else self.values(domain.unknown_member.values)
        return st.builds(lambda members, name, value: {**members, name: value}, drawn, names, values)


@st.composite
def counted_arrays(
    draw: DrawFn, domain: Arrays, smallest: int, largest: int, groups: Sequence[ItemGroup], failing: Sequence[ItemGroup]
) -> list[Any]:
    """Arrays of `smallest` to about `largest` items in which items are counted, one item fails an assertion, or two are equal."""
    totals = [0] * len(domain.counts)
    drawn: list[Any] = []

    def open_groups(among: Sequence[ItemGroup]) -> list[ItemGroup]:
        """Return the groups from which another item may be drawn."""
        limits = [inf if count.maximum is None else count.maximum for count in domain.counts]
        return [
            group
            for group in among
            if all(total + counts <= limit for total, counts, limit in zip(totals, group[1], limits, strict=True))
        ]

    def add(among: Sequence[ItemGroup], wrap: Callable[[Any], Any] = lambda value: value) -> None:
        candidates = open_groups(among)
        assume(candidates)  # several counts may contradict each other
        values, matches = draw(st.sampled_from(candidates))
        fresh = values.filter(lambda value: canonical(value) not in map(canonical, drawn)) if domain.unique else values
        drawn.insert(draw(st.integers(0, len(drawn))), wrap(draw(fresh)))
        totals[:] = [total + counts for total, counts in zip(totals, matches, strict=True)]

    if failing:
        add(failing, MarkedItem)
    for index, count in enumerate(domain.counts):
        while totals[index] < count.minimum:
            add([group for group in groups if group[1][index]])
    size = draw(st.integers(smallest, max(smallest, largest))) - (domain.unique is False)
    while len(drawn) < size and open_groups(groups):
        add(groups)
    if domain.unique is False:
        drawn.append(draw(st.sampled_from(drawn)))
    assume(len(drawn) >= smallest)
    return drawn


@st.composite
def matching_texts(draw: DrawFn, texts: Texts, letters: Sequence[str]) -> str:
    """Texts of a domain, letter by letter, without dead ends."""
    return _generate(texts.language, letters, lambda among: among[draw(_index_below(len(among)))] if len(among) > 1 else among[0])


@lru_cache(maxsize=256)
def _index_below(count: int) -> SearchStrategy[int]:
    """Return the strategy of an index: made once, because a text draws one for each of its letters."""
    return st.integers(0, count - 1)


@lru_cache(maxsize=1024)
def text_pool(texts: Language, letters: tuple[str, ...]) -> Sequence[str]:
    """Return some texts of a language, the shortest first. Choosing one is faster than drawing its letters."""
    shortest = _generate(texts, letters, lambda among: among[0])
    others = {_generate(texts, letters, Random(seed).choice) for seed in range(_POOL_SIZE)}  # noqa: S311  (nothing is secret here)
    return [shortest, *sorted(others - {shortest}, key=lambda text: (len(text), text))]


def _generate(texts: Language, letters: Sequence[str], choose: Callable[[Sequence[Any]], Any]) -> str:
    """Generate a text of a language by choices: whether to stop, the next state, and the letter that leads there."""
    others = [letter for letter in letters if letter not in texts.named_letters]
    state, text = texts.machine.initial, ""
    longest = texts.letters_left[state] + _EXTRA_LETTERS
    while True:
        moves = [move for move in texts.moves[state] if len(text) + 1 + texts.letters_left[move[1]] <= longest]
        if not moves or (not texts.letters_left[state] and choose((True, False))):
            return text
        named, state = choose(moves)
        text += choose([*filter(None, named), *(others if "" in named else ())])


def _numbers(domain: Numbers) -> SearchStrategy[Any]:
    """Numbers from documents, the bounds, and any numbers between them."""
    if domain.minimum is not None:
        smallest = domain.minimum
        largest = smallest + _NUMBER_RANGE * domain.steps if domain.maximum is None else domain.maximum
    else:
        largest = _NUMBER_RANGE * domain.steps if domain.maximum is None else domain.maximum
        smallest = largest - _NUMBER_RANGE * domain.steps if domain.maximum is not None else 0
    edges = [edge for edge in (domain.minimum, domain.maximum) if edge is not None and edge / domain.steps in domain]
    counts = st.sampled_from(edges) | st.integers(smallest, largest) if edges else st.integers(smallest, largest)
    numbers = counts if domain.whole else counts.map(lambda count: _not_whole(count, largest) / domain.steps)
    if domain.excluded:
        numbers = numbers.filter(lambda number: number in domain)
    return st.sampled_from(domain.examples) | numbers if domain.examples else numbers


def _not_whole(count: int, largest: int) -> int:
    """Return a count of steps, or the next one, that makes no whole number."""
    return count if count % FRACTION_STEPS else count + 1 if count < largest else count - 1


def canonical(value: object) -> str:
    """Write a JSON value so that equal values have equal texts; a marked item is written as its value."""
    return json.dumps(value.value if isinstance(value, MarkedItem) else value, sort_keys=True)


def without_marks(value: Any) -> Any:  # noqa: ANN401  (an ad, or any part of one)
    """Return a value with all marked items replaced by their values."""
    if isinstance(value, dict):
        return {name: without_marks(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_marks(item.value if isinstance(item, MarkedItem) else item) for item in value]
    return value


def unmark(value: Any, at: Sequence[str]) -> tuple[Any, Place]:  # noqa: ANN401  (an ad, or any part of one)
    """Return a value with its marked items replaced by their values, and the place `at` with their indexes for each ``*``."""
    if not at:
        return value, ()
    token, *rest = at
    if token == EVERY:
        index = next(index for index, item in enumerate(value) if isinstance(item, MarkedItem))
        inner, place = unmark(value[index].value, rest)
        return [*value[:index], inner, *value[index + 1 :]], (index, *place)
    inner, place = unmark(value[token], rest)
    return {**value, token: inner}, (token, *place)
