"""Quantities as people write them: numbers and units that are read without guessing, and converted exactly."""

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
_MAX_DIGITS = 15
#: A number of more bits than this is no amount.
_MAX_BITS = 1_000
#: A text of more characters than this is no amount.
_MAX_LENGTH = 60
#: The digits between two thousands separators.
_GROUP = 3

#: A text with one number and no other digits: the text before it, the number, and the text after it.
_TEXT = re.compile("([^0-9+\u2212-]*)([-+\u2212]?\\s*[0-9](?:[0-9.,'\u2019\\s]*[0-9])?)([^0-9]*)")
_SPACE = re.compile(r"\s+")
_SIGNS = str.maketrans({"\u2212": "-", "\u2019": "'"})
#: Removes thousands separators, and turns a decimal comma into a point.
_WITHOUT_SEPARATORS = str.maketrans({" ": None, "'": None, ",": "."})
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]+)?")
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number and the unit that was written with it; `unit` is None if there was none."""

    number: Fraction
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Why a value was left as it is: the code of the finding about it, and the details of the finding's message.

    If the finding is about only one member of the value, `member` is its name.
    """

    code: str
    details: Mapping[str, object] = field(repr=False)
    member: str | None = None


@dataclass(frozen=True, slots=True)
class QuantityText:
    """A number and a unit for a message; the number is formatted when the message is written."""

    number: Fraction | int
    unit: str

    def __str__(self) -> str:
        return f"{format_number(self.number, 9)} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of one kind of quantity.

    `sizes` are exact ratios: its size in each unit of its kind. `kept` is the number of decimals that a converted amount keeps,
    and `most` the number of decimals that an amount can have; None is unlimited.
    """

    sizes: Mapping[str, Fraction]
    kept: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityKind:
    """One kind of quantity, such as mileage.

    `units` has the units by name, and `spellings` the names of units by spelling. `members` are the names of the unit and the
    value in a quantity that is written as an object. `bare` is the unit of bare numbers, and `wanted` the unit to write amounts
    in; None if there is no such setting.
    """

    units: Mapping[str, Unit]
    spellings: Mapping[str, str]
    members: tuple[str, str]
    bare: str | None = None
    wanted: str | None = None

    def unit(self, word: str) -> str | None:
        """Return the unit that a word means, or that several words all mean, such as ``:- SEK``; None if there is none."""
        unit = self.spellings.get(word) or self.spellings.get(_unit_key(word))
        if unit is None:
            units = {self.spellings.get(_unit_key(each)) for each in word.split()}
            unit = units.pop() if len(units) == 1 else None
        return unit

    def read(self, value: object, unit: str | None = None) -> Amount | Undecided | None:
        """Read a number, a text such as ``"349 900 kr"``, or an object of value and unit.

        `unit` is the unit from another member of the object that the value is in, if there is one. Returns None for a value that
        is no quantity.
        """
        if isinstance(value, str):
            return self._read_text(value, unit)
        if isinstance(value, dict):
            return None if unit else self._read_object(value)
        number = to_fraction(value)
        return None if number is None else Amount(number=number, unit=unit)

    def converted(self, number: Fraction, unit: str, target: str) -> Fraction:
        """Return an amount in another unit: exact, or rounded to the fewest decimals that convert back to the same amount.

        Whole hp to kW and back gives the same hp, and whole kW to hp and back the same kW, although each is rounded.
        """
        if unit == target:
            return number
        ratio, fewest = self.units[unit].sizes[target], self.units[target].kept
        if fewest is None:
            return number * ratio
        kept = max(self.units[unit].kept or 0, _decimals(number))
        rounded = (round(number * ratio, digits) for digits in count(fewest))
        return next(candidate for candidate in rounded if round(candidate / ratio, kept) == number)

    def _read_text(self, text: str, given_unit: str | None) -> Amount | Undecided | None:
        found = _TEXT.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
        if found is None:
            return None
        words = f"{found[1].strip()} {found[3].strip()}".strip()
        unit_name = self.unit(words) if words else given_unit
        if words and unit_name is None:
            return Undecided(code="unit.unknown", details={"unit": f'"{words}"'})
        if given_unit not in {None, unit_name}:
            return None
        unit = self.units.get(unit_name or self.bare or "")
        numbers = possible_numbers(found[2], unit.most if unit else None)
        if len(numbers) > 1:
            return Undecided(
                code="number.ambiguous", details={"text": f'"{found[2]}"', "readings": tuple(map(format_number, numbers))}
            )
        return Amount(number=numbers[0], unit=unit_name) if numbers else None

    def _read_object(self, quantity: Mapping[str, Any]) -> Amount | Undecided | None:
        word, value = (quantity.get(name) for name in self.members)
        if isinstance(value, dict) or not isinstance(word, str | None):
            return None
        unit = None if word is None else self.unit(word)
        if word is not None and unit is None:
            return Undecided(code="unit.unknown", details={"unit": f'"{word[:_MAX_LENGTH]}"'})
        return self.read(value, unit)


def possible_numbers(text: str, decimals: int | None = None) -> Sequence[Fraction]:
    """Return the numbers that a text can stand for: none, one, or two if a separator is ambiguous.

    `decimals` is how many decimals the number can have; a separator before more digits than that is a thousands separator.

    >>> possible_numbers("3 499,50"), possible_numbers("1.234.567"), possible_numbers("0.500")
    ((Fraction(6999, 2),), (Fraction(1234567, 1),), (Fraction(1, 2),))
    >>> possible_numbers("3.500"), possible_numbers("3.500", decimals=2), possible_numbers("15 40")
    ((Fraction(3500, 1), Fraction(7, 2)), (Fraction(3500, 1),), ())
    """
    if text.isdecimal():
        return (Fraction(int(text)),)
    text = _SPACE.sub(" ", text).translate(_SIGNS)
    sign, digits = ("-" if text.startswith("-") else ""), text.lstrip("+- ")
    if _SPACED.fullmatch(digits):
        numbers = [digits.translate(_WITHOUT_SEPARATORS)]
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
    """Return the exact value of a JSON number, a float as the decimal that it is written as; None for any other value.

    None also for an infinite float, or an integer too large to be an amount.

    >>> to_fraction(0.1), to_fraction(True)
    (Fraction(1, 10), None)
    """
    if isinstance(value, float):
        return Fraction(repr(float(value))) if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _MAX_BITS:
        return Fraction(value)
    return None


def to_json_number(number: Fraction) -> int | float | None:
    """Return a number as an int or a float; None if no float is written as exactly that decimal.

    >>> to_json_number(Fraction(35, 10)), to_json_number(Fraction(7)), to_json_number(Fraction(1, 3))
    (3.5, 7, None)
    """
    if number.denominator == 1:
        return int(number)
    return float(number) if to_fraction(float(number)) == number else None


def format_number(amount: Fraction | int, digits: int = 2) -> str:
    """Write a number for people: rounded to at most `digits` decimals, with an exponent if it is very large.

    >>> [format_number(number) for number in (Fraction(350), Fraction(1103, 10), Fraction(1, 3), Fraction(10**400))]
    ['350', '110.3', '0.33', '1.00e+400']
    """
    whole, rest = divmod(abs(round(amount * 10**digits)), 10**digits) if amount.denominator > 1 else (abs(amount.numerator), 0)
    sign, text = "-" if amount < 0 else "", str(whole)
    if len(text) > _MAX_DIGITS:
        return f"{sign}{text[0]}.{text[1:3]}e+{len(text) - 1}"
    return f"{sign}{text}.{rest:0{digits}d}".rstrip("0").rstrip(".")


def quantity_kinds(units: Mapping[str, Any]) -> Mapping[str, QuantityKind]:
    """Return the kinds of quantities by name, from the data of ``units.json``."""
    members = (units["members"]["unit"], units["members"]["value"])
    return {
        kind: QuantityKind(
            units=_units(data),
            spellings={_unit_key(word): name for name, unit in data["units"].items() for word in (name, *unit["spellings"])},
            members=members,
        )
        for kind, data in units["kinds"].items()
    }


def configured(
    kinds: Mapping[str, QuantityKind], units: Mapping[str, Any], choices: Mapping[str, Sequence[str]], settings: Mapping[str, str]
) -> Mapping[str, QuantityKind]:
    """Return the kinds of quantities with the caller's `settings`.

    The setting ``KIND_unit`` is the unit of bare numbers, and the setting ``KIND`` the unit to write amounts in.
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
    """Return the units of a kind of quantity by name, from its data in ``units.json``."""
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
    """Return the number of decimals of a number; it must be finite."""
    return next(digits for digits in count() if (number * 10**digits).denominator == 1)


def _unit_key(word: str) -> str:
    """Return the key of a spelling of a unit: without case, extra white space and a full stop at the end."""
    return spelling.single_spaced(word).casefold().rstrip(".")
