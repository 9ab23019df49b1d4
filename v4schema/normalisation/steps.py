"""What can be done to a value: one small function for each step, all in one table, named by ``x-normalise`` in the schemas.

`schemas/meta/dialect.json` describes the same steps for those who write schemas.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import chain
from typing import Any

from v4schema import spelling
from v4schema.catalogue import quantities
from v4schema.catalogue.quantities import Undecided
from v4schema.dialect import patterns
from v4schema.dialect.fields import matches_type, types
from v4schema.normalisation import quantity_steps
from v4schema.normalisation.step import Field, Step, StepResult

_NUMBER = re.compile(r"\s*([-+\u2212]?[0-9]{1,20}(?:[.,][0-9]{1,20})?)\s*")
#: Classes of characters, by the one that stands for them.
_CLASSES = {" ": r"\s", "-": r"\-\u2010-\u2015\u2212"}
_BREAKS = re.compile(f"[ _{_CLASSES['-']}]+")
_ROUND = re.compile(f"[0-9a-z]+(?:{_BREAKS.pattern}[0-9a-z]+)*")
_SLUG = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
#: No number that names anything has more bits than this.
_MOST_BITS = 64


def _trim(_: object, __: Field) -> Step:
    """Take white space off both ends."""

    def step(value: object) -> StepResult | None:
        return _respelt(value, value.strip(), "trimmed") if isinstance(value, str) else None

    return step


def _case(case: str, _: Field) -> Step:
    """Write in capitals or in small letters, where that is as long."""
    turn = str.upper if case == "upper" else str.lower

    def step(value: object) -> StepResult | None:
        return _respelt(value, turn(value)) if isinstance(value, str) and len(turn(value)) == len(value) else None

    return step


def _replace(letters: Mapping[str, str], _: Field) -> Step:
    """Write one character for another."""
    table = str.maketrans(dict(letters))
    return lambda value: _respelt(value, value.translate(table)) if isinstance(value, str) else None


def _remove(told: Mapping[str, str], _: Field) -> Step:
    """Take characters out, if what is left looks as it should; a space stands for any white space, a hyphen for any dash."""
    unwanted = re.compile(f"[{''.join(_CLASSES.get(each) or re.escape(each) for each in told['characters'])}]")
    leaving = patterns.compiled(told["leaving"])

    def step(value: object) -> StepResult | None:
        if not isinstance(value, str):
            return None
        left = unwanted.sub("", value)
        return _respelt(value, left) if leaving.matches(left) else None

    return step


def _slug(_: object, described: Field) -> Step:
    """Write as a slug: small letters without accents, hyphens for spaces; or as the one choice that differs in no more.

    What a rule says is not meant, such as a placeholder, stays for that rule to be seen.
    """
    known = {spelling.name_key(choice): choice for choice in described.choices if isinstance(choice, str)}
    unmeant = [value for rule in described.schema.get("allOf", ()) for value in rule.get("not", {}).get("enum", ())]

    def step(value: object) -> StepResult | None:
        if not isinstance(value, str) or value in described.choices or value.strip() in unmeant:
            return None
        chosen = known.get(spelling.name_key(value))
        if chosen is not None:
            return StepResult(value=chosen, code="text.slug")
        if _SLUG.fullmatch(value):
            return None
        # Letter by letter: putting accents in order, which are taken off anyway, takes the square of their number.
        letters = chain.from_iterable(unicodedata.normalize("NFD", letter) for letter in value.strip().lower())
        bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return StepResult(value=_BREAKS.sub("-", bare), code="text.slug") if _ROUND.fullmatch(bare) else None

    return step


def _word(table: str, described: Field) -> Step:
    """Translate a word of the table into the one choice it means; a choice that is only spelt otherwise counts as well.

    A field that lists no choices has those of its examples, or true and false.
    """
    examples = described.schema.get("examples", ()) if "boolean" not in types(described.schema) else (True, False)
    choices = described.choices or examples
    offered = {(type(choice), choice) for choice in described.recommended or examples}
    meanings: dict[str, set[object]] = {}
    for choice in choices:
        meanings.setdefault(spelling.word_key(str(choice)), set()).add(choice)
    for word, several in described.words[table].items():
        meant = {choice for choice in choices for meaning in several if str(choice) == str(meaning)}
        if meant:
            meanings.setdefault(word, set()).update(meant)

    def step(value: object) -> StepResult | Undecided | None:
        if not isinstance(value, str | int) or isinstance(value, bool) or (type(value), value) in offered:
            return None
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            return None
        meant = meanings.get(spelling.word_key(str(value)), ())
        told = sorted({str(choice) for choice in meant})
        if len(told) > 1:
            return Undecided(code="word.ambiguous", details={"meanings": " or ".join(told)})
        best = [choice for choice in meant if (type(choice), choice) in offered] or [*meant]
        if not best or (type(best[0]), best[0]) == (type(value), value):
            return None
        return StepResult(value=best[0], code="word.translated")

    return step


def _number(_: object, described: Field) -> Step:
    """Read a number that is written as text, with a point or a comma before its decimals."""
    whole = "integer" in types(described.schema)

    def step(value: object) -> StepResult | None:
        found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
        if found is None or (whole and not {",", "."}.isdisjoint(found[1])):
            return None
        number = quantities.to_json_number(Fraction(found[1].replace(",", ".").replace("\u2212", "-")))
        return None if number is None else StepResult(value=number, code="number.read")

    return step


def _list(told: object, described: Field) -> Step:
    """Put a lone value into a list, if it is of the type of its items; but not text with a sign of being several."""
    several = patterns.compiled(told["unless"]) if isinstance(told, dict) else None

    def step(value: object) -> StepResult | None:
        if isinstance(value, list) or not matches_type(value, described.schema["items"]):
            return None
        if several and isinstance(value, str) and several.matches(value.strip()):
            return None
        return StepResult(value=[value], code="list.wrapped")

    return step


def _distinct(_: object, __: Field) -> Step:
    """Drop each text that stands in the list before."""

    def step(value: object) -> StepResult | None:
        if not isinstance(value, list):
            return None
        texts = [item for item in value if isinstance(item, str)]
        if len({*texts}) == len(texts):
            return None
        seen: set[str] = set()
        kept, dropped = [], []
        for index, item in enumerate(value):
            if isinstance(item, str) and item in seen:
                dropped.append((index, item, None))
            else:
                kept.append(item)
                seen.update([item] if isinstance(item, str) else ())
        return StepResult(value=kept, code="item.repeated", parts=dropped)

    return step


def _limit(_: object, described: Field) -> Step:
    """Drop the items beyond as many as the field takes."""
    most = described.schema.get("maxItems")

    def step(value: object) -> StepResult | None:
        if not isinstance(value, list) or most is None or len(value) <= most:
            return None
        beyond = [(index, item, None) for index, item in enumerate(value[most:], most)]
        return StepResult(value=value[:most], code="item.beyond", details={"most": most}, parts=beyond)

    return step


#: The steps by name: each makes, from its argument in the schema and the field, what is done to a value there.
STEPS: dict[str, Callable[[Any, Field], Step]] = {
    "trim": _trim,
    "case": _case,
    "replace": _replace,
    "remove": _remove,
    "slug": _slug,
    "word": _word,
    "number": _number,
    "quantity": quantity_steps.quantity,
    "in_unit": quantity_steps.in_unit,
    "imply": quantity_steps.imply,
    "list": _list,
    "distinct": _distinct,
    "limit": _limit,
}

#: The steps that come after what is done within a value; all others come before it.
LAST = {"distinct", "limit"}

#: The steps that undo themselves when they are made for the field on the other side; any other only a receipt undoes.
REVERSIBLE = {"word", "in_unit", "quantity", "limit"}


def _respelt(value: str, text: str, case: str = "") -> StepResult | None:
    """Report a text that is written otherwise; one of which nothing would be left stays."""
    return (
        StepResult(value=text, code="text.respelled", details={"case": case} if case else {}) if text and text != value else None
    )
