"""The answers to the questions about ads, read from the table that a person has filled in."""

import csv
import io
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import IO, Any

from v4schema import catalogue as catalogues
from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.conversion.questions import BLANK_ANSWERS
from v4schema.conversion.result import Conversion
from v4schema.dialect.fields import is_sendable, walk
from v4schema.document import pointer
from v4schema.feed.formula_guard import unguarded
from v4schema.feed.keyed_queue import KeyedQueue
from v4schema.feed.question_sheet import DELIMITERS, LABEL, LEGEND, SUGGESTIONS, ad_label, ad_name
from v4schema.findings.report import Finding, Kind
from v4schema.reading.reader import Limits

#: The first bytes of a workbook, which is not CSV.
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: The beginning of a line that tells spreadsheets the separator of cells.
_SEPARATOR = "sep="
#: The number of rows and ads that are compared for hints.
_MOST_HINTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The answers of one row by their JSON Pointers, each with its column; rows and columns count from 1."""

    number: int
    name: str
    cells: Mapping[str, tuple[int, str]] = field(repr=False)

    @property
    def answers(self) -> Mapping[str, str]:
        """The answers by their JSON Pointers."""
        return {at: text for at, (_, text) in self.cells.items()}


class AnswerSheet:
    r"""The answers of a table, found row by row by the identifiers of the ads.

    `source` is the path of a CSV file or its bytes: UTF-8 with or without a byte-order mark, with semicolons, commas or tabs
    between cells. `to` is the target edition of the ads, `name` the name of the table in findings. Columns are named by the JSON
    Pointers of the fields, or by their names. The table may be as large as `limits` allow a document to be. Raises `OSError`
    where the file cannot be opened; `remaining` reports what is wrong with its content.

    >>> answers = AnswerSheet("source_id;brand\n17;Yamaha\n".encode(), to="v4")
    >>> answers.take({"source_id": "17"}).answers
    {'/category_fields/brand': 'Yamaha'}
    """

    def __init__(
        self,
        source: str | bytes,
        *,
        to: str,
        name: str | None = None,
        limits: Limits | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.name = name or (source if isinstance(source, str) else "<bytes>")
        self._catalogue = catalogue or catalogues.default()
        self._to = self._catalogue.edition(to).name
        self._most = (limits or Limits()).document
        self._rows = KeyedQueue()
        self._without_questions: set[str] = set()
        self._without_row: deque[str] = deque(maxlen=_MOST_HINTS)
        self._remarks: list[Finding] = []
        self._columns: Sequence[str | None] = ()
        self._label_column: int | None = None
        self._expects_legend = True
        self.empty = True
        self._read(source)
        self.empty = self.empty and not self._remarks

    @property
    def unusable(self) -> Finding | None:
        """Why the file is no table of answers, or None if it is one."""
        return None if any(self._columns) else next(iter(self._remarks), None)

    def take(self, ad: object) -> Row | None:
        """Return the next row for an ad, preferably one with its label; None if there is none."""
        name = ad_name(ad, self._catalogue)
        found = name and (self._rows.take(name, ad_label(ad, self._catalogue)) or self._rows.take(name))
        return (
            Row(number=found[0], name=found[1], cells={at: (column, text) for at, (column, text) in found[2].items()})
            if found
            else None
        )

    def pass_over(self, ad: object) -> None:
        """Note an ad without questions."""
        name = ad_name(ad, self._catalogue)
        if name and self._rows.holds(name):
            self._without_questions.add(name)

    def judged(self, conversion: Conversion, row: Row | None) -> tuple[Sequence[Finding], Sequence[Finding]]:
        """Separate the findings about an ad from those about its answers, which get their row and column."""
        findings: list[Finding] = []
        remarks: list[Finding] = []
        for finding in conversion.findings:
            at = finding.at if finding.to is None else finding.to
            if row and at in row.cells and finding.code in _ABOUT_ANSWERS:
                remarks.append(replace(finding, line=row.number, column=row.cells[at][0]))
            else:
                findings.append(finding)
        name = ad_name(conversion.given, self._catalogue)
        if row is None and conversion.questions and name:
            if self._rows.holds(name, taken=True):
                findings.append(
                    messages.make_finding(self._catalogue, "answer.shared", pointer.write(self._catalogue.identity_at))
                )
            else:
                self._without_row.append(name)
        return findings, remarks

    def remaining(self) -> Iterator[Finding]:
        """Yield what is wrong with the table, and, once all ads have been read, the rows for no ad."""
        yield from self._remarks
        digits = {name.lstrip("0"): name for name in self._without_row}
        for count, (number, name, _) in enumerate(self._rows.remaining()):
            hint_case, near = "", None
            again = name in self._without_questions or self._rows.holds(name, taken=True)
            if not again and count < _MOST_HINTS:
                near = digits.get(name.lstrip("0")) or spelling.nearest(name, self._without_row)
                hint_case = "near" if near else ""
            finding = messages.make_finding(
                self._catalogue,
                "answer.unknown_ad",
                "",
                case="again" * again,
                hint_case=hint_case,
                value=messages.short_json(name),
                near=near,
            )
            yield replace(finding, line=number, column=1)

    def _read(self, source: str | bytes) -> None:
        with ExitStack() as opened:
            given = io.BytesIO(source) if isinstance(source, bytes) else opened.enter_context(open(source, "rb"))
            file = io.BytesIO(given.read(self._most + 1))
            if len(file.getbuffer()) > self._most:
                self._malformed(
                    1, f"This is more than {messages.format_size(self._most)} long; --max-document-size raises the limit."
                )
                return
            begin = file.read(len(_WORKBOOK[0]))
            if begin in _WORKBOOK:
                self._malformed(1, "This is a workbook, not a CSV file.")
                return
            file.seek(0)
            number = 0
            try:
                text = opened.enter_context(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
                for number, cells in self._cells(text):
                    self._line(number, cells)
            except UnicodeDecodeError:
                self._malformed(number + 1, "This is not UTF-8.")
            except csv.Error as error:
                self._malformed(number + 1, f"This line is not part of a table: {error}.")
        if not self._columns and not self._remarks:
            self._malformed(1, "The table is empty.")

    def _cells(self, text: IO[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the lines of the table with their numbers, without empty lines."""
        start, first = 1, text.readline()
        if first.casefold().startswith(_SEPARATOR):
            start, first = 2, text.readline()
        lines = csv.reader(chain([first], text), delimiter=max(DELIMITERS, key=first.count), strict=True)
        for number, cells in enumerate(lines, start):
            if any(cell.strip() for cell in cells):
                yield number, cells

    def _line(self, number: int, cells: Sequence[str]) -> None:
        """Process a line of the table: the names of the columns, or the answers for an ad."""
        own = self._catalogue.identity_at[-1]
        if not self._columns:
            columns = [self._field(unguarded(name.strip()), number, column) for column, name in enumerate(cells, 1)]
            for twice in [name for name, count in Counter(columns).items() if name and count > 1]:
                self._malformed(number, f"Two columns are for {twice}.")
            self._columns = columns if own in columns else [None]
            if own not in columns:
                self._malformed(number, f"The column {own} is missing.")
            return
        if own not in self._columns or self._is_legend(cells):
            return
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            self._malformed(number, f"This line has {len(cells)} cells, but there are {len(self._columns)} columns.")
            return
        answers = {
            field: (column, text)
            for column, (field, text) in enumerate(zip(self._columns, cells, strict=False), 1)
            if field and text.strip() not in (BLANK_ANSWERS if field != own else {""})
        }
        if own in answers:
            name = unguarded(answers.pop(own)[1].strip())
            label = cells[self._label_column] if self._label_column is not None and self._label_column < len(cells) else ""
            if answers:
                self._rows.put(name, [number, name, answers], unguarded(label))
                self.empty = False
        elif answers:
            self._malformed(number, f"This line has no {own}.")

    def _is_legend(self, cells: Sequence[str]) -> bool:
        """Return whether a line is the legend: the second line, or wherever sorting has put it.

        The legend has no label. An ad of that name has one, or its name is marked.
        """
        second, self._expects_legend = self._expects_legend, False
        own = self._columns.index(self._catalogue.identity_at[-1])
        named = own < len(cells) and cells[own].strip() == LEGEND
        sorted_away = self._label_column is not None and not "".join(cells[self._label_column : self._label_column + 1]).strip()
        return named and (second or sorted_away)

    def _field(self, name: str, number: int, column: int) -> str | None:
        """Return the JSON Pointer of the field of a column, or the name of the identifier column; None for any other column."""
        word = spelling.name_key(name)
        if word == spelling.name_key(self._catalogue.identity_at[-1]):
            return self._catalogue.identity_at[-1]
        if name == LABEL:
            self._label_column = column - 1
        if not name or name in {LABEL, SUGGESTIONS}:
            return None
        if name in self._fields:
            return name
        named = [at for at in self._fields if spelling.name_key(pointer.parse(at)[-1]) == word]
        known = self._catalogue.names.get(word)
        if len(named) == 1 or (known and known.unit is None and pointer.write(known.at) in self._fields):
            return named[0] if len(named) == 1 else pointer.write(known.at) if known else None
        near = spelling.nearest(name, self._fields)
        details: dict[str, Any] = {
            "name": messages.short_json(privacy.display_word(name)),
            "version": self._to,
            "hint_case": "near" if near else "",
            "near": near,
        }
        finding = messages.make_finding(self._catalogue, "answer.unknown_column", "", **details)
        self._remarks.append(replace(finding, line=number, column=column))
        return None

    @cached_property
    def _fields(self) -> Mapping[str, None]:
        """The JSON Pointers of the fields of the edition that may be sent and are in no array."""
        kinds = [Kind(version=self._to, category=slug) for slug in self._catalogue.edition(self._to).categories]
        places = (at for kind in kinds for at, _ in walk(self._catalogue.schema(kind), into=is_sendable) if at and "*" not in at)
        return dict.fromkeys(map(pointer.write, places))

    def _malformed(self, number: int, why: str) -> None:
        finding = messages.make_finding(self._catalogue, "answer.malformed", "", why=why)
        self._remarks.append(replace(finding, line=number, column=1))


#: The codes of findings about answers.
_ABOUT_ANSWERS = {"answer.refused", "answer.unasked", "answer.unknown_field"}
