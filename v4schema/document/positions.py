"""Lines and columns: from a JSON Pointer to a place in the text, and back.

Found with a real parser, and only for what is shown.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from v4schema.document.pointer import Place, Token, masked_number

if TYPE_CHECKING:
    from tree_sitter import Node


#: What the parser does not know to be a number, such as 1e+4; it is shown a number that is as long.
_PLUS = re.compile(rb"[0-9][eE][+][0-9]")
#: How many bytes are counted at once.
_BLOCK = 4096
#: The bytes of UTF-8 that begin no character.
_INNER = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one line: line and column of its beginning, from 1 and in characters, and the offsets of its bytes.

    `line_start` is the offset of the line that the stretch begins in.
    """

    line: int
    column: int
    start: int
    end: int
    line_start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where a value stands: the value, and the name before it where it is a member of an object."""

    value: Span
    name: Span | None = None


class Positions:
    """The places of a document; `text` is UTF-8 JSON, which may have errors in it, and `root` the root of its tree."""

    def __init__(self, text: bytes) -> None:
        import tree_sitter_json
        from tree_sitter import Language, Parser

        self._text = text
        self.root = Parser(Language(tree_sitter_json.language())).parse(_PLUS.sub(_without_sign, text)).root_node
        self._members: dict[int, dict[Token, tuple[Node, Node]]] = {}  # by their names, and by their numbers
        self._items: dict[int, list[Node]] = {}

    def member(self, tokens: Iterable[Token], *, masked: bool = False) -> Member | None:
        """Return where the value at `tokens` stands, or None if there is no such place; they may hold names that are `masked`."""
        name, value = None, next((node for node in self.root.named_children if node.type != "comment"), None)
        for token in tokens:
            name, value = self._below(value, (masked and masked_number(token)) or token) if value is not None else (None, None)
        if value is None:
            return None
        return Member(value=self._place(value), name=None if name is None else self._place(name))

    def nearest(self, tokens: Sequence[Token]) -> Member | None:
        """Return where the value at the tokens of a finding stands, or the innermost value around where it is missing."""
        for end in range(len(tokens), -1, -1):
            found = self.member(tokens[:end], masked=True)
            if found is not None:
                return found
        return None

    def pointer_at(self, offset: int) -> tuple[Place, Sequence[int], Span] | None:
        """Return the tokens of the innermost member around a byte, their numbers in what they are in, and the place of its name.

        The numbers count from 1.
        """
        node = self.root.descendant_for_byte_range(offset, offset)
        tokens: list[Token] = []
        numbers: list[int] = []
        place = None
        while node is not None:
            if node.type == "pair" and node.named_children:
                key = node.named_children[0]
                tokens.append(self._named(key))
                numbers.append(_number(node))
                place = place or self._place(key)
            elif place is not None and node.parent is not None and node.parent.type == "array":
                numbers.append(_number(node))
                tokens.append(numbers[-1] - 1)
            node = node.parent
        return (tuple(reversed(tokens)), numbers[::-1], place) if place else None

    def _below(self, node: "Node", token: Token) -> "tuple[Node | None, Node | None]":
        """Return the name and the value of a member, or no name and the item of an array."""
        if node.type == "object":
            if node.id not in self._members:
                pairs = [pair.named_children for pair in node.named_children if pair.type == "pair"]
                whole = [(rank, pair[0], pair[1]) for rank, pair in enumerate(pairs, 1) if len(pair) > 1]
                self._members[node.id] = {key: (name, value) for rank, name, value in whole for key in (rank, self._named(name))}
            return self._members[node.id].get(token, (None, None))
        if node.type == "array" and str(token).isdecimal():
            if node.id not in self._items:
                self._items[node.id] = node.named_children
            items = self._items[node.id]
            return None, items[int(token)] if int(token) < len(items) else None
        return None, None

    def _named(self, key: "Node") -> str:
        """Return a member's name as the document means it, escapes resolved; one with an error in it as it stands there."""
        text = self._text[key.start_byte : key.end_byte]
        try:
            return str(json.loads(text))
        except ValueError:
            return text.decode(errors="replace")

    def _place(self, node: "Node") -> Span:
        line_start = node.start_byte - node.start_point[1]
        return Span(
            line=node.start_point[0] + 1,
            column=self._characters(node.start_byte) - self._characters(line_start) + 1,
            start=node.start_byte,
            end=node.end_byte,
            line_start=line_start,
        )

    def _characters(self, offset: int) -> int:
        """Count the characters before an offset."""
        block = offset // _BLOCK
        return self._before[block] + _counted(self._text[block * _BLOCK : offset])

    @cached_property
    def _before(self) -> Sequence[int]:
        """The masked_number of characters before each block of the text, so that none is counted twice."""
        blocks = (self._text[start : start + _BLOCK] for start in range(0, len(self._text), _BLOCK))
        return list(accumulate(map(_counted, blocks), initial=0))


def _number(node: "Node") -> int:
    """Return the number of a pair in its object, or of a value in its array, from 1."""
    around = node.parent.named_children if node.parent else [node]
    return [each for each in around if node.type != "pair" or each.type == "pair"].index(node) + 1


@lru_cache(maxsize=2)
def positions(text: bytes) -> Positions:
    """Return the places of a document; the last ones are kept, since findings come many to a document."""
    return Positions(text)


def _counted(text: bytes) -> int:
    """Count the characters of a piece of UTF-8: the bytes that begin one."""
    return len(text.translate(None, delete=_INNER))


def _without_sign(found: re.Match[bytes]) -> bytes:
    return found[0].replace(b"+", b"0")
