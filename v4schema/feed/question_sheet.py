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

#: The heads of the columns that are not read back: the label of an ad, and suggestions.
LABEL, SUGGESTIONS = "ad", "suggestions (read from the ad, not used)"
#: The beginning of the second line, which lists the allowed answers.
LEGEND = "# what to answer"


#: The content of a cell that needs no answer.
_NOT_ASKED = "-"
#: The longest label.
_LONGEST = 80


#: The number of characters that a label is made from.
_MOST_READ = 1_000
#: What spreadsheets rewrite: a text that begins with a digit and is not a short whole number.
_REWRITTEN = re.compile(r"(?!(?:0|[1-9][0-9]{0,10})\Z)[0-9]")


#: The separators of cells.
DELIMITERS = ";,\t"


class QuestionSheet:
    """A table of questions: a row for each ad, and a column for each field that any of them is asked for.

    It is a context manager in which ads are added one by one; they are kept in a temporary file.
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
        """Add a row for an ad, if it has a question that a cell can answer; tell whether a row was added."""
        name = ad_name(conversion.given, self._catalogue)
        questions = [question for question in (*conversion.questions, *conversion.optional_questions) if question.fits_cell]
        if not name or not any(question.required for question in questions):
            return False
        for question in questions:
            self._columns.setdefault(question.at, {})[replace(question, suggestion=None)] = None
        schema = self._catalogue.schema(conversion.kind) if conversion.kind else {}
        shown = [question for question in questions if question.suggestion and not is_private(schema, question.place)]
        suggestions = [f"{question.place[-1]}: {question.suggestion}" for question in shown]
        row = [name, ad_label(conversion.given, self._catalogue), "; ".join(suggestions), [question.at for question in questions]]
        self._rows.write(json.dumps(row).encode() + b"\n")
        return True

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the table: CSV with semicolons, in UTF-8 with a byte-order mark, which spreadsheets read best."""
        own = self._catalogue.identity_at[-1]
        yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
        yield _line([own, LABEL, *map(guarded, self._columns), SUGGESTIONS])
        yield _line([LEGEND, "", *(guarded(_legend(questions)) for questions in self._columns.values()), ""])
        self._rows.seek(0)
        for line in self._rows:
            name, label, suggestions, asked = json.loads(line)
            cells = ["" if at in asked else _NOT_ASKED for at in self._columns]
            name = f"'{guarded(name)}" if _REWRITTEN.match(name) else guarded(name)
            yield _line([name, guarded(label), *cells, guarded(suggestions)])


def ad_name(ad: object, catalogue: Catalogue) -> str:
    """Return the identifier of an ad, as a cell holds it."""
    return (pointer.text(ad, catalogue.identity_at) or "").strip()


def ad_label(ad: object, catalogue: Catalogue) -> str:
    """Return the text by which a person recognises an ad, without what may identify a person."""
    texts = (pointer.get(ad, at) for at in catalogue.labels_at if pointer.exists(ad, at))
    label = next((spelling.single_spaced(text[:_MOST_READ]) for text in texts if isinstance(text, str) and text.strip()), "")
    label = catalogue.masked_in_labels.sub(pointer.MASK, label)
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _legend(questions: Iterable[Question]) -> str:
    """Return the legend of a column: whether it is optional, what it is, and which answers are allowed."""
    questions = [*questions]
    optional = {True: "Optional. ", False: ""}[not any(question.required for question in questions)]
    if not optional and not all(question.required for question in questions):
        optional = "Optional for some. "
    if len({question.description for question in questions}) == 1:
        examples = dict.fromkeys(question.example for question in questions if question.example)
        questions = [replace(questions[0], example=" or ".join(examples) or None)]
    return optional + " / ".join(dict.fromkeys(map(_described, questions)))


def _described(question: Question) -> str:
    """Return the description of a field, and the allowed answers."""
    begin = "Write " if question.choices or question.unit else ""
    allowed = f"{begin}{question.allowed}" if begin else question.allowed[:1].upper() + question.allowed[1:]
    return f"{question.description} {allowed}." if allowed else question.description


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=DELIMITERS[0], lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
