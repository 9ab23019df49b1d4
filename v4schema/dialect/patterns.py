"""Regular expressions of the dialect, matched in time that is linear in the text, whatever the expression.

Python's `re` tries one way after another: an expression such as ``^a+a*$`` takes the square of the length of a text, and others
take far more. Here all ways are followed at once (Glushkov's automaton, made deterministic as far as texts need it), so that
each letter of a text is read once.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

#: An expression of more letters than this, repetitions written out, is refused.
_MOST_LETTERS = 500
#: When there are more states than this, they are forgotten and made anew.
_MOST_STATES = 1_000
#: What stands before the first letter.
_BEGIN = 0
_LAST_CHARACTER = 0x10FFFF
#: What stands in braces: how often at least, and at most, or without end.
_COUNTS = re.compile("([0-9]{1,4})(?:(,)([0-9]{1,4})?)?}")
#: What has a meaning of its own outside a class.
_SIGNS = frozenset("\\^$.[](){}|*+?")
#: What engines read in different ways within a class.
_UNSURE = ("\\", "[", "&&", "--", "~~")
#: What of `bounded` expressions is one character, and what they are made of.
_ONE = r"[^\\\[\]*+?{}()|]|\\[-.bdswDSW]|\[\^?(?:[^\\\[\]]|\\[-dswDSW])+\]"
_BOUNDED = re.compile(rf"(?:(?:{_ONE})(?:[{{][0-9]{{1,2}}(?:,[0-9]{{1,2}})?[}}])?\??|\((?:\?(?:[:=!]|<[=!]|i\)))?|\)\??|[|])*")
_RANGES = re.compile("[{]([0-9]+),([0-9]+)[}]")
_CHOICES = re.compile(r"[|]|(?<!\()\?")
_MOST_WAYS = 10_000
_REPETITIONS = {"?": (0, 1), "*": (0, None), "+": (1, None)}

#: The characters that a letter of an expression stands for: ranges of code points.
_Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression: whether it can be empty, and the letters that it can begin and end with, by number."""

    empty: bool
    first: frozenset[int]
    last: frozenset[int]


#: Makes a part with letters of its own, so that what is repeated can be made several times.
_Make = Callable[[], _Part]
_NOTHING = _Part(empty=True, first=frozenset(), last=frozenset())


@dataclass(slots=True, eq=False)
class _State:
    """Where in an expression a text may have come to: the letters read last, and the states that further letters lead to."""

    at: frozenset[int]
    accepts: bool
    ways: dict[int, "_State"] = field(default_factory=dict)


class Pattern:
    """A regular expression as JSON Schema has it: searched for, unless ``^`` and ``$`` tie it to the ends of the text.

    It has groups, ``|``, classes without escapes, and the repetitions ``? * + {2} {2,} {2,5}``. Raises `ValueError`, which says
    why, for anything else: what engines read in different ways, or cannot match in linear time.

    >>> Pattern("^[a-z]+(-[a-z]+)*$").matches("all-over")
    True
    >>> Pattern("^(a+)+$").matches("a" * 100_000 + "!")
    False
    """

    def __init__(self, expression: str) -> None:
        self._text = expression.removeprefix("^")
        self._begins = len(self._text) < len(expression)
        self._ends = self._text.endswith("$")
        self._text = self._text.removesuffix("$")
        self._here = 0
        self._letters: list[_Ranges] = [()]
        self._follow: list[set[int]] = [set()]
        try:
            ways = self._ways() if self._text else []
            if self._here < len(self._text):
                raise ValueError("a bracket is closed that is not opened")
            if len(ways) > 1 and (self._begins or self._ends):
                raise ValueError("what ^ and $ are to tie to the ends stands in brackets, where there are several ways")
            whole = _beside([make() for make in ways]) if ways else _NOTHING
        except RecursionError:
            raise ValueError("brackets stand too deep within one another") from None
        self._follow[_BEGIN].update(whole.first)
        self._finals = whole.last | ({_BEGIN} if whole.empty else frozenset())
        edges = {edge for ranges in self._letters for low, high in ranges for edge in (low, high + 1)}
        self._cuts = [chr(edge) for edge in sorted(edges) if edge <= _LAST_CHARACTER]
        self._states: dict[frozenset[int], _State] = {}
        self._start = self._state(frozenset({_BEGIN}))

    def matches(self, text: Iterable[str]) -> bool:
        """Tell whether a text, which is read letter by letter, matches."""
        state, cuts = self._start, self._cuts
        for letter in text:
            if state.accepts and not self._ends:
                return True
            kind = bisect_right(cuts, letter)
            state = state.ways.get(kind) or self._next(state, kind)
            if not state.at:
                return False
        return state.accepts

    def _next(self, state: _State, kind: int) -> _State:
        """Find the state that a letter leads to; those of one kind lie between the same cuts."""
        point = ord(self._cuts[kind - 1]) if kind else 0
        after = {each for before in state.at for each in self._follow[before]}
        at = {each for each in after if any(low <= point <= high for low, high in self._letters[each])}
        state.ways[kind] = found = self._state(frozenset(at if self._begins else at | {_BEGIN}))
        return found

    def _state(self, at: frozenset[int]) -> _State:
        if len(self._states) >= _MOST_STATES:
            for each in (self._start, *self._states.values()):
                each.ways.clear()
            self._states.clear()
        return self._states.setdefault(at, _State(at, not self._finals.isdisjoint(at)))

    # What is read of an expression: ways beside one another, parts behind one another, and what a part is.

    def _ways(self) -> list[_Make]:
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        return ways

    def _sequence(self) -> _Make:
        parts = []
        while self._here < len(self._text) and self._text[self._here] not in "|)":
            parts.append(self._repeated(self._part()))
        if not parts:
            raise ValueError("a way is empty; what may be missing is followed by ?")
        return lambda: self._joined(make() for make in parts)

    def _part(self) -> _Make:
        if self._take("("):
            ways = self._ways()
            if not self._take(")"):
                raise ValueError("a bracket is not closed")
            return lambda: _beside([make() for make in ways])
        if self._take("["):
            return self._class()
        sign = self._text[self._here]
        if sign in _SIGNS:
            raise ValueError(f"{sign!r} is not taken here; as a character it stands in a class")
        self._here += 1
        return lambda: self._letter(((ord(sign), ord(sign)),))

    def _class(self) -> _Make:
        negated = self._take("^")
        end = self._text.find("]", self._here)
        inside = self._text[self._here : end]
        if end <= self._here or any(each in inside for each in _UNSURE):
            raise ValueError("a class has characters and ranges in it, and no escapes")
        self._here = end + 1
        ranges = []
        while inside:
            several = inside[1:2] == "-" and len(inside) >= len("a-z")
            told, inside = (inside[:3], inside[3:]) if several else (inside[0], inside[1:])
            if told[-1] < told[0]:
                raise ValueError(f"there is nothing in {told}")
            ranges.append((ord(told[0]), ord(told[-1])))
        meant = _others(ranges) if negated else tuple(ranges)
        return lambda: self._letter(meant)

    def _repeated(self, make: _Make) -> _Make:
        """Read how often a part stands, if it says so."""
        sign = self._text[self._here : self._here + 1]
        if sign in _REPETITIONS:
            self._here += 1
            least, most = _REPETITIONS[sign]
        elif self._take("{"):
            counts = _COUNTS.match(self._text, self._here)
            if counts is None:
                raise ValueError("{ is not followed by how often something stands")
            self._here = counts.end()
            least, most = int(counts[1]), int(counts[3]) if counts[3] else None if counts[2] else int(counts[1])
        else:
            return make
        if not max(1, least) <= (least or 1 if most is None else most) <= _MOST_LETTERS:
            raise ValueError(f"something is repeated never, or more than {_MOST_LETTERS} times")
        return lambda: self._times(make, least, most)

    def _take(self, sign: str) -> bool:
        there = self._text.startswith(sign, self._here)
        self._here += there
        return there

    # What is made of it: letters, and which may follow which.

    def _letter(self, ranges: _Ranges) -> _Part:
        if len(self._letters) > _MOST_LETTERS:
            raise ValueError(f"it has more than {_MOST_LETTERS} letters, repetitions written out")
        self._letters.append(ranges)
        self._follow.append(set())
        only = frozenset({len(self._letters) - 1})
        return _Part(empty=False, first=only, last=only)

    def _joined(self, parts: Iterable[_Part]) -> _Part:
        whole = _NOTHING
        for part in parts:
            for each in whole.last:
                self._follow[each] |= part.first
            whole = _Part(
                empty=whole.empty and part.empty,
                first=whole.first | part.first if whole.empty else whole.first,
                last=whole.last | part.last if part.empty else part.last,
            )
        return whole

    def _times(self, make: _Make, least: int, most: int | None) -> _Part:
        """Make a part so often as it may stand: what it must be, and then, one within the other, what it may be."""
        must = self._joined(make() for _ in range(least))
        may = _NOTHING
        if most is None:
            part = make()
            for each in part.last:
                self._follow[each] |= part.first
            may = _beside([part, _NOTHING])
        for _ in range((most or least) - least):
            may = _beside([self._joined([make(), may]), _NOTHING])
        return self._joined([must, may])


def _beside(ways: list[_Part]) -> _Part:
    """Return what is either of several parts."""
    return _Part(
        empty=any(way.empty for way in ways),
        first=frozenset().union(*(way.first for way in ways)),
        last=frozenset().union(*(way.last for way in ways)),
    )


def _others(ranges: Iterable[tuple[int, int]]) -> _Ranges:
    """Return the ranges of all other characters."""
    others, low = [], 0
    for start, end in sorted(ranges):
        if low < start:
            others.append((low, start - 1))
        low = max(low, end + 1)
    return (*others, (low, _LAST_CHARACTER)) if low <= _LAST_CHARACTER else tuple(others)


@lru_cache(maxsize=1024)
def bounded(expression: str) -> re.Pattern[str]:
    """Return an expression of Python's `re` that may be searched for in any text: at each place it ends after some steps.

    What is repeated is a character, a class or an escape, up to a number of times, and an expression has only so many ways to
    match. Raises `ValueError`, which says why, for any other.
    """
    if not _BOUNDED.fullmatch(expression):
        raise ValueError("only characters, classes and escapes are repeated, with ? or up to a number, such as {0,39}")
    ways: int = 1 << len(_CHOICES.findall(expression))
    for least, most in _RANGES.findall(expression):
        ways *= int(most) - int(least) + 1
    if ways > _MOST_WAYS:
        raise ValueError(f"it has more than {_MOST_WAYS:,} ways to match: a choice doubles them, a range multiplies them")
    try:
        return re.compile(expression)
    except re.error as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Pattern:
    """Return the pattern of an expression; made once. Raises `ValueError` as `Pattern` does."""
    return Pattern(expression)
