"""The questions about ads as a table for a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Self

from v4schema import spelling
from v4schema.catalogue import Catalogue
from v4schema.conversion.questions import Question
from v4schema.conversion.result import Conversion
from v4schema.dialect.fields import is_private
from v4schema.document import pointer
from v4schema.feed.formula_guard import guarded
from v4schema.feed.temporary import SpooledFile

#: What stands over the columns that are not read back: what a person knows an ad by, and what may be meant.
LABEL, SUGGESTIONS = "ad", "suggestions (read from the ad, not used)"
#: What the second line begins with, which tells what may be answered.
LEGEND = "# what to answer"


#: What stands in a cell that needs no answer.
_NOT_ASKED = "-"
#: No label is longer than this.
_LONGEST = 80


#: A label is made of no more characters than these.
_MOST_READ = 1_000
#: What spreadsheets write anew: what begins with a digit and is not a short whole number.
_REWRITTEN = re.compile(r"(?!(?:0|[1-9][0-9]{0,10})\Z)[0-9]")


#: What may stand between the cells of a line.
DELIMITERS = ";,\t"


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
        name = ad_name(conversion.given, self._catalogue)
        questions = [ask for ask in (*conversion.questions, *conversion.optional_questions) if ask.fits_cell]
        if not name or not any(ask.required for ask in questions):
            return False
        for ask in questions:
            self._columns.setdefault(ask.at, {})[replace(ask, suggestion=None)] = None
        schema = self._catalogue.schema(conversion.kind) if conversion.kind else {}
        open_ = [ask for ask in questions if ask.suggestion and not is_private(schema, ask.place)]
        told = [f"{ask.place[-1]}: {ask.suggestion}" for ask in open_]
        row = [name, ad_label(conversion.given, self._catalogue), "; ".join(told), [ask.at for ask in questions]]
        self._rows.write(json.dumps(row).encode() + b"\n")
        return True

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the table: CSV with semicolons, in UTF-8 with a byte-order mark, as spreadsheets read it best."""
        own = self._catalogue.identity_at[-1]
        yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
        yield _line([own, LABEL, *map(guarded, self._columns), SUGGESTIONS])
        yield _line([LEGEND, "", *(guarded(_legend(questions)) for questions in self._columns.values()), ""])
        self._rows.seek(0)
        for line in self._rows:
            name, label, suggestions, asked = json.loads(line)
            cells = ["" if at in asked else _NOT_ASKED for at in self._columns]
            name = f"'{name}" if _REWRITTEN.match(name) else guarded(name)
            yield _line([name, guarded(label), *cells, guarded(suggestions)])


def ad_name(ad: object, catalogue: Catalogue) -> str:
    """Return what an ad calls itself, as a cell has it."""
    return (pointer.text(ad, catalogue.identity_at) or "").strip()


def ad_label(ad: object, catalogue: Catalogue) -> str:
    """Return what a person knows an ad by, without what may tell who somebody is."""
    texts = (pointer.get(ad, at) for at in catalogue.labels_at if pointer.exists(ad, at))
    label = next((spelling.single_spaced(text[:_MOST_READ]) for text in texts if isinstance(text, str) and text.strip()), "")
    label = catalogue.masked_in_labels.sub(pointer.MASK, label)
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


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=DELIMITERS[0], lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
