"""Regular expressions of the dialect, matched in time linear in the length of the text, whatever the expression.

Python's `re` backtracks: an expression such as ``^a+a*$`` takes quadratic time, and others take far more. This module follows all
alternatives at once (a Glushkov automaton, made deterministic lazily), so it reads each character of a text once.

A *position* is an occurrence of a character or class in the expression, with repetitions written out, numbered from 1.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

#: An expression with more positions than this is refused.
_MAX_POSITIONS = 500
#: If there are more states than this, they are dropped and made again.
_MAX_STATES = 1_000
#: The position before the first one.
_BEGIN = 0
_LAST_CODE_POINT = 0x10FFFF
#: The counts of a repetition and its closing brace: exactly, at least, or at least and at most.
_COUNTS = re.compile("([0-9]{1,4})(?:(,)([0-9]{1,4})?)?}")
#: The characters with a meaning of their own outside a class.
_SPECIAL = frozenset("\\^$.[](){}|*+?")
#: What engines interpret in different ways within a class.
_AMBIGUOUS_IN_CLASS = ("\\", "[", "&&", "--", "~~")
#: In a `bounded` expression: what can be repeated; the whole; ranges of repetitions; and what offers two alternatives.
_ONE = r"[^\\\[\]*+?{}()|]|\\[-.bdswDSW]|\[\^?(?:[^\\\[\]]|\\[-dswDSW])+\]"
_BOUNDED = re.compile(rf"(?:(?:{_ONE})(?:[{{][0-9]{{1,2}}(?:,[0-9]{{1,2}})?[}}])?\??|\((?:\?(?:[:=!]|<[=!]|i\)))?|\)\??|[|])*")
_RANGES = re.compile("[{]([0-9]+),([0-9]+)[}]")
_CHOICES = re.compile(r"[|]|(?<!\()\?")
#: A `bounded` expression with more ways to match than this is refused.
_MAX_WAYS = 10_000
#: The least and the most repetitions of each sign; None is unlimited.
_REPETITIONS = {"?": (0, 1), "*": (0, None), "+": (1, None)}

#: A set of characters: ranges of code points, both ends included.
_Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression: whether it can match nothing, and the positions that it can begin and end with."""

    nullable: bool
    first: frozenset[int]
    last: frozenset[int]


#: Makes a part with new positions, so that a repeated part can be made several times.
_MakePart = Callable[[], _Part]
_EMPTY = _Part(nullable=True, first=frozenset(), last=frozenset())


@dataclass(slots=True, eq=False)
class _State:
    """A state of the automaton: the positions that the text may have reached, and the next states by kind of character."""

    positions: frozenset[int]
    accepts: bool
    successors: dict[int, "_State"] = field(default_factory=dict)


class Pattern:
    """A regular expression as in JSON Schema: it matches anywhere in the text, unless ``^`` or ``$`` anchors it.

    It may have groups, ``|``, classes without escapes, and the repetitions ``? * + {2} {2,} {2,5}``. Anything else is interpreted
    in different ways by different engines, or cannot be matched in linear time: it raises `ValueError` with the reason.

    >>> Pattern("^[a-z]+(-[a-z]+)*$").matches("all-over")
    True
    >>> Pattern("^(a+)+$").matches("a" * 100_000 + "!")
    False
    """

    def __init__(self, expression: str) -> None:
        self._text = expression.removeprefix("^")
        self._anchored_start = len(self._text) < len(expression)
        self._anchored_end = self._text.endswith("$")
        self._text = self._text.removesuffix("$")
        self._offset = 0  # of the next character to parse
        self._characters: list[_Ranges] = [()]  # by position
        self._follow: list[set[int]] = [set()]  # by position, the positions that can come next
        try:
            alternatives = self._alternatives() if self._text else []
            if self._offset < len(self._text):
                raise ValueError("there is a closing bracket without an opening one")
            if len(alternatives) > 1 and (self._anchored_start or self._anchored_end):
                raise ValueError("alternatives need brackets around them if there is a ^ or a $")
            whole = _union([make() for make in alternatives]) if alternatives else _EMPTY
        except RecursionError:
            raise ValueError("brackets are nested too deep") from None
        self._follow[_BEGIN].update(whole.first)
        self._final_positions = whole.last | ({_BEGIN} if whole.nullable else frozenset())
        edges = {edge for ranges in self._characters for low, high in ranges for edge in (low, high + 1)}
        # Characters between the same two boundaries are of one kind: no position distinguishes them.
        self._boundaries = [chr(edge) for edge in sorted(edges) if edge <= _LAST_CODE_POINT]
        self._states: dict[frozenset[int], _State] = {}
        self._start = self._state(frozenset({_BEGIN}))

    def matches(self, text: Iterable[str]) -> bool:
        """Return whether a text matches; it may be given as characters one by one."""
        state, boundaries = self._start, self._boundaries
        for character in text:
            if state.accepts and not self._anchored_end:
                return True
            kind = bisect_right(boundaries, character)
            state = state.successors.get(kind) or self._successor(state, kind)
            if not state.positions:
                return False
        return state.accepts

    def _successor(self, state: _State, kind: int) -> _State:
        """Return the state that a character of a kind leads to, and store it."""
        code_point = ord(self._boundaries[kind - 1]) if kind else 0
        candidates = {after for before in state.positions for after in self._follow[before]}
        reached = {each for each in candidates if any(low <= code_point <= high for low, high in self._characters[each])}
        successor = self._state(frozenset(reached if self._anchored_start else reached | {_BEGIN}))
        state.successors[kind] = successor
        return successor

    def _state(self, positions: frozenset[int]) -> _State:
        if len(self._states) >= _MAX_STATES:
            for each in (self._start, *self._states.values()):
                each.successors.clear()
            self._states.clear()
        return self._states.setdefault(positions, _State(positions, not self._final_positions.isdisjoint(positions)))

    # Parsing the expression: alternatives, sequences, and their parts.

    def _alternatives(self) -> list[_MakePart]:
        alternatives = [self._sequence()]
        while self._take("|"):
            alternatives.append(self._sequence())
        return alternatives

    def _sequence(self) -> _MakePart:
        parts = []
        while self._offset < len(self._text) and self._text[self._offset] not in "|)":
            parts.append(self._repetition(self._part()))
        if not parts:
            raise ValueError("an alternative is empty; write ? after what may be missing")
        return lambda: self._concatenate(make() for make in parts)

    def _part(self) -> _MakePart:
        if self._take("("):
            alternatives = self._alternatives()
            if not self._take(")"):
                raise ValueError("a bracket is not closed")
            return lambda: _union([make() for make in alternatives])
        if self._take("["):
            return self._class()
        sign = self._text[self._offset]
        if sign in _SPECIAL:
            raise ValueError(f"{sign!r} is not allowed here; to match the character, write it in a class")
        self._offset += 1
        return lambda: self._position(((ord(sign), ord(sign)),))

    def _class(self) -> _MakePart:
        negated = self._take("^")
        end = self._text.find("]", self._offset)
        inside = self._text[self._offset : end]
        if end <= self._offset or any(each in inside for each in _AMBIGUOUS_IN_CLASS):
            raise ValueError("a class may have only characters and ranges, and no escapes")
        self._offset = end + 1
        ranges = []
        while inside:
            is_range = inside[1:2] == "-" and len(inside) >= len("a-z")
            item, inside = (inside[:3], inside[3:]) if is_range else (inside[0], inside[1:])
            if item[-1] < item[0]:
                raise ValueError(f"the range {item} is empty")
            ranges.append((ord(item[0]), ord(item[-1])))
        characters = _complement(ranges) if negated else tuple(ranges)
        return lambda: self._position(characters)

    def _repetition(self, make: _MakePart) -> _MakePart:
        """Parse the repetition of a part, if it has one."""
        sign = self._text[self._offset : self._offset + 1]
        if sign in _REPETITIONS:
            self._offset += 1
            least, most = _REPETITIONS[sign]
        elif self._take("{"):
            counts = _COUNTS.match(self._text, self._offset)
            if counts is None:
                raise ValueError("{ is not followed by a number of repetitions")
            self._offset = counts.end()
            least, most = int(counts[1]), int(counts[3]) if counts[3] else None if counts[2] else int(counts[1])
        else:
            return make
        if not max(1, least) <= (least or 1 if most is None else most) <= _MAX_POSITIONS:
            raise ValueError(f"a number of repetitions is 0, more than {_MAX_POSITIONS}, or an empty range")
        return lambda: self._repeat(make, least, most)

    def _take(self, sign: str) -> bool:
        """Pass over a sign if it comes next, and return whether it did."""
        taken = self._text.startswith(sign, self._offset)
        self._offset += taken
        return taken

    # Building the automaton: positions, and which can follow which.

    def _position(self, ranges: _Ranges) -> _Part:
        if len(self._characters) > _MAX_POSITIONS:
            raise ValueError(f"it has more than {_MAX_POSITIONS} characters, repetitions written out")
        self._characters.append(ranges)
        self._follow.append(set())
        only = frozenset({len(self._characters) - 1})
        return _Part(nullable=False, first=only, last=only)

    def _concatenate(self, parts: Iterable[_Part]) -> _Part:
        whole = _EMPTY
        for part in parts:
            for each in whole.last:
                self._follow[each] |= part.first
            whole = _Part(
                nullable=whole.nullable and part.nullable,
                first=whole.first | part.first if whole.nullable else whole.first,
                last=whole.last | part.last if part.nullable else part.last,
            )
        return whole

    def _repeat(self, make: _MakePart, least: int, most: int | None) -> _Part:
        """Repeat a part: first the required repetitions, then the optional ones, each nested in the one before."""
        required = self._concatenate(make() for _ in range(least))
        optional = _EMPTY
        if most is None:
            part = make()
            for each in part.last:
                self._follow[each] |= part.first
            optional = _union([part, _EMPTY])
        for _ in range((most or least) - least):
            optional = _union([self._concatenate([make(), optional]), _EMPTY])
        return self._concatenate([required, optional])


def _union(parts: list[_Part]) -> _Part:
    """Return the part that matches what any of several parts matches."""
    return _Part(
        nullable=any(part.nullable for part in parts),
        first=frozenset().union(*(part.first for part in parts)),
        last=frozenset().union(*(part.last for part in parts)),
    )


def _complement(ranges: Iterable[tuple[int, int]]) -> _Ranges:
    """Return the ranges of all characters that are in none of some ranges."""
    complement, low = [], 0
    for start, end in sorted(ranges):
        if low < start:
            complement.append((low, start - 1))
        low = max(low, end + 1)
    return (*complement, (low, _LAST_CODE_POINT)) if low <= _LAST_CODE_POINT else tuple(complement)


@lru_cache(maxsize=1024)
def bounded(expression: str) -> re.Pattern[str]:
    """Compile an expression for Python's `re` if its search takes a bounded number of steps from each character of a text.

    It may repeat only a character, a class or an escape, up to a given number of times, and may have at most 10,000 ways to
    match. Raises `ValueError` with the reason for any other expression.
    """
    if not _BOUNDED.fullmatch(expression):
        raise ValueError("only a character, a class or an escape may be repeated, with ? or up to a number, such as {0,39}")
    ways: int = 1 << len(_CHOICES.findall(expression))
    for least, most in _RANGES.findall(expression):
        ways *= int(most) - int(least) + 1
    if ways > _MAX_WAYS:
        raise ValueError(f"it has more than {_MAX_WAYS:,} ways to match: each choice doubles them, each range multiplies them")
    try:
        return re.compile(expression)
    except re.error as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Pattern:
    """Return the pattern of an expression; cached. Raises `ValueError` as `Pattern` does."""
    return Pattern(expression)
