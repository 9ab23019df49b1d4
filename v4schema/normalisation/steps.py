"""The steps that ``x-normalise`` names in the schemas: one small function makes each, and a table lists them all.

`schemas/meta/dialect.json` describes the same steps to those who write schemas.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
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
#: What stands for several characters in the argument of ``remove``: a space for any white space, a hyphen for any dash.
_CLASSES = {" ": r"\s", "-": r"\-\u2010-\u2015\u2212"}
_BREAKS = re.compile(f"[ _{_CLASSES['-']}]+")
_SLUG_WITH_BREAKS = re.compile(f"[0-9a-z]+(?:{_BREAKS.pattern}[0-9a-z]+)*")
_SLUG = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
#: A number of more bits than this is no word for anything.
_MAX_BITS = 64


def _trim(_: object, __: Field) -> Step:
    """Remove white space from both ends."""

    def step(value: object) -> StepResult | None:
        return _respelled(value, value.strip(), "trimmed") if isinstance(value, str) else None

    return step


def _case(case: str, _: Field) -> Step:
    """Write in upper or lower case, if the length stays the same."""
    change_case = str.upper if case == "upper" else str.lower

    def step(value: object) -> StepResult | None:
        return _respelled(value, change_case(value)) if isinstance(value, str) and len(change_case(value)) == len(value) else None

    return step


def _replace(letters: Mapping[str, str], _: Field) -> Step:
    """Replace single characters by others."""
    table = str.maketrans(dict(letters))
    return lambda value: _respelled(value, value.translate(table)) if isinstance(value, str) else None


def _remove(argument: Mapping[str, str], _: Field) -> Step:
    """Remove characters, if the rest matches a pattern; a space stands for any white space, a hyphen for any dash."""
    unwanted = re.compile(f"[{''.join(_CLASSES.get(each) or re.escape(each) for each in argument['characters'])}]")
    rest_pattern = patterns.compiled(argument["leaving"])

    def step(value: object) -> StepResult | None:
        if not isinstance(value, str):
            return None
        rest = unwanted.sub("", value)
        return _respelled(value, rest) if rest_pattern.matches(rest) else None

    return step


def _slug(_: object, field: Field) -> Step:
    """Write as a slug: lower case, no accents, hyphens for spaces; or as the choice that differs only in case and word breaks.

    A value that a rule forbids, such as a placeholder, stays as it is, so that the rule reports it.
    """
    choices = {spelling.name_key(choice): choice for choice in field.choices if isinstance(choice, str)}
    forbidden = [value for rule in field.schema.get("allOf", ()) for value in rule.get("not", {}).get("enum", ())]

    def step(value: object) -> StepResult | None:
        if not isinstance(value, str) or value in field.choices or value.strip() in forbidden:
            return None
        choice = choices.get(spelling.name_key(value))
        if choice is not None:
            return StepResult(value=choice, code="text.slug")
        if _SLUG.fullmatch(value):
            return None
        # Letter by letter, because ordering many accents on one letter takes quadratic time, and they are removed anyway.
        letters = chain.from_iterable(unicodedata.normalize("NFD", letter) for letter in value.strip().lower())
        bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return StepResult(value=_BREAKS.sub("-", bare), code="text.slug") if _SLUG_WITH_BREAKS.fullmatch(bare) else None

    return step


def _word(table: str, field: Field) -> Step:
    """Translate a word of a table, or another spelling of a choice, into the one choice that it means.

    If a field lists no choices, its choices are its examples, or true and false.
    """
    examples = field.schema.get("examples", ()) if "boolean" not in types(field.schema) else (True, False)
    recommended = {(type(choice), choice) for choice in field.recommended or examples}
    meanings = _meanings(field.choices or examples, field.words[table])

    def step(value: object) -> StepResult | Undecided | None:
        if not isinstance(value, str | int) or isinstance(value, bool) or (type(value), value) in recommended:
            return None
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            return None
        choices = meanings.get(spelling.word_key(str(value)), ())
        texts = sorted({str(choice) for choice in choices})
        if len(texts) > 1:
            return Undecided(code="word.ambiguous", details={"meanings": " or ".join(texts)})
        best = [choice for choice in choices if (type(choice), choice) in recommended] or [*choices]
        if not best or (type(best[0]), best[0]) == (type(value), value):
            return None
        return StepResult(value=best[0], code="word.translated")

    return step


def _meanings(choices: Sequence[object], words: Mapping[str, Sequence[object]]) -> Mapping[str, set[object]]:
    """Return the choices that each word means, by its key; the choices themselves are words as well."""
    meanings: dict[str, set[object]] = {}
    for choice in choices:
        meanings.setdefault(spelling.word_key(str(choice)), set()).add(choice)
    for word, translations in words.items():
        meant = {choice for choice in choices for translation in translations if str(choice) == str(translation)}
        if meant:
            meanings.setdefault(word, set()).update(meant)
    return meanings


def _number(_: object, field: Field) -> Step:
    """Read a number that is written as text, with a decimal point or a decimal comma."""
    whole = "integer" in types(field.schema)

    def step(value: object) -> StepResult | None:
        found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
        if found is None or (whole and not {",", "."}.isdisjoint(found[1])):
            return None
        number = quantities.to_json_number(Fraction(found[1].replace(",", ".").replace("\u2212", "-")))
        return None if number is None else StepResult(value=number, code="number.read")

    return step


def _list(argument: object, field: Field) -> Step:
    """Put a single value into a list, if it has the type of an item; but not text that may be several values."""
    unless = patterns.compiled(argument["unless"]) if isinstance(argument, dict) else None

    def step(value: object) -> StepResult | None:
        if isinstance(value, list) or not matches_type(value, field.schema["items"]):
            return None
        if unless and isinstance(value, str) and unless.matches(value.strip()):
            return None
        return StepResult(value=[value], code="list.wrapped")

    return step


def _distinct(_: object, __: Field) -> Step:
    """Remove repeated texts from a list; the first of each stays."""

    def step(value: object) -> StepResult | None:
        if not isinstance(value, list):
            return None
        texts = [item for item in value if isinstance(item, str)]
        if len({*texts}) == len(texts):
            return None
        seen: set[str] = set()
        kept, removed = [], []
        for index, item in enumerate(value):
            if isinstance(item, str) and item in seen:
                removed.append((index, item, None))
            else:
                kept.append(item)
                seen.update([item] if isinstance(item, str) else ())
        return StepResult(value=kept, code="item.repeated", parts=removed)

    return step


def _limit(_: object, field: Field) -> Step:
    """Remove the items after the most that the field takes."""
    most = field.schema.get("maxItems")

    def step(value: object) -> StepResult | None:
        if not isinstance(value, list) or most is None or len(value) <= most:
            return None
        removed = [(index, item, None) for index, item in enumerate(value[most:], most)]
        return StepResult(value=value[:most], code="item.beyond", details={"most": most}, parts=removed)

    return step


#: The functions that make steps, by the names of the steps. Each takes the argument in the schema, and the field.
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

#: The steps that run after the steps within a value; all others run before them.
LAST = {"distinct", "limit"}

#: The steps that a conversion can undo with the same step for the field of the other edition; only a receipt undoes any other.
REVERSIBLE = {"word", "in_unit", "quantity", "limit"}


def _respelled(value: str, text: str, case: str = "") -> StepResult | None:
    """Return the result for a text that is now written as `text`; None if it stays the same, or would be empty."""
    if not text or text == value:
        return None
    return StepResult(value=text, code="text.respelled", details={"case": case} if case else {})
