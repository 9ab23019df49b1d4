"""What ads are asked, as a table for a spreadsheet, and the answers that come back from it."""

import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import IO, Any, Self

from v4schema import catalogue as catalogues
from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.conversion.questions import BLANK_ANSWERS, Question
from v4schema.conversion.result import Conversion
from v4schema.dialect.fields import is_private, is_sendable, walk
from v4schema.document import pointer
from v4schema.feed.keyed_queue import KeyedQueue
from v4schema.feed.temporary import SpooledFile
from v4schema.findings.report import Finding, Kind
from v4schema.reading.reader import Limits

#: What stands over the columns that are not read back: what a person knows an ad by, and what may be meant.
LABEL, SUGGESTIONS = "ad", "suggestions (read from the ad, not used)"
#: What the second line begins with, which tells what may be answered.
LEGEND = "# what to answer"
#: What stands in a cell that needs no answer.
_NOT_ASKED = "-"
#: How a workbook begins, which is no CSV.
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: How a line begins that tells spreadsheets what stands between cells.
_SEPARATOR = "sep="
#: No more rows and ads than this are compared for hints.
_MOST_HINTS = 1_000
#: No label is longer than this.
_LONGEST = 80
#: A label is made of no more characters than these.
_MOST_READ = 1_000
#: What spreadsheets take for the beginning of a formula, in one locale or another, as a character class: also as full-width,
#: small and raised signs, and as the dashes that they read as minus.
_SIGNS = "=+@\\-\u2010-\u2015\u2212\ufe58\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u207a-\u207c\u208a-\u208c"
#: What they may pass over before it: white space, control characters, quotes, and what cannot be seen.
_PASSED_OVER = (
    '\x00-\x08\x0b\x0c\x0e-\x20"\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f'  # up to the marks of direction
    "\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)
#: What a program may split a cell at, whatever it is told: it may take what follows for a formula as well.
_SPLITS = ",;|\t\r\n"
#: Where the guard goes that keeps a text from being a formula, or from being written anew as a number or a date.
_GUARDED = re.compile(f"(?:^|(?<=[{_SPLITS}]))(?=[{_PASSED_OVER}]*[{_SIGNS}'])|^(?=[{_SPLITS}#])", re.DOTALL)
_GUARD = re.compile(f"^'|(?<=[{_SPLITS}])'(?=[{_PASSED_OVER}]*[{_SIGNS}'])", re.DOTALL)
#: What spreadsheets write anew: what begins with a digit and is not a short whole number.
_REWRITTEN = re.compile(r"(?!(?:0|[1-9][0-9]{0,10})\Z)[0-9]")
#: What may stand between the cells of a line.
_DELIMITERS = ";,\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The answers of one row by their JSON Pointers, each with the column that it stands in; rows and columns count from 1."""

    number: int
    name: str
    cells: Mapping[str, tuple[int, str]] = field(repr=False)

    @property
    def answers(self) -> Mapping[str, str]:
        """The answers by their JSON Pointers."""
        return {at: text for at, (_, text) in self.cells.items()}


class AnswerSheet:
    r"""The answers of a sheet, row by row, found by the identifiers of the ads.

    `source` is the path of a CSV file or its bytes: UTF-8 with or without a byte-order mark, with semicolons, commas or tabs
    between cells; `to` is the edition that the ads come to, `name` what the sheet is called in findings. The columns are named
    by the JSON Pointers of the fields, or by a field's own name. It may be as large as `limits` let a document be.
    Raises `OSError` where the file cannot be opened; what is wrong with what it holds is told by `left`.

    >>> answers = Answers("source_id;brand\n17;Yamaha\n".encode(), to="v4")
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
        self._met: set[str] = set()
        self._wanting: deque[str] = deque(maxlen=_MOST_HINTS)
        self._remarks: list[Finding] = []
        self._columns: Sequence[str | None] = ()
        self._labelled: int | None = None
        self._second = True
        self.empty = True
        self._read(source)
        self.empty = self.empty and not self._remarks

    @property
    def unusable(self) -> Finding | None:
        """Why this is no sheet of answers at all, if it is none."""
        return None if any(self._columns) else next(iter(self._remarks), None)

    def take(self, ad: object) -> Row | None:
        """Return the row of answers for an ad: the next of its name, before others one with its label; None if there is none."""
        name = _name(ad, self._catalogue)
        found = name and (self._rows.take(name, _label(ad, self._catalogue)) or self._rows.take(name))
        return (
            Row(number=found[0], name=found[1], cells={at: (column, text) for at, (column, text) in found[2].items()})
            if found
            else None
        )

    def pass_over(self, ad: object) -> None:
        """Take note of an ad that is not asked."""
        name = _name(ad, self._catalogue)
        if name and self._rows.holds(name):
            self._met.add(name)

    def judged(self, conversion: Conversion, row: Row | None) -> tuple[Sequence[Finding], Sequence[Finding]]:
        """Tell the findings on an ad from those on the answers it was given, which have the row and column they are about."""
        findings: list[Finding] = []
        remarks: list[Finding] = []
        for finding in conversion.findings:
            at = finding.at if finding.to is None else finding.to
            if row and at in row.cells and finding.code in _ON_ANSWERS:
                remarks.append(replace(finding, line=row.number, column=row.cells[at][0]))
            else:
                findings.append(finding)
        name = _name(conversion.given, self._catalogue)
        if row is None and conversion.questions and name:
            if self._rows.holds(name, taken=True):
                findings.append(
                    messages.make_finding(self._catalogue, "answer.shared", pointer.write(self._catalogue.identity_at))
                )
            else:
                self._wanting.append(name)
        return findings, remarks

    def left(self) -> Iterator[Finding]:
        """Yield what is wrong with the sheet, and the rows that are for no ad, once all ads have been read."""
        yield from self._remarks
        digits = {name.lstrip("0"): name for name in self._wanting}
        for count, (number, name, _) in enumerate(self._rows.left()):
            mend, near = "", None
            again = name in self._met or self._rows.holds(name, taken=True)
            if not again and count < _MOST_HINTS:
                near = digits.get(name.lstrip("0")) or spelling.nearest(name, self._wanting)
                mend = "near" if near else ""
            finding = messages.make_finding(
                self._catalogue,
                "answer.unknown_ad",
                "",
                case="again" * again,
                mend=mend,
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
                    1, f"This holds more than {messages.format_size(self._most)}, which --max-document-size can raise."
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
                self._malformed(number + 1, f"This is no line of a table: {error}.")
        if not self._columns and not self._remarks:
            self._malformed(1, "The sheet is empty.")

    def _cells(self, text: IO[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the lines of a table with their numbers, without those that hold nothing."""
        start, first = 1, text.readline()
        if first.casefold().startswith(_SEPARATOR):
            start, first = 2, text.readline()
        lines = csv.reader(chain([first], text), delimiter=max(_DELIMITERS, key=first.count), strict=True)
        for number, cells in enumerate(lines, start):
            if any(cell.strip() for cell in cells):
                yield number, cells

    def _line(self, number: int, cells: Sequence[str]) -> None:
        """Take in a line of the table: the names of the columns, or the answers for an ad."""
        own = self._catalogue.identity_at[-1]
        if not self._columns:
            columns = [self._field(_unguarded(name.strip()), number, column) for column, name in enumerate(cells, 1)]
            for twice in [name for name, count in Counter(columns).items() if name and count > 1]:
                self._malformed(number, f"There are two columns for {twice}.")
            self._columns = columns if own in columns else [None]
            if own not in columns:
                self._malformed(number, f"There is no column {own}.")
            return
        if own not in self._columns or self._is_legend(cells):
            return
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            self._malformed(number, f"There are {len(cells)} cells in this line, but {len(self._columns)} columns.")
            return
        told = {
            field: (column, text)
            for column, (field, text) in enumerate(zip(self._columns, cells, strict=False), 1)
            if field and text.strip() not in (BLANK_ANSWERS if field != own else {""})
        }
        if own in told:
            name = _unguarded(told.pop(own)[1].strip())
            label = cells[self._labelled] if self._labelled is not None and self._labelled < len(cells) else ""
            if told:
                self._rows.put(name, [number, name, told], _unguarded(label))
                self.empty = False
        elif told:
            self._malformed(number, f"There is no {own} in this line.")

    def _is_legend(self, cells: Sequence[str]) -> bool:
        """Tell whether a line is the one that tells what may be answered: the second, or wherever sorting has put it.

        It has no label; an ad that is called the same is marked, or has one.
        """
        second, self._second = self._second, False
        own = self._columns.index(self._catalogue.identity_at[-1])
        named = own < len(cells) and cells[own].strip() == LEGEND
        sorted_away = self._labelled is not None and not "".join(cells[self._labelled : self._labelled + 1]).strip()
        return named and (second or sorted_away)

    def _field(self, name: str, number: int, column: int) -> str | None:
        """Return the field that a column is for, by its pointer; the name of the column of identifiers; None for any other."""
        word = spelling.name_key(name)
        if word == spelling.name_key(self._catalogue.identity_at[-1]):
            return self._catalogue.identity_at[-1]
        if name == LABEL:
            self._labelled = column - 1
        if not name or name in {LABEL, SUGGESTIONS}:
            return None
        if name in self._fields:
            return name
        named = [at for at in self._fields if spelling.name_key(pointer.parse(at)[-1]) == word]
        known = self._catalogue.names.get(word)
        if len(named) == 1 or (known and known.unit is None and pointer.write(known.at) in self._fields):
            return named[0] if len(named) == 1 else pointer.write(known.at) if known else None
        near = spelling.nearest(name, self._fields)
        told: dict[str, Any] = {
            "name": messages.short_json(privacy.display_word(name)),
            "version": self._to,
            "mend": "near" if near else "",
            "near": near,
        }
        finding = messages.make_finding(self._catalogue, "answer.unknown_column", "", **told)
        self._remarks.append(replace(finding, line=number, column=column))
        return None

    @cached_property
    def _fields(self) -> Mapping[str, None]:
        """The fields of the edition that may be sent and stand in no array, by their pointers."""
        kinds = [Kind(version=self._to, category=slug) for slug in self._catalogue.edition(self._to).categories]
        places = (at for kind in kinds for at, _ in walk(self._catalogue.schema(kind), into=is_sendable) if at and "*" not in at)
        return dict.fromkeys(map(pointer.write, places))

    def _malformed(self, number: int, why: str) -> None:
        finding = messages.make_finding(self._catalogue, "answer.malformed", "", why=why)
        self._remarks.append(replace(finding, line=number, column=1))


class QuestionSheet:
    """A table of what ads are asked: a row for each ad, and a column for each field that any of them is asked for.

    It is a context, within which ads are added one by one; they are kept in a temporary file.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rows = SpooledFile()
        self._columns: dict[str, dict[Question, None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def add(self, conversion: Conversion) -> bool:
        """Add a row for an ad, if it has to be asked anything that a cell can hold; tell whether it has one."""
        name = _name(conversion.given, self._catalogue)
        questions = [ask for ask in (*conversion.questions, *conversion.optional_questions) if ask.plain]
        if not name or not any(ask.required for ask in questions):
            return False
        for ask in questions:
            self._columns.setdefault(ask.at, {})[replace(ask, suggestion=None)] = None
        schema = self._catalogue.schema(conversion.kind) if conversion.kind else {}
        open_ = [ask for ask in questions if ask.suggestion and not is_private(schema, ask.place)]
        told = [f"{ask.place[-1]}: {ask.suggestion}" for ask in open_]
        row = [name, _label(conversion.given, self._catalogue), "; ".join(told), [ask.at for ask in questions]]
        self._rows.write(json.dumps(row).encode() + b"\n")
        return True

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the table: CSV with semicolons, in UTF-8 with a byte-order mark, as spreadsheets read it best."""
        own = self._catalogue.identity_at[-1]
        yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
        yield _line([own, LABEL, *map(_guarded, self._columns), SUGGESTIONS])
        yield _line([LEGEND, "", *(_guarded(_legend(questions)) for questions in self._columns.values()), ""])
        self._rows.seek(0)
        for line in self._rows:
            name, label, suggestions, asked = json.loads(line)
            cells = ["" if at in asked else _NOT_ASKED for at in self._columns]
            name = f"'{_guarded(name)}" if _REWRITTEN.match(name) else _guarded(name)
            yield _line([name, _guarded(label), *cells, _guarded(suggestions)])


def _name(ad: object, catalogue: Catalogue) -> str:
    """Return what an ad calls itself, as a cell has it."""
    return (pointer.text(ad, catalogue.identity_at) or "").strip()


def _label(ad: object, catalogue: Catalogue) -> str:
    """Return what a person knows an ad by, without what may tell who somebody is."""
    texts = (pointer.get(ad, at) for at in catalogue.labels_at if pointer.exists(ad, at))
    label = next((spelling.single_spaced(text[:_MOST_READ]) for text in texts if isinstance(text, str) and text.strip()), "")
    label = catalogue.unlabelled.sub(pointer.MASK, label)
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _legend(questions: Iterable[Question]) -> str:
    """Return what is told of a column: whether it may stay empty, what it is, and what may stand in it."""
    questions = [*questions]
    optional = {True: "Optional. ", False: ""}[not any(ask.required for ask in questions)]
    if not optional and not all(ask.required for ask in questions):
        optional = "Optional for some. "
    if len({ask.description for ask in questions}) == 1:
        examples = dict.fromkeys(ask.example for ask in questions if ask.example)
        questions = [replace(questions[0], example=" or ".join(examples) or None)]
    return optional + " / ".join(dict.fromkeys(map(_described, questions)))


def _described(ask: Question) -> str:
    """Return what a field is, and what may be answered."""
    begin = "Write " if ask.choices or ask.unit else ""
    told = f"{begin}{ask.allowed}" if begin else ask.allowed[:1].upper() + ask.allowed[1:]
    return f"{ask.description} {told}." if told else ask.description


def _guarded(text: str) -> str:
    """Return a text of which no spreadsheet takes anything for a formula, wherever it splits it."""
    return _GUARDED.sub("'", text)


def _unguarded(text: str) -> str:
    """Return the text that was guarded."""
    return _GUARD.sub("", text)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=_DELIMITERS[0], lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


#: The codes of what is said of answers, and not of the ad.
_ON_ANSWERS = {"answer.refused", "answer.unasked", "answer.unknown_field"}
