"""Reading ads from files: one ad, an array of ads, or one ad a line. What cannot be read is a finding, never an exception."""

import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import IO, Any, cast

import jiter

from v4schema import catalogue as catalogues
from v4schema import privacy, syntax, wording
from v4schema.ad import unspeakable
from v4schema.catalogue import Catalogue
from v4schema.report import Finding

#: Where ads are read from: a path, the bytes of a document, or a binary stream.
Source = str | os.PathLike[str] | bytes | IO[bytes]

#: How the name of a file ends that holds one ad a line.
LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_GZIPPED = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(r"[ \t\r\n]+")
#: Only a number written like one of these can overflow: an exponent of three digits, or hundreds of digits.
_PERHAPS_INFINITE = re.compile(rb"[eE][+]?0*[1-9][0-9]{2}|[0-9]{200}")
_TROUBLES = {FileNotFoundError: "file.missing", IsADirectoryError: "file.directory", PermissionError: "file.permission"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One ad as it was read, or what kept it from being read.

    `source` is the name of the file and `index` the ad's number in it, from 0. `ad` is the parsed value; where `readable` is
    false there is none and `findings` say why, otherwise they say what was tolerated. `text` is the ad's own text, which begins
    at `first_line` and `first_column` of the file, from 1, the column in characters. `lead` is what stands between the ad before
    it, or the beginning of the file, and this one; `ending` is what follows it on its line, or, behind the last ad of an array,
    to the end of the file. `listed` is whether it is an item of an array.
    """

    source: str
    index: int
    ad: object = field(default=None, repr=False)
    readable: bool = True
    findings: tuple[Finding, ...] = ()
    text: bytes = field(default=b"", repr=False)
    first_line: int = 1
    first_column: int = 1
    lead: bytes = field(default=b"", repr=False)
    ending: bytes = field(default=b"", repr=False)
    listed: bool = False


def read(source: Source, *, name: str | None = None, catalogue: Catalogue | None = None) -> Iterator[Reading]:
    """Read the ads of a file one by one; of a file with one ad a line, no more than a line at a time is in memory.

    `source` is a path, the bytes of a document, or a binary stream; `name` is what to call it in reports, and its ending
    (``.ndjson``, ``.jsonl``) says that each line is an ad. Without such an ending, a first line that is a whole object says
    so. What is gzipped is unpacked. Never raises for what it reads: a missing file, a folder, another encoding, or text that
    is not JSON is a `Reading` whose finding says so.

    >>> [reading.ad for reading in read(b'[{"source_id": "1"}, {"source_id": "2"}]')]
    [{'source_id': '1'}, {'source_id': '2'}]
    """
    held = catalogue or catalogues.default()
    # A name that is not text in the system's encoding is written with escapes, so that it can be printed.
    called = (name or _name(source)).encode("utf-8", "backslashreplace").decode()
    index = 0
    try:
        with ExitStack() as opened:
            for reading in _ads(_stream(source, opened), called, held):
                yield reading
                index = reading.index + 1
    except (OSError, EOFError, zlib.error) as error:
        code = next((code for kind, code in _TROUBLES.items() if isinstance(error, kind)), "file.unreadable")
        why = getattr(error, "strerror", None) or "its gzip data are damaged"
        yield Reading(source=called, index=index, readable=False, findings=(wording.finding(held, code, "", why=why),))


def document(text: bytes, *, name: str = "<bytes>", catalogue: Catalogue | None = None) -> Reading:
    """Read one JSON document, as a body of HTTP is: nothing before or behind it, not gzipped, and an array is one value.

    Never raises for what it reads.

    >>> document(b"[1]").ad, document(b"[1").findings[0].code
    ([1], 'json.truncated')
    """
    return _reading(text, name, catalogue or catalogues.default())


def parsed(text: bytes) -> object:
    """Parse one JSON document, without a byte-order mark. Raises `ValueError` in the parser's words when it is not JSON."""
    return jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)


def _name(source: Source) -> str:
    if isinstance(source, bytes):
        return "<bytes>"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<stream>"))


def _stream(source: Source, opened: ExitStack) -> IO[bytes]:
    """Open a source for reading; what is gzipped comes out unpacked. A stream that was given stays open."""
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    if isinstance(source, str | os.PathLike):
        stream: Any = opened.enter_context(open(source, "rb"))  # noqa: SIM115  (closed with the stack)
    elif hasattr(source, "peek"):
        stream = source
    else:
        stream = io.BufferedReader(source)
        opened.callback(stream.detach)
    if not isinstance(source, str | os.PathLike) and isinstance(source.read(0), str):
        raise TypeError("read takes a path, bytes, or a stream of bytes, not of text")
    gzipped = stream.peek(len(_GZIPPED))[: len(_GZIPPED)] == _GZIPPED
    unpacked: Any = opened.enter_context(gzip.GzipFile(fileobj=stream)) if gzipped else stream
    return cast("IO[bytes]", unpacked)


def _ads(stream: IO[bytes], name: str, catalogue: Catalogue) -> Iterator[Reading]:
    """Read the ads of an opened file."""
    first = stream.readline()
    mark = first.startswith(BYTE_ORDER_MARK)
    first = first.removeprefix(BYTE_ORDER_MARK)
    blank = []
    while first and not first.strip():
        blank.append(first)
        first = stream.readline()
    if _holds_lines(first, name):
        readings = _each_line(chain(blank, [first], stream), name, catalogue)
    else:
        readings = _document(b"".join((*blank, first, stream.read())), name, catalogue)
    for reading in readings:
        if mark:
            tolerated = wording.finding(catalogue, "json.byte_order_mark", "")
            findings = (replace(tolerated, line=1, column=1), *reading.findings) if reading.readable else reading.findings
            yield replace(reading, lead=BYTE_ORDER_MARK + reading.lead, findings=findings)
        else:
            yield reading
        mark = False


def _holds_lines(first: bytes, name: str) -> bool:
    """Tell whether a file whose first line is `first` holds one ad a line."""
    if syntax.is_utf_16(first) or not first:
        return False
    if name.lower().endswith(LINES):
        return first.strip() not in {b"{", b"[", b"[{"}
    if not first.lstrip().startswith(b"{"):
        return False
    try:
        parsed(first)
    except ValueError:
        return False
    return True


def _each_line(lines: Iterable[bytes], name: str, catalogue: Catalogue) -> Iterator[Reading]:
    index, lead = 0, bytearray()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            text = line.rstrip(b"\r\n")
            reading = _reading(text, name, catalogue, index=index, first_line=number)
            yield replace(reading, lead=bytes(lead), ending=line[len(text) :])
            index, lead = index + 1, bytearray()
        else:
            lead += line


def _document(text: bytes, name: str, catalogue: Catalogue) -> Iterator[Reading]:
    reading = _reading(text, name, catalogue)
    if not reading.readable or not isinstance(reading.ad, list):
        yield reading
    elif not reading.ad:
        yield replace(reading, ad=None, readable=False, findings=(syntax.empty_array(catalogue),))
    else:
        yield from _items(reading, reading.ad)


def _items(document: Reading, ads: Sequence[object]) -> Iterator[Reading]:
    """Take an array apart: each ad with its own text, and what stands between them."""
    text = document.text.decode()
    scan = json.JSONDecoder().raw_decode
    line, column, end = 1, 1, 0
    for index, ad in enumerate(ads):
        start = _blank_end(text, _blank_end(text, end) + 1)  # behind a bracket or a comma
        line, column = _moved(line, column, text[end:start])
        begin, end = end, scan(text, start)[1]
        yield replace(
            document,
            ad=ad,
            index=index,
            text=text[start:end].encode(),
            first_line=line,
            first_column=column,
            lead=text[begin:start].encode(),
            ending=text[end:].encode() if index == len(ads) - 1 else b"",
            listed=True,
        )
        line, column = _moved(line, column, text[start:end])


def _blank_end(text: str, start: int) -> int:
    """Return where the white space ends that begins at a place, if any does."""
    found = _BLANK.match(text, start)
    return found.end() if found else start


def _moved(line: int, column: int, text: str) -> tuple[int, int]:
    """Return the line and the column behind a text that begins at a line and a column."""
    lines = text.count("\n")
    return (line, column + len(text)) if not lines else (line + lines, len(text) - text.rindex("\n"))


def _reading(text: bytes, name: str, catalogue: Catalogue, *, index: int = 0, first_line: int = 1) -> Reading:
    """Parse one document."""
    reading = Reading(source=name, index=index, text=text, first_line=first_line)
    try:
        value = parsed(text)
    except ValueError as error:
        return replace(reading, readable=False, findings=(syntax.trouble(text, str(error), catalogue, first_line=first_line),))
    if _PERHAPS_INFINITE.search(text):
        at = unspeakable(value)
        if at is not None:
            found = wording.finding(catalogue, "json.number_range", privacy.written(catalogue, at, value))
            return replace(reading, readable=False, findings=(found,))
    return replace(reading, ad=value)
