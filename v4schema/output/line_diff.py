"""The difference between two texts, line by line, in time that grows about linearly with their length."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

#: Sections with no more pairs of lines than this are compared by `difflib`, which takes quadratic time.
_SMALL = 5_000
#: Sections are split at their unique lines no more often than this.
_MAX_DEPTH = 8
#: The number of unchanged lines around changed ones.
_CONTEXT = 3

#: A section of both texts: its first line and the line after its last, in the old text and then in the new one.
_Section = tuple[int, int, int, int]


def unified_diff(old: Sequence[str], new: Sequence[str], fromfile: str, tofile: str, *, context: int = _CONTEXT) -> Iterator[str]:
    r"""Yield a unified diff, as `difflib.unified_diff` does. Between large texts it may have more lines than necessary.

    `context` is how many unchanged lines are shown around changed ones.

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
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[old_from:old_to])
                continue
            yield from (f"-{line}" for line in old[old_from:old_to])
            yield from (f"+{line}" for line in new[new_from:new_to])


def _range(start: int, end: int) -> str:
    """Write a range of lines as in a unified diff; an empty range has the number of the line before it."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"


class _Matcher(SequenceMatcher[str]):
    """Finds the lines that two texts share; the library derives everything else from them."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, (), ())
        self.a, self.b = old, new

    def get_matching_blocks(self) -> list[Match]:
        """Return the blocks of equal lines, in order, and an empty block at the end."""
        blocks = [Match(0, 0, 0)]
        for old_line, new_line in _shared_lines(self.a, self.b, (0, len(self.a), 0, len(self.b)), 0):
            old_start, new_start, size = blocks[-1]
            if (old_start + size, new_start + size) == (old_line, new_line):
                blocks[-1] = Match(old_start, new_start, size + 1)
            else:
                blocks.append(Match(old_line, new_line, 1))
        return [*(block for block in blocks if block.size), Match(len(self.a), len(self.b), 0)]


def _shared_lines(old: Sequence[str], new: Sequence[str], section: _Section, depth: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of a section that are equal in both texts, in order: pairs of line numbers, from 0."""
    old_start, old_end, new_start, new_end = section
    if (old_end - old_start) * (new_end - new_start) <= _SMALL:
        matcher = SequenceMatcher(None, old[old_start:old_end], new[new_start:new_end], autojunk=False)
        for block in matcher.get_matching_blocks():
            yield from ((old_start + block.a + each, new_start + block.b + each) for each in range(block.size))
        return
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        yield old_start, new_start
        old_start, new_start = old_start + 1, new_start + 1
    tail = 0
    while old_start < old_end - tail and new_start < new_end - tail and old[old_end - tail - 1] == new[new_end - tail - 1]:
        tail += 1
    old_end, new_end = old_end - tail, new_end - tail
    anchors = _anchors(old, new, (old_start, old_end, new_start, new_end)) if depth < _MAX_DEPTH else ()
    for old_line, new_line in anchors:
        yield from _shared_lines(old, new, (old_start, old_line, new_start, new_line), depth + 1)
        yield old_line, new_line
        old_start, new_start = old_line + 1, new_line + 1
    if anchors:
        yield from _shared_lines(old, new, (old_start, old_end, new_start, new_end), depth + 1)
    yield from ((old_end + each, new_end + each) for each in range(tail))


def _anchors(old: Sequence[str], new: Sequence[str], section: _Section) -> Sequence[tuple[int, int]]:
    """Return the longest sequence of lines that are unique in the section of each text and in the same order in both.

    This is the patience algorithm: the longest increasing subsequence of the pairs of unique lines.
    """
    old_start, old_end, new_start, new_end = section
    old_counts, new_counts = Counter(old[old_start:old_end]), Counter(new[new_start:new_end])
    unique_in_new = {new[line]: line for line in range(new_start, new_end) if new_counts[new[line]] == 1}
    pairs = [
        (line, unique_in_new[old[line]])
        for line in range(old_start, old_end)
        if old_counts[old[line]] == 1 and old[line] in unique_in_new
    ]
    last_lines: list[int] = []  # by length, the smallest new line that a sequence of that length can end with
    last_pairs: list[int] = []  # by length, the index of the pair with that line
    previous: list[int] = []  # by pair, the index of the pair before it in its sequence
    for index, (_, new_line) in enumerate(pairs):
        length = bisect_left(last_lines, new_line)
        previous.append(last_pairs[length - 1] if length else -1)
        last_lines[length : length + 1], last_pairs[length : length + 1] = [new_line], [index]
    sequence: list[tuple[int, int]] = []
    index = last_pairs[-1] if last_pairs else -1
    while index >= 0:
        sequence.append(pairs[index])
        index = previous[index]
    return sequence[::-1]
