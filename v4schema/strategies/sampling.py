"""From domains to strategies of Hypothesis: values out of them, the plainest first, so that they shrink to what is plain."""

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
from v4schema.strategies.domains import EVERYTHING, FINE, Arrays, Count, Domain, Numbers, Objects, Texts, Values
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.regular_languages import Language

#: Numbers without a bound are drawn up to here, and from a bound on, so far.
_FAR = 10**7
#: Arrays without a bound have at most so many items, and those with one usually so many more than it takes.
_FEW = 3
#: Texts of a language are drawn up to so many letters longer than its shortest.
_LONGER = 8
#: So many of them are held ready.
_WALKS = 24

#: Values of a kind, with what they count for.
Sort = tuple[SearchStrategy[Any], tuple[bool, ...]]
#: Every letter but surrogates, which no text of JSON has.
_LETTERS = st.characters(exclude_categories=["Cs"])
#: Values of which nothing is known.
_SIMPLE: SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-_FAR, _FAR) | st.text(_LETTERS, max_size=8)


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """The odd item of an array, until its place is told."""

    value: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampler:
    """Makes strategies. `texts` are such as people write, `letters` what stands for any letter, `names` are of no field."""

    texts: Sequence[str]
    letters: Sequence[str]
    names: Sequence[str]
    narrow: Narrower
    _known: dict[int, tuple[Sequence[Domain], SearchStrategy[Any]]] = field(default_factory=dict)

    def values(self, domains: Sequence[Domain]) -> SearchStrategy[Any]:
        """Values out of some domains."""
        if id(domains) not in self._known:
            plainest_first = sorted(domains, key=lambda domain: not getattr(domain, "examples", ()))
            self._known[id(domains)] = domains, st.one_of(*map(self._domain, plainest_first))
        return self._known[id(domains)][1]

    def taking(self, schema: Schema) -> SearchStrategy[Any]:
        """Values that a schema takes."""
        return self.values(self.narrow(EVERYTHING, schema))

    def _domain(self, domain: Domain) -> SearchStrategy[Any]:
        if isinstance(domain, Values):
            return st.sampled_from(domain.listed)
        if isinstance(domain, Numbers):
            return _numbers(domain)
        if isinstance(domain, Texts):
            return self._texts(domain)
        if isinstance(domain, Arrays):
            return self._arrays(domain)
        return self._objects(domain)

    def _texts(self, domain: Texts) -> SearchStrategy[str]:
        """Texts: what documents show, what people write, and any other."""
        shown = [*domain.examples, *(text for text in self.texts if text in domain)]
        if domain.demands:
            pool = st.sampled_from(walks(domain.language, tuple(self.letters)))
            drawn = pool | pool | pool | words(domain, tuple(self.letters))
        else:
            drawn = st.text(
                _LETTERS,
                min_size=domain.least,
                max_size=domain.least + _LONGER if domain.most is None else min(domain.most, domain.least + _LONGER),
            )
            if domain.most is not None and domain.most > domain.least + _LONGER:
                drawn |= st.sampled_from(self.letters).map(lambda letter: letter * (domain.most or 0))
        if domain.barred:
            drawn = drawn.filter(lambda text: text not in domain.barred)
        return st.sampled_from(shown) | drawn if shown else drawn

    def _arrays(self, domain: Arrays) -> SearchStrategy[list[Any]]:
        """Arrays: a few items, or as many as there may be; where items are counted by their kind, of each kind so many."""
        items = self.values(domain.items) if domain.items else st.nothing() if domain.items is not None else _SIMPLE
        least, most = domain.least, domain.least + _FEW if domain.most is None else min(domain.most, domain.least + _FEW)
        if domain.counts or domain.odd is not None or domain.unique is False:
            return self._counted(domain, least, most)
        by = canonical if domain.unique else None
        few = st.lists(items, min_size=least, max_size=most, unique_by=by)
        if domain.most is None or domain.most == most:
            return few
        return few | few | few | st.lists(items, min_size=domain.most, max_size=domain.most, unique_by=by)

    def _counted(self, domain: Arrays, least: int, most: int) -> SearchStrategy[list[Any]]:
        items = self._sorts(EVERYTHING if domain.items is None else domain.items, domain.counts)
        return counted(domain, least, most, items, [] if domain.odd is None else self._sorts(domain.odd, domain.counts))

    def _sorts(self, domains: Sequence[Domain], counts: Sequence[Count]) -> list[Sort]:
        """Part values by what they count for."""
        parts: list[tuple[Sequence[Domain], tuple[bool, ...]]] = [(domains, ())]
        for count in counts:
            split = [
                (self.narrow(each, count.schema, holds=sign), (*signs, sign)) for each, signs in parts for sign in (True, False)
            ]
            parts = [(each, signs) for each, signs in split if each]
        return [(self.values(each), signs) for each, signs in parts]

    def _objects(self, domain: Objects) -> SearchStrategy[dict[str, Any]]:
        """Objects: their required members, and any of the others that may be sent."""
        required = {name: self.values(each) for name, each in domain.members.items() if name in domain.required}
        optional = {
            name: self.values(each) for name, each in domain.members.items() if name not in domain.required | domain.absent
        }
        drawn: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(required, optional=optional)
        if not domain.members and not domain.closed:
            drawn = st.dictionaries(st.sampled_from(self.names), _SIMPLE, max_size=_FEW)
        if domain.stray is None:
            return drawn
        names = st.sampled_from(domain.stray.names or self.names)
        values = _SIMPLE if domain.stray.values is None else self.values(domain.stray.values)
        return st.builds(lambda whole, name, value: {**whole, name: value}, drawn, names, values)


@st.composite
def counted(draw: DrawFn, domain: Arrays, least: int, most: int, items: Sequence[Sort], odd: Sequence[Sort]) -> list[Any]:
    """Arrays of which some items are counted by their kind, or of which one is odd or stands twice."""
    had = [0] * len(domain.counts)
    drawn: list[Any] = []

    def fitting(among: Sequence[Sort]) -> list[Sort]:
        """Return the kinds of which one more may be added."""
        limits = [inf if count.most is None else count.most for count in domain.counts]
        return [
            sort for sort in among if all(so_far + one <= limit for so_far, one, limit in zip(had, sort[1], limits, strict=True))
        ]

    def add(among: Sequence[Sort], wrap: Callable[[Any], Any] = lambda value: value) -> None:
        fits = fitting(among)
        assume(fits)  # several counts may be at odds
        values, counts = draw(st.sampled_from(fits))
        fresh = values.filter(lambda value: canonical(value) not in map(canonical, drawn)) if domain.unique else values
        drawn.insert(draw(st.integers(0, len(drawn))), wrap(draw(fresh)))
        had[:] = [so_far + one for so_far, one in zip(had, counts, strict=True)]

    if odd:
        add(odd, MarkedItem)
    for index, count in enumerate(domain.counts):
        while had[index] < count.least:
            add([sort for sort in items if sort[1][index]])
    size = draw(st.integers(least, max(least, most))) - (domain.unique is False)
    while len(drawn) < size and fitting(items):
        add(items)
    if domain.unique is False:
        drawn.append(draw(st.sampled_from(drawn)))
    assume(len(drawn) >= least)
    return drawn


@st.composite
def words(draw: DrawFn, texts: Texts, letters: Sequence[str]) -> str:
    """Texts, letter by letter, never on a way that leads nowhere."""
    return _walk(texts.language, letters, lambda among: among[draw(_below(len(among)))] if len(among) > 1 else among[0])


@lru_cache(maxsize=256)
def _below(count: int) -> SearchStrategy[int]:
    """Return what draws an index: made once, since a text draws one for each of its letters."""
    return st.integers(0, count - 1)


@lru_cache(maxsize=1024)
def walks(texts: Language, letters: tuple[str, ...]) -> Sequence[str]:
    """Return some texts of a language, the shortest first: a choice among them is drawn faster than their letters are."""
    shortest = _walk(texts, letters, lambda among: among[0])
    others = {_walk(texts, letters, Random(seed).choice) for seed in range(_WALKS)}  # noqa: S311  (nothing is secret here)
    return [shortest, *sorted(others - {shortest}, key=lambda text: (len(text), text))]


def _walk(texts: Language, letters: Sequence[str], choose: Callable[[Sequence[Any]], Any]) -> str:
    """Write a text by one choice after another: whether to go on, where to, and by which letter."""
    others = [letter for letter in letters if letter not in texts.named]
    state, text = texts.machine.initial, ""
    longest = texts.missing[state] + _LONGER
    while True:
        moves = [move for move in texts.moves[state] if len(text) + 1 + texts.missing[move[1]] <= longest]
        if not moves or (not texts.missing[state] and choose((True, False))):
            return text
        known, state = choose(moves)
        text += choose([*filter(None, known), *(others if "" in known else ())])


def _numbers(domain: Numbers) -> SearchStrategy[Any]:
    """Numbers: what documents show, the bounds, and any between."""
    if domain.least is not None:
        least, most = domain.least, domain.least + _FAR * domain.steps if domain.most is None else domain.most
    else:
        most = _FAR * domain.steps if domain.most is None else domain.most
        least = most - _FAR * domain.steps if domain.most is not None else 0
    edges = [edge for edge in (domain.least, domain.most) if edge is not None and edge / domain.steps in domain]
    counts = st.sampled_from(edges) | st.integers(least, most) if edges else st.integers(least, most)
    numbers = counts if domain.whole else counts.map(lambda count: _broken(count, most) / domain.steps)
    if domain.barred:
        numbers = numbers.filter(lambda number: number in domain)
    return st.sampled_from(domain.examples) | numbers if domain.examples else numbers


def _broken(count: int, most: int) -> int:
    """Return a count of thousandths that makes no whole number: this one, or one beside it."""
    return count if count % FINE else count + 1 if count < most else count - 1


def canonical(value: object) -> str:
    """Write a JSON value so that equal ones are written alike; of an odd item, what it holds."""
    return json.dumps(value.value if isinstance(value, MarkedItem) else value, sort_keys=True)


def unmark(value: Any, at: Sequence[str]) -> tuple[Any, Place]:  # noqa: ANN401  (an ad, or any part of one)
    """Tell the place of the odd items on the way to a place, and put there what they hold."""
    if not at:
        return value, ()
    token, *rest = at
    if token == EVERY:
        index = next(index for index, item in enumerate(value) if isinstance(item, MarkedItem))
        inner, place = unmark(value[index].value, rest)
        return [*value[:index], inner, *value[index + 1 :]], (index, *place)
    inner, place = unmark(value[token], rest)
    return {**value, token: inner}, (token, *place)
