"""Reading ads from files: one ad, an array of ads, or one ad on each line. What cannot be read is a finding, not an exception."""

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
from typing import IO, Any, cast

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.json_value import first_non_json
from v4schema.findings.report import Finding
from v4schema.reading import layout, syntax_errors
from v4schema.reading.parsing import WHITE_SPACE, parse_json

#: Where ads are read from: a path, the bytes of a document, or a binary stream.
Source = str | os.PathLike[str] | bytes | IO[bytes]

#: The byte-order mark of UTF-8.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: A document is read in pieces of this many bytes.
_CHUNK = 1 << 20
_GZIP_SIGNATURE = b"\x1f\x8b"
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
#: Input that is too large is skipped, up to this many times the largest document; after that, reading stops.
_MAX_SKIPPED = 32
#: Only a number written like one of these can overflow: an exponent of three digits, or hundreds of digits.
_POSSIBLY_INFINITE = re.compile(rb"[eE][+]?0*[1-9][0-9]{2}|[0-9]{200}")
#: The codes of findings about files that cannot be opened.
_ERROR_CODES = {FileNotFoundError: "file.missing", IsADirectoryError: "file.directory", PermissionError: "file.permission"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest sizes that are read, in bytes of unpacked text: of one `ad`, and of a `document`, such as an array of ads.

    Anything larger is a finding, and is never in memory as a whole.
    """

    ad: int = 16 << 20
    document: int = 128 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One ad that was read, or the findings about why it could not be read.

    `source` is the name of the file, and `index` the ad's number in it, from 0. `ad` is the parsed value. If `readable` is false,
    there is none, and `findings` say why; otherwise they say what was tolerated. `text` is the ad's own text. It begins at
    `first_line` and `first_column` of the file; both count from 1, the column in characters. `lead` is the text between the
    previous ad, or the beginning of the file, and this one. `ending` is the text that follows it: to the end of its line, or,
    after the last ad of an array, to the end of the file. `listed` is whether it is an item of an array.
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
    """Yield the ads of a file one by one; of a file with one ad on each line, only a few lines at a time are in memory.

    `source` is a path, the bytes of a document, or a binary stream; gzipped data are unpacked. `name` is its name in reports. If
    the name ends with ``.ndjson`` or ``.jsonl``, each line is an ad; otherwise, each line is an ad if most of the first lines are
    whole objects. `limits` are the largest sizes of an ad and of a document. Never raises because of what it reads: a missing
    file, a folder, another encoding, text that is not JSON, and text that is too large are each a `Reading` with a finding.

    >>> [reading.ad for reading in read(b'[{"source_id": "1"}, {"source_id": "2"}]')]
    [{'source_id': '1'}, {'source_id': '2'}]
    """
    catalogue = catalogue or catalogues.default()
    # A name that is not text in the system's encoding gets escapes, so that it can be printed.
    printable_name = (name or _name(source)).encode("utf-8", "backslashreplace").decode()
    index = 0
    try:
        with ExitStack() as opened:
            for reading in _Reader(printable_name, limits or Limits(), catalogue).ads(_stream(source, opened)):
                yield reading
                index = reading.index + 1
    except (OSError, EOFError, zlib.error) as error:
        code = next((code for kind, code in _ERROR_CODES.items() if isinstance(error, kind)), "file.unreadable")
        why = getattr(error, "strerror", None) or "its gzip data are damaged"
        finding = messages.make_finding(catalogue, code, "", why=why)
        yield Reading(source=printable_name, index=index, readable=False, findings=(finding,))
    except BaseException as error:
        if not is_out_of_memory(error):
            raise
        yield replace(out_of_memory(Reading(source=printable_name, index=index), catalogue), text=b"")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception means that memory has run out; a library written in Rust may panic then."""
    return isinstance(error, MemoryError) or type(error).__name__ == "PanicException"


def out_of_memory(reading: Reading, catalogue: Catalogue) -> Reading:
    """Return a reading with the finding that there was not enough memory for it, and without an ad."""
    finding = messages.make_finding(catalogue, "file.unreadable", "", why="there is not enough memory for it")
    return replace(reading, ad=None, readable=False, findings=(finding,))


def read_document(text: bytes, *, name: str = "<bytes>", catalogue: Catalogue | None = None) -> Reading:
    """Read one JSON document, such as the body of an HTTP request. It is not unpacked, and an array is one value.

    Never raises because of what it reads.

    >>> read_document(b"[1]").ad, read_document(b"[1").findings[0].code
    ([1], 'json.truncated')
    """
    return _reading(text, name, catalogue or catalogues.default())


def _name(source: Source) -> str:
    if isinstance(source, bytes):
        return "<bytes>"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<stream>"))


def _stream(source: Source, opened: ExitStack) -> IO[bytes]:
    """Open a source for reading, unpacked if it is gzipped. `opened` closes what is opened here; a given stream stays open."""
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
        raise TypeError("read takes a path, bytes, or a binary stream, not a text stream")
    is_gzipped = stream.peek(len(_GZIP_SIGNATURE))[: len(_GZIP_SIGNATURE)] == _GZIP_SIGNATURE
    unpacked: Any = opened.enter_context(gzip.GzipFile(fileobj=stream)) if is_gzipped else stream
    return cast("IO[bytes]", unpacked)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the ads of an open file."""

    name: str
    limits: Limits
    catalogue: Catalogue

    def ads(self, stream: IO[bytes]) -> Iterator[Reading]:
        """Yield the ads; a byte-order mark at the beginning is tolerated."""
        max_line = self.limits.ad + len(b"\r\n") + 1
        pieces = iter(partial(stream.readline, max_line), b"")
        first = next(pieces, b"")
        has_mark = first.startswith(BYTE_ORDER_MARK)
        pieces = chain([first.removeprefix(BYTE_ORDER_MARK)], pieces)
        start = layout.read_start(pieces, self.limits.ad)
        if layout.has_ad_per_line(start, self.name, self.limits.ad):
            readings = self._lines(chain(start.pieces, pieces))
        else:
            readings = self._document(chain(start.pieces, iter(partial(stream.read, _CHUNK), b"")))
        for reading in readings:
            yield self._with_mark(reading) if has_mark else reading
            has_mark = False

    def _with_mark(self, reading: Reading) -> Reading:
        """Return a reading with the byte-order mark before it, and the note about it if the ad could be read."""
        lead, findings = BYTE_ORDER_MARK + reading.lead, reading.findings
        if reading.readable:
            note = messages.make_finding(self.catalogue, "json.byte_order_mark", "")
            findings = (replace(note, line=1, column=1), *findings)
        return replace(reading, lead=lead, findings=findings)

    def _lines(self, pieces: Iterator[bytes]) -> Iterator[Reading]:
        """Read one ad from each line. A line that is too long is skipped."""
        index, lead, skipped_blanks = 0, bytearray(), False
        for number, piece in enumerate(pieces, start=1):
            text = piece.rstrip(b"\r\n")
            blank = not piece.strip(WHITE_SPACE)
            if len(text) > self.limits.ad or (blank and len(lead) + len(piece) > self.limits.ad):
                size, ended = len(piece), piece.endswith(b"\n")
                if not ended:
                    skipped, ended = self._skip(pieces, b"\n")
                    size += skipped
                finding = replace(self._too_large("ad", len(lead) + size, more=not ended), line=number, column=1)
                if not (blank and skipped_blanks):  # endless blank lines are reported once
                    yield Reading(source=self.name, index=index, readable=False, findings=(finding,))
                    index += 1
                if not ended:
                    return
                lead, skipped_blanks = bytearray(), blank
            elif blank:
                lead += piece
            else:
                reading = _reading(text, self.name, self.catalogue, index=index, first_line=number)
                yield replace(reading, lead=bytes(lead), ending=piece[len(text) :])
                index, lead, skipped_blanks = index + 1, bytearray(), False

    def _document(self, pieces: Iterator[bytes]) -> Iterator[Reading]:
        """Read a file that is one document; only an array may be larger than an ad."""
        text = io.BytesIO()
        size, case = 0, ""
        for piece in pieces:
            text.write(piece)
            size += len(piece)
            case = case or ("array" if piece.lstrip(WHITE_SPACE).startswith(b"[") else "ad" if piece.strip(WHITE_SPACE) else "")
            if size > (self.limits.document if case == "array" else self.limits.ad):
                text.close()
                skipped, ended = self._skip(pieces)
                finding = self._too_large(case or "ad", size + skipped, more=not ended)
                yield Reading(source=self.name, index=0, readable=False, findings=(replace(finding, line=1, column=1),))
                return
        yield from self._split(_reading(text.getvalue(), self.name, self.catalogue))

    def _split(self, reading: Reading) -> Iterator[Reading]:
        """Yield the ads of a document: the items of an array, or the document itself."""
        if not reading.readable or not isinstance(reading.ad, list):
            yield reading
        elif not reading.ad:
            yield replace(reading, ad=None, readable=False, findings=(syntax_errors.empty_array(self.catalogue),))
        else:
            for item in _items(reading, reading.ad):
                if len(item.text) > self.limits.ad:
                    finding = self._too_large("ad", len(item.text))
                    finding = replace(finding, line=item.first_line, column=item.first_column)
                    yield replace(item, ad=None, readable=False, findings=(finding,))
                else:
                    yield item

    def _skip(self, pieces: Iterator[bytes], end: bytes = b"") -> tuple[int, bool]:
        """Skip the rest of the input, or up to the next `end`; return the size skipped, and whether the end was reached."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if end and piece.endswith(end):
                return size, True
            if size > _MAX_SKIPPED * self.limits.document:
                return size, False
        return size, True

    def _too_large(self, case: str, size: int, *, more: bool = False) -> Finding:
        """Return the finding about an "ad" or an "array" that is too large; with `more`, it is even larger than `size`."""
        limit = messages.format_size(self.limits.document if case == "array" else self.limits.ad)
        shown = f"more than {messages.format_size(size)}" if more else messages.format_size(size)
        if shown == limit:  # the difference is lost in rounding
            shown = f"{size:,} bytes"
        return messages.make_finding(self.catalogue, "file.too_large", "", case=case, hint_case=case, size=shown, limit=limit)


def _items(document: Reading, ads: Sequence[object]) -> Iterator[Reading]:
    """Yield the items of an array, each with its own text and the text around it."""
    text = document.text.decode()
    scan = json.JSONDecoder().raw_decode
    line, column, end = 1, 1, 0
    for index, ad in enumerate(ads):
        start = _skip_white_space(text, _skip_white_space(text, end) + 1)  # after a bracket or a comma
        line, column = _advance(line, column, text[end:start])
        lead_start, end = end, scan(text, start)[1]
        yield replace(
            document,
            ad=ad,
            index=index,
            text=text[start:end].encode(),
            first_line=line,
            first_column=column,
            lead=text[lead_start:start].encode(),
            ending=text[end:].encode() if index == len(ads) - 1 else b"",
            listed=True,
        )
        line, column = _advance(line, column, text[start:end])


def _skip_white_space(text: str, start: int) -> int:
    """Return the offset of the first character from `start` that is not white space."""
    found = _WHITE_SPACE.match(text, start)
    return found.end() if found else start


def _advance(line: int, column: int, text: str) -> tuple[int, int]:
    """Return the line and the column after a text that begins at `line` and `column`."""
    lines = text.count("\n")
    return (line, column + len(text)) if not lines else (line + lines, len(text) - text.rindex("\n"))


def _reading(text: bytes, name: str, catalogue: Catalogue, *, index: int = 0, first_line: int = 1) -> Reading:
    """Return the reading of a text with one JSON document."""
    reading = Reading(source=name, index=index, text=text, first_line=first_line)
    try:
        value = parse_json(text)
    except ValueError as error:
        finding = syntax_errors.syntax_finding(text, str(error), catalogue, first_line=first_line)
        return replace(reading, readable=False, findings=(finding,))
    if _POSSIBLY_INFINITE.search(text):
        at = first_non_json(value)
        if at is not None:
            finding = messages.make_finding(catalogue, "json.number_range", privacy.masked_pointer(catalogue, at, value))
            if not at:  # a document that is only a number has no place to point at
                finding = replace(finding, line=first_line, column=1)
            return replace(reading, readable=False, findings=(finding,))
    return replace(reading, ad=value)
