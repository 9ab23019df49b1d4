"""The difference between two texts, line by line, in time that grows with their lines and not with the square of them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

#: Pieces with no more pairs of lines than this are compared by `difflib` itself, which takes the square of their length.
_SMALL = 5_000
#: So often a piece is taken apart into pieces at the lines that are unique in it.
_DEEPEST = 8
#: So many lines that are the same stand around those that are not.
_AROUND = 3

#: A piece of both texts: from line to line in the old one, and in the new one.
_Piece = tuple[int, int, int, int]


def unified_diff(old: Sequence[str], new: Sequence[str], fromfile: str, tofile: str, *, context: int = _AROUND) -> Iterator[str]:
    r"""Yield a unified diff, as `difflib.unified_diff` does; between large texts it may tell of more lines than need be.

    `context` is how many lines that are the same are shown around those that are not.

    >>> [*unified_diff(["a\n", "b\n"], ["a\n", "c\n"], "x", "x")]
    ['--- x\n', '+++ x\n', '@@ -1,2 +1,2 @@\n', ' a\n', '-b\n', '+c\n']
    """
    matcher = _Matcher(old, new)
    for number, group in enumerate(matcher.get_grouped_opcodes(context)):
        if not number:
            yield f"--- {fromfile}\n"
            yield f"+++ {tofile}\n"
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@\n"
        for kind, one, other, third, fourth in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[one:other])
                continue
            yield from (f"-{line}" for line in old[one:other])
            yield from (f"+{line}" for line in new[third:fourth])


def _range(start: int, end: int) -> str:
    """Write a range of lines as unified diffs have it: an empty one begins behind the line before it."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"


class _Matcher(SequenceMatcher[str]):
    """Finds the lines that two texts share; all that follows from them is the library's."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, (), ())
        self.a, self.b = old, new

    def get_matching_blocks(self) -> list[Match]:
        """Return the runs of lines that are the same, in order, and an empty one at the end."""
        blocks = [Match(0, 0, 0)]
        for one, other in _shared(self.a, self.b, (0, len(self.a), 0, len(self.b)), 0):
            start, beside, size = blocks[-1]
            if (start + size, beside + size) == (one, other):
                blocks[-1] = Match(start, beside, size + 1)
            else:
                blocks.append(Match(one, other, 1))
        return [*(block for block in blocks if block.size), Match(len(self.a), len(self.b), 0)]


def _shared(old: Sequence[str], new: Sequence[str], piece: _Piece, depth: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of a piece that are the same in both texts, in order."""
    start, end, beside, until = piece
    if (end - start) * (until - beside) <= _SMALL:
        for block in SequenceMatcher(None, old[start:end], new[beside:until], autojunk=False).get_matching_blocks():
            yield from ((start + block.a + each, beside + block.b + each) for each in range(block.size))
        return
    while start < end and beside < until and old[start] == new[beside]:
        yield start, beside
        start, beside = start + 1, beside + 1
    tail = 0
    while start < end - tail and beside < until - tail and old[end - tail - 1] == new[until - tail - 1]:
        tail += 1
    end, until = end - tail, until - tail
    anchors = _anchors(old, new, (start, end, beside, until)) if depth < _DEEPEST else ()
    for one, other in anchors:
        yield from _shared(old, new, (start, one, beside, other), depth + 1)
        yield one, other
        start, beside = one + 1, other + 1
    if anchors:
        yield from _shared(old, new, (start, end, beside, until), depth + 1)
    yield from ((end + each, until + each) for each in range(tail))


def _anchors(old: Sequence[str], new: Sequence[str], piece: _Piece) -> Sequence[tuple[int, int]]:
    """Return the longest run of lines, in order, that stand just once in a piece of either text."""
    start, end, beside, until = piece
    once = Counter(old[start:end]), Counter(new[beside:until])
    places = {new[other]: other for other in range(beside, until) if once[1][new[other]] == 1}
    pairs = [(one, places[old[one]]) for one in range(start, end) if once[0][old[one]] == 1 and old[one] in places]
    ends: list[int] = []  # of runs of each length, the new line that the best of them ends with
    lasts: list[int] = []  # the pairs that those are
    before: list[int] = []  # by pair, the one before it
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        before.append(lasts[length - 1] if length else -1)
        ends[length : length + 1], lasts[length : length + 1] = [other], [number]
    run: list[tuple[int, int]] = []
    number = lasts[-1] if lasts else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]
