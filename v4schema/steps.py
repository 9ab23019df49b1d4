"""What can be done to a value: one small function for each step, all in one table, named by ``x-normalise`` in the schemas.

A step is made from its argument in the schema and the field that it works on. What is made takes a value and says what it
made of it (`Done`), why only a person can tell (`Refused`), or None where it has nothing to do. `schemas/meta/dialect.json`
describes the same steps for those who write schemas.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from v4schema import quantities, spelling
from v4schema.pointer import Token
from v4schema.quantities import Measure, Refused
from v4schema.schema import Schema, fits, types

_NUMBER = re.compile(r"\s*([-+\u2212]?[0-9]{1,20}(?:[.,][0-9]{1,20})?)\s*")
_ROUND = re.compile(r"[0-9a-z]+(?:[ _-]+[0-9a-z]+)*")
_SLUG = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
#: No number that names anything has more bits than this.
_MOST_BITS = 64
#: Classes of characters, by the one that stands for them.
_CLASSES = {" ": r"\s", "-": r"\u2010-\u2015\u2212-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step made of a value: the new value, the code of the note that tells of it, and what fills its sentence.

    Where the note is not about the value itself, `below` has the members or items that it is about, each with what stood
    there and what stands there now.
    """

    value: object
    code: str
    told: Mapping[str, object] = field(default_factory=dict)
    below: Sequence[tuple[Token, object, object]] = ()


Step = Callable[[object], Done | Refused | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What steps are told of the field they work on.

    `schema` describes it. `choices` are the values that it may have, and `offered` those of them that no rule warns of; both
    are empty where any value goes. `words` are the tables of words, `measures` the kinds of quantities, by their names.
    """

    schema: Schema
    choices: Sequence[object]
    offered: Sequence[object]
    words: Mapping[str, Mapping[str, Sequence[object]]]
    measures: Mapping[str, Measure]


def _trim(_: object, __: Field) -> Step:
    """Take white space off both ends."""

    def step(value: object) -> Done | None:
        if not isinstance(value, str):
            return None
        text = value.strip()
        return None if text == value else _respelt(value, text, "trimmed")

    return step


def _case(case: str, _: Field) -> Step:
    """Write in capitals or in small letters, where that is as long."""
    turn = str.upper if case == "upper" else str.lower

    def step(value: object) -> Done | None:
        return _respelt(value, turn(value)) if isinstance(value, str) and len(turn(value)) == len(value) else None

    return step


def _replace(letters: Mapping[str, str], _: Field) -> Step:
    """Write one character for another."""
    table = str.maketrans(dict(letters))
    return lambda value: _respelt(value, value.translate(table)) if isinstance(value, str) else None


def _remove(told: Mapping[str, str], _: Field) -> Step:
    """Take characters out, if what is left looks as it should; a space stands for any white space, a hyphen for any dash."""
    unwanted = re.compile(f"[{''.join(_CLASSES.get(each) or re.escape(each) for each in told['characters'])}]")
    leaving = re.compile(told["leaving"])

    def step(value: object) -> Done | None:
        if not isinstance(value, str) or not unwanted.search(value):
            return None
        left = unwanted.sub("", value)
        return _respelt(value, left) if leaving.fullmatch(left) else None

    return step


def _slug(_: object, described: Field) -> Step:
    """Write as a slug: small letters without accents, hyphens for spaces; or as the one choice that differs in no more.

    What a rule says is not meant, such as a placeholder, stays for that rule to be seen.
    """
    known = {spelling.folded(choice): choice for choice in described.choices if isinstance(choice, str)}
    unmeant = [value for rule in described.schema.get("allOf", ()) for value in rule.get("not", {}).get("enum", ())]

    def step(value: object) -> Done | None:
        if not isinstance(value, str) or value in described.choices or value.strip() in unmeant:
            return None
        chosen = known.get(spelling.folded(value)) if known else None
        if chosen is not None:
            return Done(value=chosen, code="text.slug")
        if _SLUG.fullmatch(value):
            return None
        letters = unicodedata.normalize("NFD", value.strip().lower())
        bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return Done(value=re.sub("[ _-]+", "-", bare), code="text.slug") if _ROUND.fullmatch(bare) else None

    return step


def _word(table: str, described: Field) -> Step:
    """Translate a word of the table into the one choice it means; a choice that is only spelt otherwise counts as well.

    A field that lists no choices has those of its examples, or true and false.
    """
    examples = described.schema.get("examples", ()) if "boolean" not in types(described.schema) else (True, False)
    choices = described.choices or examples
    offered = {(type(choice), choice) for choice in described.offered or examples}
    meanings: dict[str, set[object]] = {}
    for choice in choices:
        meanings.setdefault(spelling.plain(str(choice)), set()).add(choice)
    for word, several in described.words[table].items():
        meant = {choice for choice in choices for meaning in several if choice == meaning or str(choice) == str(meaning)}
        if meant:
            meanings.setdefault(word, set()).update(meant)

    def step(value: object) -> Done | Refused | None:
        if not isinstance(value, str | int) or isinstance(value, bool) or (type(value), value) in offered:
            return None
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            return None
        meant = meanings.get(spelling.plain(str(value)), ())
        told = sorted({str(choice) for choice in meant})
        if len(told) > 1:
            return Refused(code="word.ambiguous", told={"meanings": " or ".join(told)})
        best = [choice for choice in meant if (type(choice), choice) in offered] or [*meant]
        if not best or (type(best[0]), best[0]) == (type(value), value):
            return None
        return Done(value=best[0], code="word.translated")

    return step


def _number(_: object, described: Field) -> Step:
    """Read a number that is written as text, with a point or a comma before its decimals."""
    whole = "integer" in types(described.schema)

    def step(value: object) -> Done | None:
        found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
        if found is None or (whole and not found[1].lstrip("-+").isdecimal()):
            return None
        number = quantities.plain(Fraction(found[1].replace(",", ".").replace("\u2212", "-")))
        return None if number is None else Done(value=number, code="number.read")

    return step


def _quantity(kind: str, described: Field) -> Step:
    """Write a quantity as an object of value and unit, in the wanted unit or in the one it is given in."""
    measure = described.measures[kind]
    named, member = measure.members
    units = described.schema["properties"][named]["enum"]
    wanted = measure.wanted if measure.wanted in units else None
    settled = {wanted} if wanted else {*units}

    def step(value: object) -> Done | Refused | None:
        if isinstance(value, dict) and type(value.get(member)) in {int, float}:
            unit = value.get(named)
            if isinstance(unit, str) and unit in settled:
                return None
        amount = measure.read(value)
        if not isinstance(amount, quantities.Amount):
            return amount
        unit = amount.unit or measure.bare
        if unit is None:
            return None if isinstance(value, dict) else Refused(code="unit.missing", told={"units": " or ".join(units)})
        target = wanted or (unit if unit in units else units[0])
        converted = measure.converted(amount.number, unit, target)
        number = quantities.plain(converted)
        if number is None:
            return None
        if target == unit and isinstance(value, dict) and type(value[member]) in {int, float}:
            number = value[member]
        new = {**value, named: target, member: number} if isinstance(value, dict) else {named: target, member: number}
        code = "unit.converted" if target != unit else "unit.read"
        return Done(value=new, code=code, told=_told(value, amount, unit, converted, target))

    return step


def _in_unit(kind: str, described: Field) -> Step:
    """Write a quantity as a number, in the unit that the field is in; a whole one where the field takes no fractions."""
    measure = described.measures[kind]
    wanted = described.schema["x-unit"]
    whole = "integer" in types(described.schema)

    def step(value: object) -> Done | Refused | None:
        if type(value) is int and measure.bare in {None, wanted}:
            return None
        amount = _alone(value, measure)
        if not isinstance(amount, quantities.Amount):
            return amount
        unit = amount.unit or measure.bare
        if unit is None:
            return Refused(code="unit.missing", told={"units": " or ".join(measure.units)}) if isinstance(value, str) else None
        converted = measure.converted(amount.number, unit, wanted)
        number = quantities.plain(converted)
        if number == value and not isinstance(value, str | dict):
            return None
        if number is None or (whole and not isinstance(number, int)):
            given = f"{quantities.written(amount.number, 9)} {unit}"
            return Refused(code="unit.fraction", told={"given": given, "unit": wanted})
        code = "unit.converted" if unit != wanted else "unit.read"
        return Done(value=number, code=code, told=_told(value, amount, unit, converted, wanted))

    return step


def _imply(told: Mapping[str, str], described: Field) -> Step:
    """Fill in a member that follows from the unit that another is written with."""
    measure = described.measures[told["kind"]]

    def step(value: object) -> Done | None:
        if not isinstance(value, dict) or told["member"] in value or told["by"] not in value:
            return None
        amount = _alone(value[told["by"]], measure)
        if not isinstance(amount, quantities.Amount) or amount.unit is None:
            return None
        return Done(
            value={**value, told["member"]: told["value"]},
            code="value.filled",
            told={"by": amount.unit},
            below=[(told["member"], None, told["value"])],
        )

    return step


def _list(told: object, described: Field) -> Step:
    """Put a lone value into a list, if it is of the type of its items; but not text with a sign of being several."""
    several = re.compile(told["unless"]) if isinstance(told, dict) else None

    def step(value: object) -> Done | None:
        if isinstance(value, list) or not fits(value, described.schema["items"]):
            return None
        if several and isinstance(value, str) and several.search(value.strip()):
            return None
        return Done(value=[value], code="list.wrapped")

    return step


def _distinct(_: object, __: Field) -> Step:
    """Drop each text that stands in the list before."""

    def step(value: object) -> Done | None:
        texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        if not isinstance(value, list) or len({*texts}) == len(texts):
            return None
        seen: set[str] = set()
        kept, dropped = [], []
        for index, item in enumerate(value):
            if isinstance(item, str) and item in seen:
                dropped.append((index, item, None))
            else:
                kept.append(item)
                seen.update([item] if isinstance(item, str) else ())
        return Done(value=kept, code="item.repeated", below=dropped)

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
    "quantity": _quantity,
    "in_unit": _in_unit,
    "imply": _imply,
    "list": _list,
    "distinct": _distinct,
}

#: The steps that come after what is done within a value; all others come before it.
LAST = {"distinct"}


def _respelt(value: str, text: str, case: str = "") -> Done | None:
    """Report a text that is written otherwise; one of which nothing would be left stays."""
    return Done(value=text, code="text.respelled", told={"case": case} if case else {}) if text and text != value else None


def _alone(value: object, measure: Measure) -> quantities.Amount | Refused | None:
    """Read a quantity that says nothing else; None for an object with more members than its value and unit."""
    more = isinstance(value, dict) and value.keys() - {*measure.members}
    return None if more else measure.read(value)


def _told(given: object, amount: quantities.Amount, unit: str, converted: Fraction, target: str) -> Mapping[str, object]:
    """Return what fills the sentence about a quantity: what was given, and what it became."""
    return {
        "case": "object" if isinstance(given, dict) else "" if amount.unit else "bare",
        "given": f"{quantities.written(amount.number, 9)} {unit}",
        "became": f"{quantities.written(converted, 9)} {target}",
    }
