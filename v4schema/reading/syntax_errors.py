"""Findings about text that is not JSON, made from the messages of the parser."""

import re
from dataclasses import replace

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.positions import positions
from v4schema.findings.report import Finding

_TRUNCATED = "EOF while parsing"
#: The beginnings of the parser's messages, each with the code and the case of the hint. Any other message is `json.syntax`.
_CODES = {
    "Detected duplicate key": ("json.duplicate_key", ""),
    _TRUNCATED: ("json.truncated", ""),
    "recursion limit exceeded": ("json.depth", ""),
    "number out of range": ("json.number_range", ""),
    "trailing comma": ("json.syntax", "comma"),
    "trailing characters": ("json.syntax", "trailing"),
    "key must be a string": ("json.syntax", "name"),
    "control character": ("json.syntax", "control"),
    "invalid number": ("json.syntax", "number"),
    "invalid escape": ("json.syntax", "escape"),
    "expected `,`": ("json.syntax", "missing_comma"),
    "expected `:`": ("json.syntax", "missing_colon"),
}
_POSITION = re.compile(r" at line ([0-9]+) column ([0-9]+)$")
_NOT_A_NUMBER = re.compile(rb"[-+]?(nan|inf)", re.IGNORECASE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ESCAPE = len(b"\\ud83d")


def syntax_finding(text: bytes, message: str, catalogue: Catalogue, *, first_line: int = 1) -> Finding:
    """Return the finding about why `text` is not JSON, made from the parser's `message`.

    Its line counts from `first_line`, the line of the file that the text begins on, and its column counts characters from 1. A
    duplicate name is located by a pointer; other errors only by where the parser stopped.
    """
    code, hint_case, offset = _diagnosis(text, message)
    at, name = "", ""
    duplicate = positions(text).pointer_at(offset) if code == "json.duplicate_key" else None
    if duplicate is not None:
        place, numbers, span = duplicate
        at, name = (
            privacy.mask(place, [*privacy.may_be_private(catalogue, place)], numbers),
            privacy.display_name(catalogue, place),
        )
        offset = span.start
    line_start = text.rfind(b"\n", 0, offset) + 1
    return replace(
        messages.make_finding(catalogue, code, at, hint_case=hint_case, name=name),
        line=text.count(b"\n", 0, offset) + first_line,
        column=len(text[line_start:offset].decode(errors="replace")) + 1,
    )


def empty_array(catalogue: Catalogue) -> Finding:
    """Return the finding about an array without ads."""
    return replace(messages.make_finding(catalogue, "json.empty", "", case="array"), line=1, column=1)


def is_truncated(message: str) -> bool:
    """Return whether the parser's message means that a text ends before its document does."""
    return message.startswith(_TRUNCATED)


def is_utf_16(text: bytes) -> bool:
    """Return whether a text is in UTF-16 or UTF-32: it has a byte-order mark, or a zero byte, which JSON in UTF-8 never has."""
    return text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text


def _diagnosis(text: bytes, message: str) -> tuple[str, str, int]:
    """Return the code of an error, the case of its hint, and its offset."""
    if not text.strip():
        return "json.empty", "", 0
    not_utf_8 = _find_other_encoding(text)
    if not_utf_8 is not None:
        return "json.encoding", *not_utf_8
    code, hint_case = next((codes for start, codes in _CODES.items() if message.startswith(start)), ("json.syntax", ""))
    offset = _offset(text, message)
    if code == "json.truncated":
        return code, hint_case, len(text.rstrip())
    if code == "json.syntax":
        number = _NOT_A_NUMBER.search(text, max(0, offset - 1), offset + len(b"-inf"))
        if number and number.start() <= offset:
            return "json.not_a_number", "", number.start()
        surrogate = _SURROGATE.search(text, max(0, offset - 2 * _ESCAPE - 1), offset + _ESCAPE)
        if surrogate:
            return "json.lone_surrogate", "", surrogate.start()
    return code, hint_case, offset


def _find_other_encoding(text: bytes) -> tuple[str, int] | None:
    """Return the case of the hint and the offset of the first bytes that are not UTF-8; None if there are none."""
    if is_utf_16(text):
        return "utf-16", 0
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return "", error.start
    return None


def _offset(text: bytes, message: str) -> int:
    """Return the offset of the line and the column that the parser's message ends with."""
    position = _POSITION.search(message)
    line, column = (int(position[1]), int(position[2])) if position else (1, 1)
    line_start = 0
    for _ in range(line - 1):
        line_start = text.index(b"\n", line_start) + 1
    return max(0, line_start + column - 1)
