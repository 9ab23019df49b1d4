"""Reading ads from files: one ad, an array of ads, or one ad a line. What cannot be read is a finding, never an exception."""

import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import IO, Any, NamedTuple, cast

import jiter

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.json_value import first_non_json
from v4schema.findings.report import Finding
from v4schema.reading import syntax_errors

#: Where ads are read from: a path, the bytes of a document, or a binary stream.
Source = str | os.PathLike[str] | bytes | IO[bytes]

#: How the name of a file ends that holds one ad a line.
LINE_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
#: A document is read in pieces of so many bytes.
_CHUNK = 1 << 20
_GZIPPED = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(r"[ \t\r\n]+")
#: What JSON takes for white space.
_WHITE = b" \t\r\n"
#: So many lines that are not blank are looked at to see whether a file holds one ad a line.
_LOOKED_AT = 16
#: How a line begins that continues a document: with the name of a member, or with what closes an object or an array.
_CONTINUES = (b'"', b"}", b"]")
#: A line that is too long is passed over up to so many times the size of a document, so that one without end has one.
_SKIPPED = 32
#: Only a number written like one of these can overflow: an exponent of three digits, or hundreds of digits.
_PERHAPS_INFINITE = re.compile(rb"[eE][+]?0*[1-9][0-9]{2}|[0-9]{200}")
_TROUBLES = {FileNotFoundError: "file.missing", IsADirectoryError: "file.directory", PermissionError: "file.permission"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read, in bytes of unpacked text: of one `ad`, and of a `document` that is held whole, such as an array of ads.

    What is longer is a finding, and never in memory as a whole.
    """

    ad: int = 16 << 20
    document: int = 128 << 20


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


def read(
    source: Source, *, name: str | None = None, limits: Limits | None = None, catalogue: Catalogue | None = None
) -> Iterator[Reading]:
    """Read the ads of a file one by one; of a file with one ad a line, no more than a few lines at a time are in memory.

    `source` is a path, the bytes of a document, or a binary stream; `name` is what to call it in reports, and its ending
    (``.ndjson``, ``.jsonl``) says that each line is an ad. Without such an ending, the first lines say so: most of them are
    whole objects. What is gzipped is unpacked. `limits` say how long an ad and a document may be. Never raises for what it
    reads: a missing file, a folder, another encoding, text that is not JSON, or too much of it is a `Reading` whose finding
    says so.

    >>> [reading.ad for reading in read(b'[{"source_id": "1"}, {"source_id": "2"}]')]
    [{'source_id': '1'}, {'source_id': '2'}]
    """
    held = catalogue or catalogues.default()
    # A name that is not text in the system's encoding is written with escapes, so that it can be printed.
    called = (name or _name(source)).encode("utf-8", "backslashreplace").decode()
    index = 0
    try:
        with ExitStack() as opened:
            for reading in _Reader(called, limits or Limits(), held).ads(_stream(source, opened)):
                yield reading
                index = reading.index + 1
    except (OSError, EOFError, zlib.error) as error:
        code = next((code for kind, code in _TROUBLES.items() if isinstance(error, kind)), "file.unreadable")
        why = getattr(error, "strerror", None) or "its gzip data are damaged"
        yield Reading(source=called, index=index, readable=False, findings=(messages.make_finding(held, code, "", why=why),))
    except BaseException as error:
        if not is_out_of_memory(error):
            raise
        yield replace(out_of_memory(Reading(source=called, index=index), held), text=b"")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception says that memory has run out; a library written in Rust may panic then."""
    return isinstance(error, MemoryError) or type(error).__name__ == "PanicException"


def out_of_memory(reading: Reading, catalogue: Catalogue) -> Reading:
    """Return a reading for which memory did not suffice."""
    finding = messages.make_finding(catalogue, "file.unreadable", "", why="there is not enough memory for it")
    return replace(reading, ad=None, readable=False, findings=(finding,))


def read_document(text: bytes, *, name: str = "<bytes>", catalogue: Catalogue | None = None) -> Reading:
    """Read one JSON document, as a body of HTTP is: nothing before or behind it, not gzipped, and an array is one value.

    Never raises for what it reads.

    >>> document(b"[1]").ad, document(b"[1").findings[0].code
    ([1], 'json.truncated')
    """
    return _reading(text, name, catalogue or catalogues.default())


def parse_json(text: bytes) -> object:
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


class _Begin(NamedTuple):
    """How a file begins: the pieces that were `seen`, the `lines` among them that are not blank, and what `objects` they are."""

    seen: list[bytes]
    lines: list[bytes]
    objects: list[dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads an opened file."""

    name: str
    limits: Limits
    catalogue: Catalogue

    def ads(self, stream: IO[bytes]) -> Iterator[Reading]:
        """Read its ads."""
        most = self.limits.ad + len(b"\r\n") + 1
        pieces = iter(partial(stream.readline, most), b"")
        first = next(pieces, b"")
        mark = first.startswith(BYTE_ORDER_MARK)
        pieces = chain([first.removeprefix(BYTE_ORDER_MARK)], pieces)
        begin = self._begin(pieces)
        if self._holds_lines(begin):
            readings = self._each_line(chain(begin.seen, pieces))
        else:
            readings = self._document(chain(begin.seen, iter(partial(stream.read, _CHUNK), b"")))
        for reading in readings:
            if mark:
                tolerated = messages.make_finding(self.catalogue, "json.byte_order_mark", "")
                findings = (replace(tolerated, line=1, column=1), *reading.findings) if reading.readable else reading.findings
                yield replace(reading, lead=BYTE_ORDER_MARK + reading.lead, findings=findings)
            else:
                yield reading
            mark = False

    def _begin(self, pieces: Iterator[bytes]) -> "_Begin":
        """Look at as much of a file as tells what it holds.

        That is no more than its first line if that is an ad, so that ads pass through a pipe at once.
        """
        begin = _Begin([], [], [])
        size = 0
        for piece in pieces:
            begin.seen.append(piece)
            size += len(piece)
            if piece.strip(_WHITE):
                begin.lines.append(piece)
                begin.objects.append(_object(piece))
                if len(begin.lines) == 1 and begin.objects[0]:
                    break
            if len(begin.lines) == _LOOKED_AT or size > self.limits.ad:
                break
        return begin

    def _holds_lines(self, begin: "_Begin") -> bool:
        """Tell whether a file holds one ad a line.

        In a document, no two lines that follow each other are whole objects, and hardly any is: in a file with one ad a line
        most are. A file that is named so holds one ad a line unless it plainly is one document.
        """
        named = self.name.lower().endswith(LINE_SUFFIXES)
        if not begin.lines:
            return False
        first, *others = begin.lines
        if len(first) > self.limits.ad + len(b"\r\n"):
            return named or first.lstrip(_WHITE).startswith(b"{")
        alone = sum(map(bool, begin.objects))
        empty = sum(each == {} for each in begin.objects)  # may as well be the last item of a list in a document
        most = alone > 0 and 2 * alone >= len(begin.lines) - empty
        if begin.objects[0] is not None or not others:
            return (named and not syntax_errors.is_utf_16(first)) or most or None not in begin.objects
        state = _state(b"".join(begin.seen))
        if named:
            continuing = sum(line.lstrip(_WHITE).startswith(_CONTINUES) for line in others)
            strange = syntax_errors.is_utf_16(first) or 2 * continuing > len(others)
            return not (state == "whole" or (state == "begun" and not most) or (not alone and strange))
        # Where not even a document begins, one whole object on a line of its own is enough.
        strange = not first.lstrip(_WHITE).startswith((b"[", b"{"))
        lone = any(each and line.startswith(b"{") for line, each in zip(begin.lines, begin.objects, strict=True))
        return state == "neither" and (most or (strange and lone))

    def _each_line(self, pieces: Iterator[bytes]) -> Iterator[Reading]:
        """Read one ad a line; what is too long is passed over, and not held."""
        index, lead, blanks = 0, bytearray(), False
        for number, piece in enumerate(pieces, start=1):
            text = piece.rstrip(b"\r\n")
            blank = not piece.strip(_WHITE)
            if len(text) > self.limits.ad or (blank and len(lead) + len(piece) > self.limits.ad):
                size, ended = len(piece), piece.endswith(b"\n")
                if not ended:
                    rest, ended = self._rest(pieces, b"\n")
                    size += rest
                found = replace(self._too_large("ad", len(lead) + size, more=not ended), line=number, column=1)
                if not (blank and blanks):  # of blank lines without end, the first that are too many are told
                    yield Reading(source=self.name, index=index, readable=False, findings=(found,))
                    index += 1
                if not ended:
                    return
                lead, blanks = bytearray(), blank
            elif blank:
                lead += piece
            else:
                reading = _reading(text, self.name, self.catalogue, index=index, first_line=number)
                yield replace(reading, lead=bytes(lead), ending=piece[len(text) :])
                index, lead, blanks = index + 1, bytearray(), False

    def _document(self, pieces: Iterator[bytes]) -> Iterator[Reading]:
        """Read a file that is one document; only an array may be longer than an ad."""
        held = io.BytesIO()
        size, case = 0, ""
        for piece in pieces:
            held.write(piece)
            size += len(piece)
            case = case or ("array" if piece.lstrip(_WHITE).startswith(b"[") else "ad" if piece.strip(_WHITE) else "")
            if size > (self.limits.document if case == "array" else self.limits.ad):
                held.close()
                rest, ended = self._rest(pieces)
                found = self._too_large(case or "ad", size + rest, more=not ended)
                yield Reading(source=self.name, index=0, readable=False, findings=(replace(found, line=1, column=1),))
                return
        yield from self._taken_apart(_reading(held.getvalue(), self.name, self.catalogue))

    def _taken_apart(self, reading: Reading) -> Iterator[Reading]:
        if not reading.readable or not isinstance(reading.ad, list):
            yield reading
        elif not reading.ad:
            yield replace(reading, ad=None, readable=False, findings=(syntax_errors.empty_array(self.catalogue),))
        else:
            for item in _items(reading, reading.ad):
                if len(item.text) > self.limits.ad:
                    found = self._too_large("ad", len(item.text))
                    found = replace(found, line=item.first_line, column=item.first_column)
                    yield replace(item, ad=None, readable=False, findings=(found,))
                else:
                    yield item

    def _rest(self, pieces: Iterator[bytes], end: bytes = b"") -> tuple[int, bool]:
        """Pass over what there is, or over the rest of a line; return its size, and whether its end was reached."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if end and piece.endswith(end):
                return size, True
            if size > _SKIPPED * self.limits.document:
                return size, False
        return size, True

    def _too_large(self, case: str, size: int, *, more: bool = False) -> Finding:
        limit = self.limits.document if case == "array" else self.limits.ad
        told = f"more than {messages.format_size(size)}" if more else messages.format_size(size)
        if told == messages.format_size(limit):  # the difference is lost in rounding
            told = f"{size:,} bytes"
        return messages.make_finding(
            self.catalogue, "file.too_large", "", case=case, hint_case=case, size=told, limit=messages.format_size(limit)
        )


def _object(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line is, if it is one."""
    if not line.lstrip(_WHITE).startswith(b"{"):
        return None
    try:
        value: dict[str, Any] = jiter.from_json(line, allow_inf_nan=False)
    except ValueError:
        return None
    return value


def _state(text: bytes) -> str:
    """Tell whether a text is one "whole" document, one that is "begun", or "neither"."""
    try:
        parse_json(text)
    except ValueError as error:
        return "begun" if syntax_errors.is_truncated(str(error)) else "neither"
    return "whole"


def _items(read_document: Reading, ads: Sequence[object]) -> Iterator[Reading]:
    """Take an array apart: each ad with its own text, and what stands between them."""
    text = read_document.text.decode()
    scan = json.JSONDecoder().raw_decode
    line, column, end = 1, 1, 0
    for index, ad in enumerate(ads):
        start = _blank_end(text, _blank_end(text, end) + 1)  # behind a bracket or a comma
        line, column = _moved(line, column, text[end:start])
        begin, end = end, scan(text, start)[1]
        yield replace(
            read_document,
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
    """Parse one read_document."""
    reading = Reading(source=name, index=index, text=text, first_line=first_line)
    try:
        value = parse_json(text)
    except ValueError as error:
        return replace(
            reading, readable=False, findings=(syntax_errors.syntax_finding(text, str(error), catalogue, first_line=first_line),)
        )
    if _PERHAPS_INFINITE.search(text):
        at = first_non_json(value)
        if at is not None:
            found = messages.make_finding(catalogue, "json.number_range", privacy.masked_pointer(catalogue, at, value))
            if not at:  # a document that is no more than a number has no places
                found = replace(found, line=first_line, column=1)
            return replace(reading, readable=False, findings=(found,))
    return replace(reading, ad=value)
