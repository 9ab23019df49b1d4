"""Why a text is not JSON, and where: the parser's own words put into findings."""

import re
from dataclasses import replace

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.positions import positions
from v4schema.findings.report import Finding

_TRUNCATED = "EOF while parsing"
#: How the parser's words begin, with the code and the hint of what they mean. Anything else is plainly not JSON.
_MEANINGS = {
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
_PLACE = re.compile(r" at line ([0-9]+) column ([0-9]+)$")
_NOT_A_NUMBER = re.compile(rb"[-+]?(nan|inf)", re.IGNORECASE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ESCAPE = len(b"\\ud83d")


def syntax_finding(text: bytes, message: str, catalogue: Catalogue, *, first_line: int = 1) -> Finding:
    """Return the finding that says why `text` is not JSON, from what the parser said of it.

    Its line counts from `first_line`, that of the text in its file, and its column in characters from 1. A name that stands
    twice is pointed at; of other faults the place is where parsing ended.
    """
    code, mend, offset = _diagnosis(text, message)
    at, name = "", ""
    twice = positions(text).pointer_at(offset) if code == "json.duplicate_key" else None
    if twice is not None:
        place, numbers, span = twice
        at, name = (
            privacy.mask(place, [*privacy.may_be_private(catalogue, place)], numbers),
            privacy.display_name(catalogue, place),
        )
        offset = span.start
    line_start = text.rfind(b"\n", 0, offset) + 1
    return replace(
        messages.make_finding(catalogue, code, at, hint_case=mend, name=name),
        line=text.count(b"\n", 0, offset) + first_line,
        column=len(text[line_start:offset].decode(errors="replace")) + 1,
    )


def empty_array(catalogue: Catalogue) -> Finding:
    """Return the finding about an array without ads."""
    return replace(messages.make_finding(catalogue, "json.empty", "", case="array"), line=1, column=1)


def is_truncated(message: str) -> bool:
    """Tell whether the parser has said that a text ends before its document does."""
    return message.startswith(_TRUNCATED)


def is_utf_16(text: bytes) -> bool:
    """Tell whether a text is in UTF-16 or UTF-32: by its byte-order mark, or by the zero bytes that JSON in UTF-8 never has."""
    return text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text


def _diagnosis(text: bytes, message: str) -> tuple[str, str, int]:
    """Return the code, the case of its hint, and the offset of what is wrong."""
    if not text.strip():
        return "json.empty", "", 0
    foreign = _foreign(text)
    if foreign is not None:
        return "json.encoding", *foreign
    code, mend = next((meaning for words, meaning in _MEANINGS.items() if message.startswith(words)), ("json.syntax", ""))
    offset = _offset(text, message)
    if code == "json.truncated":
        return code, mend, len(text.rstrip())
    if code == "json.syntax":
        number = _NOT_A_NUMBER.search(text, max(0, offset - 1), offset + len(b"-inf"))
        if number and number.start() <= offset:
            return "json.not_a_number", "", number.start()
        half = _SURROGATE.search(text, max(0, offset - 2 * _ESCAPE - 1), offset + _ESCAPE)
        if half:
            return "json.lone_surrogate", "", half.start()
    return code, mend, offset


def _foreign(text: bytes) -> tuple[str, int] | None:
    """Return the case of the hint and the offset of what is not UTF-8, or None if all is."""
    if is_utf_16(text):
        return "utf-16", 0
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return "", error.start
    return None


def _offset(text: bytes, message: str) -> int:
    """Return the offset of the line and the column at the end of the parser's message."""
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (1, 1)
    line_start = 0
    for _ in range(line - 1):
        line_start = text.index(b"\n", line_start) + 1
    return max(0, line_start + column - 1)
