"""Text that patterns take or refuse: regular languages, so that what they share is known and not guessed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from interegular.fsm import FSM, State, anything_else
from interegular.patterns import parse_pattern

#: A pattern, and whether it has to match.
Demand = tuple[str, bool]
#: From a state, on any of some letters, to another state.
Move = tuple[Sequence[str], State]
_ANY = "(.|\n)"


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A set of texts, as a machine that reads them letter by letter.

    `moves` are, by state, those by which a text can still be finished, the shortest way first; `missing` is how many letters it
    takes at least from a state on: where that is none, a text may end. `named` are the letters that its patterns name, and no
    letter (``""``) in a move is any other one.
    """

    machine: FSM
    moves: Mapping[State, Sequence[Move]]
    missing: Mapping[State, int]
    named: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether there is no such text."""
        return self.machine.initial not in self.missing

    def holds(self, text: str) -> bool:
        """Tell whether a text is in it."""
        return bool(self.machine.accepts(text))


@lru_cache(maxsize=4096)
def language(demands: frozenset[Demand], least: int, most: int | None) -> Language:
    """Return the language of the texts of `least` to `most` letters that match, or do not match, each pattern as demanded."""
    machine = _machine(f"{_ANY}{{{least},{'' if most is None else most}}}")
    for pattern, holds in sorted(demands):
        other = _machine(_whole(pattern))
        machine = machine & other if holds else machine - other
    missing = _missing(machine)
    by_transition = machine.alphabet.by_transition
    letters = {key: sorted("" if each is anything_else else each for each in group) for key, group in by_transition.items()}
    moves = {state: [*_moves(machine, state, missing, letters)] for state in missing}
    return Language(
        machine=machine,
        moves=moves,
        missing=missing,
        named=frozenset(each for group in letters.values() for each in group if each),
    )


@lru_cache(maxsize=1024)
def _machine(regex: str) -> FSM:
    return parse_pattern(regex).to_fsm()


def _whole(pattern: str) -> str:
    """Write a pattern that is searched for as one that matches the whole text."""
    before = "" if pattern.startswith("^") else f"{_ANY}*"
    after = "" if pattern.endswith("$") else f"{_ANY}*"
    return f"{before}({pattern.removeprefix('^').removesuffix('$')}){after}"


def _missing(machine: FSM) -> dict[State, int]:
    """Return how many letters are missing at least from each state on, for those from which a text can be finished."""
    sources: dict[State, set[State]] = {}
    for state, ways in machine.map.items():
        for to in ways.values():
            sources.setdefault(to, set()).add(state)
    missing: dict[State, int] = {}
    reached: set[State] = set(machine.finals)
    while reached:
        steps = max(missing.values(), default=-1) + 1
        missing |= dict.fromkeys(reached, steps)
        reached = {state for to in reached for state in sources.get(to, ())} - missing.keys()
    return missing


def _moves(machine: FSM, state: State, missing: Mapping[State, int], letters: Mapping[int, Sequence[str]]) -> Iterator[Move]:
    """Yield the moves from a state, joined where they lead to the same one; the shortest way to an end first."""
    joined: dict[State, list[str]] = {}
    for key, to in (machine.map.get(state) or {}).items():
        if to in missing:
            joined.setdefault(to, []).extend(letters[key])
    for to in sorted(joined, key=lambda to: (missing[to], to)):
        yield sorted(joined[to]), to
