"""Rewriting a JSON text where its value has changed, and only there: all other bytes stay as they are."""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from v4schema.document.pointer import Place, Token
from v4schema.document.positions import positions

if TYPE_CHECKING:
    from tree_sitter import Node

_BLANK = re.compile(rb"\s*")
#: In a document of several lines, a new object or array that is wider than this is written on several lines as well.
_MAX_WIDTH = 100


def rewrite(
    text: bytes, before: object, after: object, origins: Mapping[Place, Place] | None = None, *, margin: bytes = b""
) -> bytes:
    """Return `text`, the UTF-8 of the JSON value `before`, rewritten so that its value is `after`.

    A part that is the same object in both values keeps its bytes: spelling of numbers, escapes, white space, order of names. New
    parts are laid out like the text around them. `origins` maps places in `after` to the places in `before` that they were moved
    from. `margin` is the white space at the beginning of the line that the text begins on.
    """
    return text if before is after else _Rewriter(text, before, origins or {}, margin).document(after)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A member or an item in the text.

    `lead` is the white space before it, `name` its name, `colon` the colon with the white space around it, `value` the node of
    its value, and `trail` the white space after that. An item has no name and no colon.
    """

    lead: bytes
    name: bytes
    colon: bytes
    value: "Node"
    trail: bytes


class _Rewriter:
    """Rewrites one text."""

    def __init__(self, text: bytes, before: object, origins: Mapping[Place, Place], margin: bytes) -> None:
        self._text = text
        self._margin = margin
        self._before = before
        self._origins = origins
        self._number_texts: dict[int, bytes] = {}  # of floats of the given value, by identity
        self._slots_of: dict[int, tuple[dict[Token, _Slot], bytes]] = {}  # by node
        self._root = positions(text).root.named_children[0]

    def document(self, after: object) -> bytes:
        """Return the whole text, rewritten for a new value."""
        new = self._value(self._root, self._before, after, ())
        return self._text[: self._root.start_byte] + new + self._text[self._root.end_byte :]

    def _value(self, node: "Node", before: Any, after: Any, at: Place, indent: bytes | None = None) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of the value that replaces the one at a node; `indent` is the white space that its line begins with."""
        text = self._text[node.start_byte : node.end_byte]
        if after is before:
            return text
        if isinstance(before, dict) and isinstance(after, dict) and before:
            slots, close = self._slots(node, before)
            leads = [slot.lead for slot in slots.values()]
            parts = [
                self._member(slots, name, leads[min(index, len(leads) - 1)], before, after, at)
                for index, name in enumerate(after)
            ]
            return b"{" + b",".join(parts) + close + b"}" if parts else b"{}"
        if isinstance(before, list) and isinstance(after, list) and before and after:
            slots, close = self._slots(node, before)
            kept = _paired_indexes(before, after[: len(before)])
            parts = [
                slots[index].lead + self._value(slots[index].value, before[index], item, (*at, number)) + slots[index].trail
                for number, (index, item) in enumerate(zip(kept, after, strict=False))
            ]
            last = slots[len(slots) - 1]
            lead = last.lead if len(slots) > 1 or b"\n" in last.lead else self._space
            indent = lead.rpartition(b"\n")[2]
            parts += [
                lead + self._value_at_new_place(after[number], (*at, number), indent) for number in range(len(before), len(after))
            ]
            return b"[" + b",".join(parts) + close + b"]"
        if isinstance(after, list) and len(after) == 1:
            return b"[" + self._value(node, before, after[0], (*at, 0), indent) + b"]"
        if isinstance(before, float):
            self._number_texts[id(before)] = text
        if isinstance(after, str):
            return json.dumps(after, ensure_ascii=text.isascii() and b"\\u" in text).encode()
        return self._new_value(after, at, self._indent(node) if indent is None else indent)

    def _member(
        self, slots: Mapping[Token, _Slot], name: str, lead: bytes, before: Mapping[str, Any], after: Mapping[str, Any], at: Place
    ) -> bytes:
        """Return the text of a member, with its white space. A new member gets `lead`, that of the member it replaces."""
        if name in slots:
            slot = slots[name]
            value = self._value(slot.value, before[name], after[name], (*at, name))
            return slot.lead + slot.name + slot.colon + value + slot.trail
        source = self._origins.get((*at, name), ())
        if source[:-1] == at and source[-1:] and source[-1] in slots:
            slot = slots[str(source[-1])]
            value = self._value(slot.value, before[str(source[-1])], after[name], (*at, name))
            return slot.lead + _to_json(name) + slot.colon + value + slot.trail
        indent = lead.rpartition(b"\n")[2] if b"\n" in lead else b""
        return lead + self._name(name) + self._value_at_new_place(after[name], (*at, name), indent)

    def _value_at_new_place(self, value: Any, at: Place, indent: bytes) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of a value at a new place. If the value was moved there, its text is made from the old one."""
        source = self._origins.get(at)
        if source is None:
            return self._new_value(value, at, indent)
        node, before = self._given_value(source)
        return self._value(node, before, value, at, indent)

    def _new_value(self, value: Any, at: Place, indent: bytes) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of a new value, laid out like the text around it."""
        if not value or not isinstance(value, dict | list):
            return self._number_texts.get(id(value)) or _to_json(value)
        opening, closing = (b"{", b"}") if isinstance(value, dict) else (b"[", b"]")
        if not self._is_expanded:
            one_line = opening + (b"," + self._space).join(self._parts(value, at, b"")) + closing
            if not self._is_multiline or len(indent) + len(one_line) <= _MAX_WIDTH:
                return one_line
        deeper = indent + self._step
        parts = self._parts(value, at, deeper)
        return opening + b",".join(self._newline + deeper + part for part in parts) + self._newline + indent + closing

    def _parts(self, value: Any, at: Place, indent: bytes) -> Sequence[bytes]:  # noqa: ANN401  (an object or an array)
        """Return the texts of the members of a new object or the items of a new array, on lines that begin with `indent`."""
        if isinstance(value, dict):
            return [self._name(name) + self._value_at_new_place(member, (*at, name), indent) for name, member in value.items()]
        return [self._value_at_new_place(item, (*at, index), indent) for index, item in enumerate(value)]

    def _name(self, name: str) -> bytes:
        return _to_json(name) + b":" + self._space

    def _slots(self, node: "Node", value: Mapping[str, Any] | Sequence[Any]) -> tuple[Mapping[Token, _Slot], bytes]:
        """Return the slots of the members or items of a node by name or index, and the white space after the last; cached."""
        if node.id not in self._slots_of:
            slots, close = self._split(node)
            tokens: Iterable[Token] = value if isinstance(value, Mapping) else range(len(value))
            self._slots_of[node.id] = dict(zip(tokens, slots, strict=True)), close
        return self._slots_of[node.id]

    def _split(self, node: "Node") -> tuple[Sequence[_Slot], bytes]:
        """Split the text of a node into slots, and the white space after the last."""
        slots: list[_Slot] = []
        end, close = node.start_byte + 1, b""
        children = node.named_children
        for number, child in enumerate(children, start=1):
            name, value = child.named_children if child.type == "pair" else (None, child)
            name_end = name.end_byte if name else child.start_byte
            rest = self._text[value.end_byte : children[number].start_byte if number < len(children) else node.end_byte - 1]
            trail, _, lead = rest.partition(b",") if number < len(children) else (b"", b"", rest)
            slots.append(
                _Slot(
                    lead=self._text[end : child.start_byte],
                    name=self._text[child.start_byte : name_end],
                    colon=self._text[name_end : value.start_byte],
                    value=value,
                    trail=trail,
                )
            )
            end, close = child.end_byte + len(trail) + 1, lead
        return slots, close if children else self._text[end : node.end_byte - 1]

    def _given_value(self, place: Place) -> tuple["Node", Any]:
        """Return the node and the given value at a place."""
        node = self._root
        value: Any = self._before
        for token in place:
            slots, _ = self._slots(node, value)
            node, value = slots[token].value, value[token]
        return node, value

    def _indent(self, node: "Node") -> bytes:
        """Return the white space at the beginning of the line of a node."""
        start = node.start_byte - node.start_point[1]
        found = _BLANK.match(self._text, start, node.start_byte)
        return (b"" if start else self._margin) + (found[0] if found else b"")

    @cached_property
    def _newline(self) -> bytes:
        return b"\r\n" if b"\r\n" in self._text else b"\n"

    @cached_property
    def _is_expanded(self) -> bool:
        """Whether every object and array of the text is written on several lines, except empty ones."""
        return all(node.start_point[0] < node.end_point[0] for node in _containers(self._root) if node.named_children)

    @cached_property
    def _is_multiline(self) -> bool:
        """Whether the document is written on several lines."""
        return self._root.start_point[0] < self._root.end_point[0]

    @cached_property
    def _step(self) -> bytes:
        """The white space by which one level is indented further than the level around it."""
        first = self._root.named_children[0]
        return self._indent(first)[len(self._indent(self._root)) :]

    @cached_property
    def _space(self) -> bytes:
        """The space that the text has after a colon: one, or none."""
        pair = next(node for node in _containers(self._root) if node.type == "object" and node.named_children).named_children[0]
        name, value = pair.named_children
        return b" " if self._text[name.end_byte : value.start_byte].partition(b":")[2] else b""


def _containers(node: "Node") -> "Iterator[Node]":
    """Yield the objects and arrays of a document."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type in {"object", "array"}:
            yield current
        waiting.extend(current.named_children)


def _paired_indexes(before: Sequence[object], after: Sequence[object]) -> Sequence[int]:
    """Return, for each item of `after`, the index of the item of `before` that it replaces.

    If items were removed, each remaining item is paired with the next equal one.
    """
    if len(before) == len(after):
        return range(len(after))
    indexes: dict[bytes, deque[int]] = {}
    for index, item in enumerate(before):
        indexes.setdefault(_to_json(item), deque()).append(index)
    kept: list[int] = []
    for item in after:
        start = kept[-1] + 1 if kept else 0
        last = len(before) - (len(after) - len(kept))
        equal = indexes.get(_to_json(item), deque())
        while equal and equal[0] < start:
            equal.popleft()
        kept.append(equal[0] if equal and equal[0] <= last else start)
    return kept


def _to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
