"""The texts that patterns match, as regular languages: intersections and differences are exact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from interegular.fsm import FSM, State, anything_else
from interegular.patterns import parse_pattern

#: A pattern, and whether it has to match.
PatternConstraint = tuple[str, bool]
#: The letters that lead from a state to another, and that other state.
Move = tuple[Sequence[str], State]
_ANY = "(.|\n)"


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A set of texts, as a finite state machine that reads them letter by letter.

    `moves` are, by state, those from which a text can still be completed, the shortest completion first. `letters_left` is, by
    state, the fewest letters that complete a text; where it is 0, a text may end. `named_letters` are the letters in the
    patterns; in a move, the empty text (``""``) stands for any other letter.
    """

    machine: FSM
    moves: Mapping[State, Sequence[Move]]
    letters_left: Mapping[State, int]
    named_letters: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether the language has no texts."""
        return self.machine.initial not in self.letters_left

    def accepts(self, text: str) -> bool:
        """Return whether a text belongs to the language."""
        return bool(self.machine.accepts(text))


@lru_cache(maxsize=4096)
def language(patterns: frozenset[PatternConstraint], min_length: int, max_length: int | None) -> Language:
    """Return the language of the texts of a length that match, or do not match, each pattern."""
    machine = _machine(f"{_ANY}{{{min_length},{'' if max_length is None else max_length}}}")
    for pattern, matches in sorted(patterns):
        other = _machine(_anchored(pattern))
        machine = machine & other if matches else machine - other
    letters_left = _letters_left(machine)
    by_transition = machine.alphabet.by_transition
    letters = {key: sorted("" if each is anything_else else each for each in group) for key, group in by_transition.items()}
    moves = {state: [*_moves(machine, state, letters_left, letters)] for state in letters_left}
    return Language(
        machine=machine,
        moves=moves,
        letters_left=letters_left,
        named_letters=frozenset(each for group in letters.values() for each in group if each),
    )


@lru_cache(maxsize=1024)
def _machine(regex: str) -> FSM:
    return parse_pattern(regex).to_fsm()


def _anchored(pattern: str) -> str:
    """Turn a pattern that is searched for into one that matches the whole text."""
    before = "" if pattern.startswith("^") else f"{_ANY}*"
    after = "" if pattern.endswith("$") else f"{_ANY}*"
    return f"{before}({pattern.removeprefix('^').removesuffix('$')}){after}"


def _letters_left(machine: FSM) -> dict[State, int]:
    """Return the fewest letters that complete a text, for each state from which one can be completed."""
    sources: dict[State, set[State]] = {}
    for state, transitions in machine.map.items():
        for to in transitions.values():
            sources.setdefault(to, set()).add(state)
    letters_left: dict[State, int] = {}
    reached: set[State] = set(machine.finals)
    while reached:
        steps = max(letters_left.values(), default=-1) + 1
        letters_left |= dict.fromkeys(reached, steps)
        reached = {state for to in reached for state in sources.get(to, ())} - letters_left.keys()
    return letters_left


def _moves(machine: FSM, state: State, letters_left: Mapping[State, int], letters: Mapping[int, Sequence[str]]) -> Iterator[Move]:
    """Yield the moves from a state, one for each next state; the shortest completion first."""
    by_state: dict[State, list[str]] = {}
    for key, to in (machine.map.get(state) or {}).items():
        if to in letters_left:
            by_state.setdefault(to, []).extend(letters[key])
    for to in sorted(by_state, key=lambda to: (letters_left[to], to)):
        yield sorted(by_state[to]), to
