"""The layout of a file: one document, or one ad on each line. It is found from the name of the file and its first lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from v4schema.reading import syntax_errors
from v4schema.reading.parsing import WHITE_SPACE, parse_json, parse_object

#: The ends of names of files with one ad on each line.
LINE_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
#: No more lines than this are examined, blank ones aside.
_MAX_LINES = 16
#: The beginnings of lines that continue a document: the name of a member, or the end of an object or an array.
_CONTINUATIONS = (b'"', b"}", b"]")


@dataclass(frozen=True, slots=True)
class FileStart:
    """The start of a file.

    `pieces` are the lines that were read, and `lines` those that are not blank, each with the object that it is, or None, in
    `objects`.
    """

    pieces: list[bytes] = field(default_factory=list, repr=False)
    lines: list[bytes] = field(default_factory=list, repr=False)
    objects: list[dict[str, Any] | None] = field(default_factory=list, repr=False)


def read_start(pieces: Iterator[bytes], max_size: int) -> FileStart:
    """Read as much of a file as shows its layout: up to 16 lines that are not blank, or just over `max_size` bytes.

    If the first line is an ad, no more is read, so that ads pass through a pipe without delay.
    """
    start = FileStart()
    size = 0
    for piece in pieces:
        start.pieces.append(piece)
        size += len(piece)
        if piece.strip(WHITE_SPACE):
            start.lines.append(piece)
            start.objects.append(parse_object(piece))
            if len(start.lines) == 1 and start.objects[0]:
                break
        if len(start.lines) == _MAX_LINES or size > max_size:
            break
    return start


def has_ad_per_line(start: FileStart, name: str, max_size: int) -> bool:
    """Return whether a file has one ad on each line; `max_size` is the size of the largest ad in bytes.

    In a file with one ad on each line, most lines are whole objects. In a document, hardly any line is, and never two in a row.
    If the name says that each line is an ad, it is believed unless the file clearly is one document.
    """
    is_named = name.lower().endswith(LINE_SUFFIXES)
    if not start.lines:
        return False
    first, *others = start.lines
    if len(first) > max_size + len(b"\r\n"):
        return is_named or first.lstrip(WHITE_SPACE).startswith(b"{")
    whole = sum(map(bool, start.objects))
    empty = sum(each == {} for each in start.objects)  # each may also be the last item of a list in a document
    most = whole > 0 and 2 * whole >= len(start.lines) - empty
    if start.objects[0] is not None or not others:
        return (is_named and not syntax_errors.is_utf_16(first)) or most or None not in start.objects
    document = _document_state(b"".join(start.pieces))
    if is_named:
        continuing = sum(line.lstrip(WHITE_SPACE).startswith(_CONTINUATIONS) for line in others)
        unlike_ads = syntax_errors.is_utf_16(first) or 2 * continuing > len(others)
        return not (document == "whole" or (document == "truncated" and not most) or (not whole and unlike_ads))
    # If no document begins here either, one whole object on a line of its own is enough.
    begins_none = not first.lstrip(WHITE_SPACE).startswith((b"[", b"{"))
    has_object_line = any(each and line.startswith(b"{") for line, each in zip(start.lines, start.objects, strict=True))
    return document == "invalid" and (most or (begins_none and has_object_line))


def _document_state(text: bytes) -> str:
    """Return whether a text is a "whole" document, a "truncated" one, or "invalid"."""
    try:
        parse_json(text)
    except ValueError as error:
        return "truncated" if syntax_errors.is_truncated(str(error)) else "invalid"
    return "whole"
