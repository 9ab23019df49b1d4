"""Lines and columns: from a JSON Pointer to a position in the text, and back.

The text is parsed with a real parser, and only when a position is shown.
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


#: A number such as 1e+4, which the parser does not recognise; the parser gets another number of the same length.
_EXPONENT_WITH_PLUS = re.compile(rb"[0-9][eE][+][0-9]")
#: Characters are counted in blocks of this many bytes.
_BLOCK = 4096
#: The bytes of UTF-8 that begin no character.
_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the text, with the position where it begins.

    `line` and `column` count from 1, the column in characters. `start`, `end` and `line_start` are byte offsets; `line_start` is
    that of the line that the span begins in.
    """

    line: int
    column: int
    start: int
    end: int
    line_start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where a value is in the text: the span of the value, and that of its name if it is a member of an object."""

    value: Span
    name: Span | None = None


class Positions:
    """The positions in a document. `text` is UTF-8 JSON and may contain syntax errors; `root` is the root of its syntax tree."""

    def __init__(self, text: bytes) -> None:
        import tree_sitter_json
        from tree_sitter import Language, Parser

        self._text = text
        parser = Parser(Language(tree_sitter_json.language()))
        self.root = parser.parse(_EXPONENT_WITH_PLUS.sub(_without_sign, text)).root_node
        self._members: dict[int, dict[Token, tuple[Node, Node]]] = {}  # keyed by name and by number
        self._items: dict[int, list[Node]] = {}

    def member(self, tokens: Iterable[Token], *, masked: bool = False) -> Member | None:
        """Return where the value at `tokens` is, or None if there is none. With `masked`, tokens may be masked names."""
        name, value = None, next((node for node in self.root.named_children if node.type != "comment"), None)
        for token in tokens:
            name, value = self._child(value, (masked and masked_number(token)) or token) if value is not None else (None, None)
        if value is None:
            return None
        return Member(value=self._span(value), name=None if name is None else self._span(name))

    def nearest(self, tokens: Sequence[Token]) -> Member | None:
        """Return where the value at the tokens of a finding is; if it is missing, the innermost value that encloses the place."""
        for end in range(len(tokens), -1, -1):
            found = self.member(tokens[:end], masked=True)
            if found is not None:
                return found
        return None

    def pointer_at(self, offset: int) -> tuple[Place, Sequence[int], Span] | None:
        """Return the innermost member that encloses a byte: its place, the numbers of its tokens, and the span of its name.

        A token's number is its position, from 1, in the object or array that it belongs to. None if no member encloses the byte.
        """
        node = self.root.descendant_for_byte_range(offset, offset)
        tokens: list[Token] = []
        numbers: list[int] = []
        name_span = None
        while node is not None:
            if node.type == "pair" and node.named_children:
                key = node.named_children[0]
                tokens.append(self._decoded_name(key))
                numbers.append(_number(node))
                name_span = name_span or self._span(key)
            elif name_span is not None and node.parent is not None and node.parent.type == "array":
                numbers.append(_number(node))
                tokens.append(numbers[-1] - 1)
            node = node.parent
        return (tuple(reversed(tokens)), numbers[::-1], name_span) if name_span else None

    def _child(self, node: "Node", token: Token) -> "tuple[Node | None, Node | None]":
        """Return the name and the value of a member, or no name and an item of an array."""
        if node.type == "object":
            if node.id not in self._members:
                pairs = [pair.named_children for pair in node.named_children if pair.type == "pair"]
                complete = [(number, pair[0], pair[1]) for number, pair in enumerate(pairs, 1) if len(pair) > 1]
                self._members[node.id] = {
                    key: (name, value) for number, name, value in complete for key in (number, self._decoded_name(name))
                }
            return self._members[node.id].get(token, (None, None))
        if node.type == "array" and str(token).isdecimal():
            if node.id not in self._items:
                self._items[node.id] = node.named_children
            items = self._items[node.id]
            return None, items[int(token)] if int(token) < len(items) else None
        return None, None

    def _decoded_name(self, key: "Node") -> str:
        """Return the name of a member with its escapes decoded; a malformed name is returned as it is written."""
        text = self._text[key.start_byte : key.end_byte]
        try:
            return str(json.loads(text))
        except ValueError:
            return text.decode(errors="replace")

    def _span(self, node: "Node") -> Span:
        line_start = node.start_byte - node.start_point[1]
        return Span(
            line=node.start_point[0] + 1,
            column=self._characters(node.start_byte) - self._characters(line_start) + 1,
            start=node.start_byte,
            end=node.end_byte,
            line_start=line_start,
        )

    def _characters(self, offset: int) -> int:
        """Return the number of characters before an offset."""
        block = offset // _BLOCK
        return self._characters_before_blocks[block] + _count_characters(self._text[block * _BLOCK : offset])

    @cached_property
    def _characters_before_blocks(self) -> Sequence[int]:
        """The number of characters before each block of the text, so that no block is counted twice."""
        blocks = (self._text[start : start + _BLOCK] for start in range(0, len(self._text), _BLOCK))
        return list(accumulate(map(_count_characters, blocks), initial=0))


def _number(node: "Node") -> int:
    """Return the number of a pair in its object, or of a value in its array, from 1."""
    siblings = node.parent.named_children if node.parent else [node]
    return [each for each in siblings if node.type != "pair" or each.type == "pair"].index(node) + 1


@lru_cache(maxsize=2)
def positions(text: bytes) -> Positions:
    """Return the positions in a document. The last ones are cached, because a document often has many findings."""
    return Positions(text)


def _count_characters(text: bytes) -> int:
    """Count the characters of a piece of UTF-8: the bytes that begin one."""
    return len(text.translate(None, delete=_CONTINUATION_BYTES))


def _without_sign(found: re.Match[bytes]) -> bytes:
    return found[0].replace(b"+", b"0")
