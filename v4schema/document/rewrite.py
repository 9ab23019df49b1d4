"""Writing a JSON text anew where its value has changed, and nowhere else: all other bytes stay as they are."""

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
#: Where the members of a document stand on lines of their own, what is new takes several if it is longer than this.
_LONGEST = 100


def rewrite(
    text: bytes, before: object, after: object, origins: Mapping[Place, Place] | None = None, *, margin: bytes = b""
) -> bytes:
    """Return the text of `after`, made from `text`, the UTF-8 of a JSON value which is `before`.

    What is the same object in both keeps its bytes: numbers as they are spelt, escapes, white space, the order of names. What
    is new is laid out as the text around it. `origins` leads from places in `after` to those in `before` of what has moved;
    `margin` is the white space that the line begins with that the text begins on.
    """
    return text if before is after else _Rewriting(text, before, origins or {}, margin).document(after)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A member or an item in the text: the white space before it, its name, what leads to the value, the value, what follows."""

    lead: bytes
    name: bytes
    colon: bytes
    value: "Node"
    trail: bytes


class _Rewriting:
    """Rewrites one text."""

    def __init__(self, text: bytes, before: object, origins: Mapping[Place, Place], margin: bytes) -> None:
        self._text = text
        self._margin = margin
        self._before = before
        self._origins = origins
        self._spelt: dict[int, bytes] = {}
        self._taken_apart: dict[int, tuple[dict[Token, _Slot], bytes]] = {}
        self._root = positions(text).root.named_children[0]

    def document(self, after: object) -> bytes:
        """Return the whole text with a new value."""
        new = self._value(self._root, self._before, after, ())
        return self._text[: self._root.start_byte] + new + self._text[self._root.end_byte :]

    def _value(self, node: "Node", before: Any, after: Any, at: Place, indent: bytes | None = None) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of a value that stood at a node and is now another, on a line that begins with `indent`."""
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
            kept = _kept(before, after[: len(before)])
            parts = [
                slots[index].lead + self._value(slots[index].value, before[index], item, (*at, number)) + slots[index].trail
                for number, (index, item) in enumerate(zip(kept, after, strict=False))
            ]
            last = slots[len(slots) - 1]
            lead = last.lead if len(slots) > 1 or b"\n" in last.lead else self._space
            indent = lead.rpartition(b"\n")[2]
            parts += [lead + self._new(after[number], (*at, number), indent) for number in range(len(before), len(after))]
            return b"[" + b",".join(parts) + close + b"]"
        if isinstance(after, list) and len(after) == 1:
            return b"[" + self._value(node, before, after[0], (*at, 0), indent) + b"]"
        if isinstance(before, float):
            self._spelt[id(before)] = text
        if isinstance(after, str):
            return json.dumps(after, ensure_ascii=text.isascii() and b"\\u" in text).encode()
        return self._written(after, at, self._indent(node) if indent is None else indent)

    def _member(
        self, slots: Mapping[Token, _Slot], name: str, lead: bytes, before: Mapping[str, Any], after: Mapping[str, Any], at: Place
    ) -> bytes:
        """Return the text of a member, with the white space before it; `lead` is that of the member whose place it takes."""
        if name in slots:
            slot = slots[name]
            value = self._value(slot.value, before[name], after[name], (*at, name))
            return slot.lead + slot.name + slot.colon + value + slot.trail
        source = self._origins.get((*at, name), ())
        if source[:-1] == at and source[-1:] and source[-1] in slots:
            slot = slots[str(source[-1])]
            value = self._value(slot.value, before[str(source[-1])], after[name], (*at, name))
            return slot.lead + _dumped(name) + slot.colon + value + slot.trail
        indent = lead.rpartition(b"\n")[2] if b"\n" in lead else b""
        return lead + self._name(name) + self._new(after[name], (*at, name), indent)

    def _new(self, value: Any, at: Place, indent: bytes) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of a value at a place where none was: made from that of what has moved there, if anything has."""
        source = self._origins.get(at)
        if source is None:
            return self._written(value, at, indent)
        node, before = self._found(source)
        return self._value(node, before, value, at, indent)

    def _written(self, value: Any, at: Place, indent: bytes) -> bytes:  # noqa: ANN401  (any JSON)
        """Return the text of a value, laid out as the text around it."""
        if not value or not isinstance(value, dict | list):
            return self._spelt.get(id(value)) or _dumped(value)
        opening, closing = (b"{", b"}") if isinstance(value, dict) else (b"[", b"]")
        if not self._expanded:
            flat = opening + (b"," + self._space).join(self._parts(value, at, b"")) + closing
            if not self._lined or len(indent) + len(flat) <= _LONGEST:
                return flat
        deeper = indent + self._step
        parts = self._parts(value, at, deeper)
        return opening + b",".join(self._line + deeper + part for part in parts) + self._line + indent + closing

    def _parts(self, value: Any, at: Place, indent: bytes) -> Sequence[bytes]:  # noqa: ANN401  (an object or an array)
        """Return the texts of the members of an object or the items of an array, on lines that begin with `indent`."""
        if isinstance(value, dict):
            return [self._name(name) + self._new(below, (*at, name), indent) for name, below in value.items()]
        return [self._new(item, (*at, index), indent) for index, item in enumerate(value)]

    def _name(self, name: str) -> bytes:
        return _dumped(name) + b":" + self._space

    def _slots(self, node: "Node", value: Mapping[str, Any] | Sequence[Any]) -> tuple[Mapping[Token, _Slot], bytes]:
        """Return the members or items of a node as they stand in the text, and the white space after the last; found once."""
        if node.id not in self._taken_apart:
            slots, close = self._apart(node)
            tokens: Iterable[Token] = value if isinstance(value, Mapping) else range(len(value))
            self._taken_apart[node.id] = dict(zip(tokens, slots, strict=True)), close
        return self._taken_apart[node.id]

    def _apart(self, node: "Node") -> tuple[Sequence[_Slot], bytes]:
        slots: list[_Slot] = []
        end, close = node.start_byte + 1, b""
        children = node.named_children
        for number, child in enumerate(children, start=1):
            name, value = child.named_children if child.type == "pair" else (None, child)
            named = name.end_byte if name else child.start_byte
            rest = self._text[value.end_byte : children[number].start_byte if number < len(children) else node.end_byte - 1]
            trail, _, lead = rest.partition(b",") if number < len(children) else (b"", b"", rest)
            slots.append(
                _Slot(
                    lead=self._text[end : child.start_byte],
                    name=self._text[child.start_byte : named],
                    colon=self._text[named : value.start_byte],
                    value=value,
                    trail=trail,
                )
            )
            end, close = child.end_byte + len(trail) + 1, lead
        return slots, close if children else self._text[end : node.end_byte - 1]

    def _found(self, place: Place) -> tuple["Node", Any]:
        """Return the node and the value at a place of the text."""
        node = self._root
        value: Any = self._before
        for token in place:
            slots, _ = self._slots(node, value)
            node, value = slots[token].value, value[token]
        return node, value

    def _indent(self, node: "Node") -> bytes:
        """Return the white space that the line of a node begins with."""
        start = node.start_byte - node.start_point[1]
        found = _BLANK.match(self._text, start, node.start_byte)
        return (b"" if start else self._margin) + (found[0] if found else b"")

    @cached_property
    def _line(self) -> bytes:
        return b"\r\n" if b"\r\n" in self._text else b"\n"

    @cached_property
    def _expanded(self) -> bool:
        """Whether every object and array of the text that is not empty stands on several lines."""
        return all(node.start_point[0] < node.end_point[0] for node in _containers(self._root) if node.named_children)

    @cached_property
    def _lined(self) -> bool:
        """Whether the members of the document stand on lines of their own."""
        return self._root.start_point[0] < self._root.end_point[0]

    @cached_property
    def _step(self) -> bytes:
        """By how much a line is further in than that around it."""
        first = self._root.named_children[0]
        return self._indent(first)[len(self._indent(self._root)) :]

    @cached_property
    def _space(self) -> bytes:
        """What stands behind a colon."""
        pair = next(node for node in _containers(self._root) if node.type == "object" and node.named_children).named_children[0]
        name, value = pair.named_children
        return b" " if self._text[name.end_byte : value.start_byte].partition(b":")[2] else b""


def _containers(node: "Node") -> "Iterator[Node]":
    """Yield the objects and arrays of a document."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type in {"object", "array"}:
            yield here
        waiting.extend(here.named_children)


def _kept(before: Sequence[object], after: Sequence[object]) -> Sequence[int]:
    """Return for each item of `after` which item of `before` it was: where some are gone, it is the next that is the same."""
    if len(before) == len(after):
        return range(len(after))
    alike: dict[bytes, deque[int]] = {}
    for index, item in enumerate(before):
        alike.setdefault(_dumped(item), deque()).append(index)
    kept: list[int] = []
    for item in after:
        start = kept[-1] + 1 if kept else 0
        spare = len(before) - (len(after) - len(kept))
        same = alike.get(_dumped(item), deque())
        while same and same[0] < start:
            same.popleft()
        kept.append(same[0] if same and same[0] <= spare else start)
    return kept


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
