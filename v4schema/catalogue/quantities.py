"""Amounts and their units as people write them: read without guessing, and converted exactly."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import Any

from v4schema import spelling
from v4schema.errors import UnknownName

#: A number of more digits than this is written with an exponent.
_MOST_DIGITS = 15
#: No amount that anybody means has more bits than this.
_MOST_BITS = 1_000
#: No amount that anybody writes is longer than this.
_LONGEST = 60
#: Digits that are set apart stand in groups of this many.
_GROUP = 3

#: A text that holds one number and nothing else with digits in it: what stands before it, the number, what stands after.
_TEXT = re.compile("([^0-9+\u2212-]*)([-+\u2212]?\\s*[0-9](?:[0-9.,'\u2019\\s]*[0-9])?)([^0-9]*)")
_SPACE = re.compile(r"\s+")
_SIGNS = str.maketrans({"\u2212": "-", "\u2019": "'"})
#: Takes out what sets digits apart, and writes a point for a comma.
_TOGETHER = str.maketrans({" ": None, "'": None, ",": "."})
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]+)?")
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number and the unit that was written with it; None where none was."""

    number: Fraction
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Why something was left as it is: the code of the finding that says so, and what fills its sentence.

    `member` is the one of its members that the finding is about, where it is not about all of it.
    """

    code: str
    details: Mapping[str, object] = field(repr=False)
    member: str | None = None


@dataclass(frozen=True, slots=True)
class QuantityText:
    """A number and a unit as a sentence has them, format_number when it is put into words."""

    number: Fraction | int
    unit: str

    def __str__(self) -> str:
        return f"{format_number(self.number, 9)} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit: its exact size in other units of its kind, and two numbers of decimals, None where there is no end to them.

    `kept` is how many a converted amount keeps, `most` how many an amount can have at all.
    """

    sizes: Mapping[str, Fraction]
    kept: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityKind:
    """What is known of one kind of quantity.

    `units` are the units by name, `spellings` lead to their names. `members` are the names of unit and value in a quantity
    that is written as an object. `bare` is the unit that the caller says bare numbers are in, `wanted` the one to write
    amounts in; None where the caller says nothing.
    """

    units: Mapping[str, Unit]
    spellings: Mapping[str, str]
    members: tuple[str, str]
    bare: str | None = None
    wanted: str | None = None

    def unit(self, word: str) -> str | None:
        """Return the unit that a word means, or words that all mean the same one, such as ``:- SEK``; None if there is none."""
        known = self.spellings.get(word) or self.spellings.get(_spelt(word))
        if known is None:
            units = {self.spellings.get(_spelt(each)) for each in word.split()}
            known = units.pop() if len(units) == 1 else None
        return known

    def read(self, value: object, unit: str | None = None) -> Amount | Undecided | None:
        """Read a number, a text such as ``"349 900 kr"``, or an object of value and unit; None for what is no quantity.

        `unit` is the one that is written beside the value, if one is.
        """
        if isinstance(value, str):
            return self._text(value, unit)
        if isinstance(value, dict):
            return None if unit else self._object(value)
        number = to_fraction(value)
        return None if number is None else Amount(number=number, unit=unit)

    def converted(self, number: Fraction, unit: str, other: str) -> Fraction:
        """Return an amount in another unit: exactly, or rounded to the fewest decimals that lead back to it.

        Whole hp to kW and back gives the same hp, and whole kW to hp and back the same kW, although each is rounded.
        """
        if unit == other:
            return number
        ratio, fewest = self.units[unit].sizes[other], self.units[other].kept
        if fewest is None:
            return number * ratio
        kept = max(self.units[unit].kept or 0, _decimals(number))
        rounded = (round(number * ratio, digits) for digits in count(fewest))
        return next(candidate for candidate in rounded if round(candidate / ratio, kept) == number)

    def _text(self, text: str, unit: str | None) -> Amount | Undecided | None:
        found = _TEXT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if found is None:
            return None
        words = f"{found[1].strip()} {found[3].strip()}".strip()
        said = self.unit(words) if words else unit
        if words and said is None:
            return Undecided(code="unit.unknown", details={"unit": f'"{words}"'})
        if unit not in {None, said}:
            return None
        told = self.units.get(said or self.bare or "")
        numbers = possible_numbers(found[2], told.most if told else None)
        if len(numbers) > 1:
            return Undecided(
                code="number.ambiguous", details={"text": f'"{found[2]}"', "readings": tuple(map(format_number, numbers))}
            )
        return Amount(number=numbers[0], unit=said) if numbers else None

    def _object(self, value: Mapping[str, Any]) -> Amount | Undecided | None:
        named, member = (value.get(name) for name in self.members)
        if isinstance(member, dict) or not isinstance(named, str | None):
            return None
        said = None if named is None else self.unit(named)
        if named is not None and said is None:
            return Undecided(code="unit.unknown", details={"unit": f'"{named[:_LONGEST]}"'})
        return self.read(member, said)


def possible_numbers(text: str, decimals: int | None = None) -> Sequence[Fraction]:
    """Return the numbers that a text can stand for: none, the one, or two where a separator may mean either of two things.

    `decimals` is how many the number can have: more digits than that behind a separator are thousands that are set apart.

    >>> readings("3 499,50"), readings("1.234.567"), readings("0.500")
    ((Fraction(6999, 2),), (Fraction(1234567, 1),), (Fraction(1, 2),))
    >>> readings("3.500"), readings("3.500", decimals=2), readings("15 40")
    ((Fraction(3500, 1), Fraction(7, 2)), (Fraction(3500, 1),), ())
    """
    if text.isdecimal():
        return (Fraction(int(text)),)
    text = _SPACE.sub(" ", text).translate(_SIGNS)
    sign, digits = ("-" if text.startswith("-") else ""), text.lstrip("+- ")
    if _SPACED.fullmatch(digits):
        numbers = [digits.translate(_TOGETHER)]
    elif _GROUPED.fullmatch(digits):
        last = max(digits.rfind("."), digits.rfind(","))
        point = "." if len({*digits} & {*".,"}) > 1 else ""
        numbers = [re.sub("[.,]", "", digits[:last]) + point + digits[last + 1 :]]
    elif _THOUSANDS.fullmatch(digits):
        whole, rest = re.split("[.,]", digits)
        numbers = [whole + rest, f"{whole}.{rest}"][: 1 if decimals is not None and decimals < _GROUP else 2]
    else:
        numbers = [digits.replace(",", ".")] if _PLAIN.fullmatch(digits) else []
    return tuple(Fraction(sign + number) if "." in number else Fraction(int(sign + number)) for number in numbers)


def to_fraction(value: object) -> Fraction | None:
    """Return a JSON number exactly, a float as the decimal it is written as; None for anything else, and beyond all reason.

    >>> exact(0.1), exact(True)
    (Fraction(1, 10), None)
    """
    if isinstance(value, float):
        return Fraction(repr(float(value))) if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _MOST_BITS:
        return Fraction(value)
    return None


def to_json_number(number: Fraction) -> int | float | None:
    """Return a number as JSON has it, or None where no float is exactly that decimal.

    >>> plain(Fraction(35, 10)), plain(Fraction(7)), plain(Fraction(1, 3))
    (3.5, 7, None)
    """
    if number.denominator == 1:
        return int(number)
    return float(number) if to_fraction(float(number)) == number else None


def format_number(amount: Fraction | int, digits: int = 2) -> str:
    """Write a number for people: rounded to at most `digits` decimals, and short however large it is.

    >>> written(Fraction(350)), written(Fraction(1103, 10)), written(Fraction(1, 3)), written(Fraction(10**400))
    ('350', '110.3', '0.33', '1.00e+400')
    """
    whole, rest = divmod(abs(round(amount * 10**digits)), 10**digits) if amount.denominator > 1 else (abs(amount.numerator), 0)
    sign, text = "-" if amount < 0 else "", str(whole)
    if len(text) > _MOST_DIGITS:
        return f"{sign}{text[0]}.{text[1:3]}e+{len(text) - 1}"
    return f"{sign}{text}.{rest:0{digits}d}".rstrip("0").rstrip(".")


def quantity_kinds(units: Mapping[str, Any]) -> Mapping[str, QuantityKind]:
    """Return the measures by kind, from the data of ``units.json``."""
    members = (units["members"]["unit"], units["members"]["value"])
    return {
        kind: QuantityKind(
            units=_units(told),
            spellings={_spelt(word): name for name, unit in told["units"].items() for word in (name, *unit["spellings"])},
            members=members,
        )
        for kind, told in units["kinds"].items()
    }


def configured(
    kinds: Mapping[str, QuantityKind], units: Mapping[str, Any], choices: Mapping[str, Sequence[str]], settings: Mapping[str, str]
) -> Mapping[str, QuantityKind]:
    """Return kinds of quantities with settings: ``KIND_unit`` is the unit of bare numbers, ``KIND`` the unit to write.

    `units` is the data of ``units.json``, `choices` the units of each setting. Raises `v4schema.errors.UnknownName` for a unit
    that does not exist.
    """
    bare: dict[str, str] = {}
    wanted = {kind: data["wanted"] for kind, data in units["kinds"].items() if "wanted" in data}
    for setting, word in settings.items():
        kind = setting.removesuffix("_unit")
        unit = word if word in choices[setting] else kinds[kind].unit(str(word))
        if unit is None:
            raise UnknownName(f"unit of {kind}", word, choices[setting])
        (wanted if setting == kind else bare)[kind] = unit
    chosen = {kind: unit for kind, unit in wanted.items() if unit != units["given"]}
    return {kind: replace(each, bare=bare.get(kind), wanted=chosen.get(kind)) for kind, each in kinds.items()}


def _units(kind: Mapping[str, Any]) -> Mapping[str, Unit]:
    factors = {name: Fraction(unit["factor"]) for name, unit in kind["units"].items()}
    whole = factors.get(kind.get("whole", ""))
    return {
        name: Unit(
            sizes={other: factor / factors[other] for other in factors},
            kept=kind["units"][name].get("decimals"),
            most=None if whole is None else _decimals(whole / factor),
        )
        for name, factor in factors.items()
    }


def _decimals(number: Fraction) -> int:
    """Return how many decimals a number has that has an end."""
    return next(digits for digits in count() if (number * 10**digits).denominator == 1)


def _spelt(word: str) -> str:
    """Return what tells one spelling of a unit from another: not case, not white space, no full stop at the end."""
    return spelling.single_spaced(word).casefold().rstrip(".")
