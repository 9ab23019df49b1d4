"""Ads as integrators spell them: units, spaces, commas, words, lone values and wrong names that mean what stands there."""

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from v4schema.catalogue import Catalogue
from v4schema.catalogue.quantities import to_fraction, to_json_number
from v4schema.dialect.fields import Schema, choices, is_sendable, subschema_at, walk
from v4schema.document.pointer import Place, exists, expand, get
from v4schema.findings.report import Kind
from v4schema.normalisation.normaliser import normalise
from v4schema.strategies.kind_strategies import Ad, KindStrategies, taken
from v4schema.strategies.sampling import canonical

#: Spaces that stand around text, and those between thousands.
_AROUND = ("", " ", "  ", "\t", "\u00a0", "\n")
_BETWEEN = (" ", "\u00a0", "\u2009", "\u202f")
_SLUG = "[0-9a-z]+(-[0-9a-z]+)*"
#: What a number is written with at most.
_DIGITS = 40
#: A number in quotes with more letters than this is no longer read as one.
_QUOTED = 18
_THOUSAND = 3
#: Steps that change a value as a whole, which may have been respelt within.
_OUTER = ("list", "distinct", "imply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Respelling:
    """An ad in an integrator's spelling, the normalised one that it means, and the kind that both are of."""

    ad: Ad
    normalised: Ad
    kind: Kind


@st.composite
def respelt(draw: DrawFn, ground: KindStrategies) -> Respelling:
    """Valid ads in other spellings."""
    kind, held = ground.kind, ground.catalogue
    ad = draw(taken(ground))
    done = normalise(ad, version=kind.version, category=kind.category, operation=ground.operation, catalogue=held)
    normalised: Any = done.ad
    return Respelling(ad=draw(respellings(held, ground.schema, normalised)), normalised=normalised, kind=kind)


@st.composite
def respellings(draw: DrawFn, catalogue: Catalogue, schema: Schema, ad: Ad, most: int = 6) -> Ad:
    """Spellings of a normalised ad, in up to so many places otherwise."""
    written: Ad = copy.deepcopy(ad)
    pen = Respeller(draw, catalogue)
    there: dict[str, list[tuple[Place, Schema, str, Any]]] = {}
    for place, node in spots(schema, ad):
        for step in node.get("x-normalise", ()):
            for name, argument in step.items():
                there.setdefault(name, []).append((place, node, name, argument))
    each = st.sampled_from([*there]).flatmap(lambda name: st.sampled_from(there[name]))
    chosen = draw(st.lists(each, min_size=1, max_size=most, unique_by=lambda each: each[0])) if there else []
    # What holds others is respelt after them.
    for place, node, name, argument in sorted(chosen, key=lambda each: len(each[0]), reverse=True):
        value = get(written, place)
        whole = canonical(value) == canonical(get(ad, place)) or name in _OUTER
        inside: Any = get(written, place[:-1])
        inside[place[-1]] = RESPELLINGS[name](pen, value, node, argument) if whole else value
    if draw(st.booleans()):
        pen.misname(schema, written)
    return written


def spots(schema: Schema, ad: object) -> Iterator[tuple[Place, Schema]]:
    """Yield the places of an ad that its schema describes."""
    for at, node in walk(schema, into=is_sendable):
        yield from ((place, node) for place in expand(ad, at))


@dataclass(frozen=True, eq=False)
class Respeller:
    """Writes what a step of normalising reads: one method for each step; a value that cannot be written otherwise stays."""

    draw: DrawFn
    catalogue: Catalogue

    def trim(self, value: Any, *_: Any) -> Any:  # noqa: ANN401  (any value of an ad, here and below)
        """Write spaces around text."""
        if not isinstance(value, str) or value.strip() != value or not value:
            return value
        return self._one(_AROUND) + value + self._one(_AROUND)

    def case(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write text in small letters, where they lead back to its own."""
        return value.lower() if value.lower().upper() == value and len(value.lower()) == len(value) else value

    def replace(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Write a sign that is replaced for the one that replaces it."""
        wrong, right = next(iter(argument.items()))
        return value.replace(right, wrong)

    def remove(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Write a sign into text that is taken out of it."""
        if not re.fullmatch(argument["leaving"], value):
            return value
        at = self.draw(st.integers(1, len(value)))
        return value[:at] + self._one([*argument["characters"], "\u00a0"]) + value[at:]

    def slug(self, value: Any, node: Schema, _: Any) -> Any:  # noqa: ANN401
        """Write a slug as the name it is of."""
        if not re.fullmatch(_SLUG, value) or value in choices(node):
            return value
        name = value.replace("-", self._one([" ", "-", "_", " - "]))
        return self._one([name.title(), name.upper(), self._accented(name).capitalize()])

    def word(self, value: Any, node: Schema, table: str) -> Any:  # noqa: ANN401
        """Write a word that means the value."""
        if not isinstance(value, bool) and value not in (choices(node) or node.get("examples", ())):
            return value  # no word is known for what no document lists
        words = [word for word, meanings in self.catalogue.words[table].items() if {*map(str, meanings)} == {str(value)}]
        word = self._one([*words, *([] if isinstance(value, bool) else [str(value)])])
        return self._one([word, word.upper(), word.capitalize(), f" {word} "])

    def number(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write a number in quotes."""
        number = to_fraction(value)
        text = "" if number is None else _decimal(number)
        return self._one([text, text.replace(".", ",")]) if 0 < len(text) <= _QUOTED else value

    def quantity(self, value: Any, _: Schema, kind: str) -> Any:  # noqa: ANN401
        """Write a quantity as text, in any unit of its kind, or its value in quotes."""
        named, member = self._members()
        fixed = "decimals" in self._units(kind)[value[named]]
        unit, number = self._in_another(to_fraction(value[member]) or Fraction(0), value[named], kind, fixed=fixed)
        told, text = self._spelling(kind, unit), self._grouped(number)
        if text is None:
            return value
        exactly = [] if to_json_number(number) is None else [{member: to_json_number(number), named: told}]
        return self._one([f"{text} {told}", f"{text}{told}", {named: told, member: text}, *exactly])

    def in_unit(self, value: Any, node: Schema, kind: str) -> Any:  # noqa: ANN401
        """Write an amount as text, in any unit of its kind."""
        named, member = self._members()
        unit, number = self._in_another(Fraction(value), node["x-unit"], kind)
        told, text = self._spelling(kind, unit), self._grouped(number)
        if text is None or (":" in told and number.denominator > 1):
            return value
        return self._one([f"{text} {told}", f"{text}{told}", {member: text, named: told}])

    def imply(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Leave out what follows from the unit that another member is written with."""
        written = value.get(argument["by"])
        follows = isinstance(written, str) and not written.strip().isdecimal()
        if follows and value.get(argument["member"]) == argument["value"]:
            return {name: member for name, member in value.items() if name != argument["member"]}
        return value

    def lone(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write the only item of a list without the list."""
        return value[0] if len(value) == 1 and not isinstance(value[0], list) else value

    def repeat(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write a text of a list twice."""
        texts = [item for item in value if isinstance(item, str)]
        return [*value, self._one(texts)] if texts else value

    def misname(self, schema: Schema, ad: Ad) -> None:
        """Put a field under a wrong name that means it, into an object that the schema describes."""
        objects = [place for place, node in spots(schema, ad) if "properties" in node and isinstance(get(ad, place), dict)]
        wrong = [
            (name, right.at)
            for name, right in self.catalogue.names.items()
            if right.unit is None and exists(ad, right.at) and is_sendable(subschema_at(schema, right.at) or {})
        ]
        assume(wrong)
        name, at = self._one(wrong)
        anywhere = {(), self.catalogue.category_fields_at}
        around = self._one([place for place in objects if place in anywhere or at[: len(place)] == place != at])
        inside: Any = get(ad, at[:-1])
        there: Any = get(ad, around)
        if name not in there and name not in (subschema_at(schema, around) or {}).get("properties", {}):
            there[self._one([name, name.upper(), f"{name[:2]}_{name[2:]}"])] = inside.pop(at[-1])

    def _accented(self, name: str) -> str:
        """Write a name with marks on its letters: the samples' letters instead of what they are without theirs."""
        for letter in self.catalogue.read("samples.json")["letters"]:
            bare = unicodedata.normalize("NFD", letter)
            name = name.replace(bare[0], letter) if bare[1:] else name
        return name

    def _one(self, among: Any) -> Any:  # noqa: ANN401  (one of what there is)
        return self.draw(st.sampled_from(among))

    def _members(self) -> tuple[str, str]:
        members = self.catalogue.units["members"]
        return members["unit"], members["value"]

    def _units(self, kind: str) -> Mapping[str, Any]:
        units: Mapping[str, Any] = self.catalogue.units["kinds"][kind]["units"]
        return units

    def _in_another(self, number: Fraction, unit: str, kind: str, *, fixed: bool = False) -> tuple[str, Fraction]:
        units = self._units(kind)
        other = unit if fixed else self._one([*units])
        return other, number * Fraction(units[unit]["factor"]) / Fraction(units[other]["factor"])

    def _spelling(self, kind: str, unit: str) -> str:
        words = [unit, *self._units(kind)[unit]["spellings"]]
        return str(self._one([*words, *(word.upper() for word in words), *(f"{word}." for word in words if word.isalpha())]))

    def _grouped(self, number: Fraction) -> str | None:
        """Write a number with spaces between its thousands and a sign before its decimals, where no reader can doubt it."""
        text = _decimal(number)
        whole, point, rest = text.partition(".")
        if len(text) > _DIGITS or number < 0:
            return None  # no integrator writes such a one
        parts = [*reversed([whole[max(0, end - _THOUSAND) : end] for end in range(len(whole), 0, -_THOUSAND)])]
        if len(rest) == _THOUSAND and len(parts) == 1 and whole != "0":
            rest += "0"
        decimals = self._one([".", ","]) + rest if point else ""
        return str(self._one([whole, self._one(_BETWEEN).join(parts)])) + decimals


def _decimal(number: Fraction) -> str:
    """Write a number that has an end."""
    digits = next(digits for digits in range(400) if (number * 10**digits).denominator == 1)
    sign, text = "-" if number < 0 else "", str(abs(int(number * 10**digits))).rjust(digits + 1, "0")
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


#: From a step to what it undoes.
RESPELLINGS: dict[str, Callable[..., Any]] = {
    "trim": Respeller.trim,
    "case": Respeller.case,
    "replace": Respeller.replace,
    "remove": Respeller.remove,
    "slug": Respeller.slug,
    "word": Respeller.word,
    "number": Respeller.number,
    "quantity": Respeller.quantity,
    "in_unit": Respeller.in_unit,
    "imply": Respeller.imply,
    "list": Respeller.lone,
    "distinct": Respeller.repeat,
}
