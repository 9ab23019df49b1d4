"""Strategies for ads as integrators spell them, with other units, spaces, commas, words and names, but the same meaning."""

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
from v4schema.strategies.kind_strategies import Ad, KindStrategies, accepted_ads
from v4schema.strategies.sampling import canonical

#: Spaces before and after texts, and spaces between groups of digits.
_PADDING = ("", " ", "  ", "\t", "\u00a0", "\n")
_GROUP_SPACES = (" ", "\u00a0", "\u2009", "\u202f")
_SLUG = "[0-9a-z]+(-[0-9a-z]+)*"
#: Longer numbers are not written with groups of digits.
_LONGEST_GROUPED = 40
#: A longer text is no longer read as a number.
_LONGEST_QUOTED = 18
_GROUP_SIZE = 3
#: Steps that change the whole of a value, even if something in it is respelled already.
_OUTER_STEPS = ("list", "distinct", "imply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Respelling:
    """An ad in an integrator's spelling, the normalised ad with the same meaning, and the kind of both."""

    ad: Ad
    normalised: Ad
    kind: Kind


@st.composite
def respelled_ads(draw: DrawFn, kind_strategies: KindStrategies) -> Respelling:
    """Valid ads in other spellings."""
    kind, catalogue, operation = kind_strategies.kind, kind_strategies.catalogue, kind_strategies.operation
    ad = draw(accepted_ads(kind_strategies))
    done = normalise(ad, version=kind.version, category=kind.category, operation=operation, catalogue=catalogue)
    normalised: Any = done.ad
    return Respelling(ad=draw(respellings(catalogue, kind_strategies.schema, normalised)), normalised=normalised, kind=kind)


@st.composite
def respellings(draw: DrawFn, catalogue: Catalogue, schema: Schema, ad: Ad, max_places: int = 6) -> Ad:
    """Spellings of a normalised ad that differ in one to `max_places` places, and perhaps in the name of a field."""
    respelled: Ad = copy.deepcopy(ad)
    respeller = Respeller(draw, catalogue)
    steps: dict[str, list[tuple[Place, Schema, str, Any]]] = {}
    for place, node in described_places(schema, ad):
        for step in node.get("x-normalise", ()):
            for name, argument in step.items():
                steps.setdefault(name, []).append((place, node, name, argument))
    each = st.sampled_from([*steps]).flatmap(lambda name: st.sampled_from(steps[name]))
    chosen = draw(st.lists(each, min_size=1, max_size=max_places, unique_by=lambda each: each[0])) if steps else []
    # Inner values are respelled before the values that contain them.
    for place, node, name, argument in sorted(chosen, key=lambda each: len(each[0]), reverse=True):
        value = get(respelled, place)
        unchanged = canonical(value) == canonical(get(ad, place))
        parent: Any = get(respelled, place[:-1])
        due = unchanged or name in _OUTER_STEPS
        parent[place[-1]] = RESPELLINGS[name](respeller, value, node, argument) if due else value
    if draw(st.booleans()):
        respeller.misname(schema, respelled)
    return respelled


def described_places(schema: Schema, ad: object) -> Iterator[tuple[Place, Schema]]:
    """Yield the places of an ad that its schema describes, each with its subschema."""
    for at, node in walk(schema, into=is_sendable):
        yield from ((place, node) for place in expand(ad, at))


@dataclass(frozen=True, eq=False)
class Respeller:
    """Undoes steps of normalisation, with one method for each step. A value without another spelling stays as it is."""

    draw: DrawFn
    catalogue: Catalogue

    def trim(self, value: Any, *_: Any) -> Any:  # noqa: ANN401  (any value of an ad, here and below)
        """Put spaces before and after a text."""
        if not isinstance(value, str) or value.strip() != value or not value:
            return value
        return self._pick(_PADDING) + value + self._pick(_PADDING)

    def case(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write a text in lower case, if its upper case is the text again."""
        return value.lower() if value.lower().upper() == value and len(value.lower()) == len(value) else value

    def replace(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Write the replaced character instead of its replacement."""
        wrong, right = next(iter(argument.items()))
        return value.replace(right, wrong)

    def remove(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Insert a character that is removed."""
        if not re.fullmatch(argument["leaving"], value):
            return value
        at = self.draw(st.integers(1, len(value)))
        return value[:at] + self._pick([*argument["characters"], "\u00a0"]) + value[at:]

    def slug(self, value: Any, node: Schema, _: Any) -> Any:  # noqa: ANN401
        """Write a slug as the name that it comes from."""
        if not re.fullmatch(_SLUG, value) or value in choices(node):
            return value
        name = value.replace("-", self._pick([" ", "-", "_", " - "]))
        return self._pick([name.title(), name.upper(), self._accented(name).capitalize()])

    def word(self, value: Any, node: Schema, table: str) -> Any:  # noqa: ANN401
        """Write a word that means the value."""
        if not isinstance(value, bool) and value not in (choices(node) or node.get("examples", ())):
            return value  # words are known only for values from documents
        words = [word for word, meanings in self.catalogue.words[table].items() if {*map(str, meanings)} == {str(value)}]
        word = self._pick([*words, *([] if isinstance(value, bool) else [str(value)])])
        return self._pick([word, word.upper(), word.capitalize(), f" {word} "])

    def number(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write a number as text."""
        number = to_fraction(value)
        text = "" if number is None else _decimal(number)
        return self._pick([text, text.replace(".", ",")]) if 0 < len(text) <= _LONGEST_QUOTED else value

    def quantity(self, value: Any, _: Schema, kind: str) -> Any:  # noqa: ANN401
        """Write a quantity as text, or as an object whose value is text, in any unit of its kind."""
        unit_name, value_name = self._member_names()
        fixed = "decimals" in self._units(kind)[value[unit_name]]
        unit, number = self._in_another_unit(to_fraction(value[value_name]) or Fraction(0), value[unit_name], kind, fixed=fixed)
        unit_text, text = self._unit_spelling(kind, unit), self._grouped(number)
        if text is None:
            return value
        exact = [] if to_json_number(number) is None else [{value_name: to_json_number(number), unit_name: unit_text}]
        return self._pick([f"{text} {unit_text}", f"{text}{unit_text}", {unit_name: unit_text, value_name: text}, *exact])

    def in_unit(self, value: Any, node: Schema, kind: str) -> Any:  # noqa: ANN401
        """Write an amount as text, or as an object whose value is text, in any unit of its kind."""
        unit_name, value_name = self._member_names()
        unit, number = self._in_another_unit(Fraction(value), node["x-unit"], kind)
        unit_text, text = self._unit_spelling(kind, unit), self._grouped(number)
        if text is None or (":" in unit_text and number.denominator > 1):
            return value
        return self._pick([f"{text} {unit_text}", f"{text}{unit_text}", {value_name: text, unit_name: unit_text}])

    def imply(self, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Leave out a member that follows from the unit in another member."""
        written = value.get(argument["by"])
        follows = isinstance(written, str) and not written.strip().isdecimal()
        if follows and value.get(argument["member"]) == argument["value"]:
            return {name: member for name, member in value.items() if name != argument["member"]}
        return value

    def unwrap(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Write the only item of a list instead of the list."""
        return value[0] if len(value) == 1 and not isinstance(value[0], list) else value

    def repeat(self, value: Any, *_: Any) -> Any:  # noqa: ANN401
        """Repeat a text of a list."""
        texts = [item for item in value if isinstance(item, str)]
        return [*value, self._pick(texts)] if texts else value

    def misname(self, schema: Schema, ad: Ad) -> None:
        """Move a field to a wrong name that means it, in an object that the schema describes."""
        objects = [
            place for place, node in described_places(schema, ad) if "properties" in node and isinstance(get(ad, place), dict)
        ]
        wrong_names = [
            (name, right.at)
            for name, right in self.catalogue.names.items()
            if right.unit is None and exists(ad, right.at) and is_sendable(subschema_at(schema, right.at) or {})
        ]
        assume(wrong_names)
        name, at = self._pick(wrong_names)
        top_level = {(), self.catalogue.category_fields_at}
        around = self._pick([place for place in objects if place in top_level or at[: len(place)] == place != at])
        source: Any = get(ad, at[:-1])
        target: Any = get(ad, around)
        if name not in target and name not in (subschema_at(schema, around) or {}).get("properties", {}):
            target[self._pick([name, name.upper(), f"{name[:2]}_{name[2:]}"])] = source.pop(at[-1])

    def _accented(self, name: str) -> str:
        """Write a name with the accented letters of the samples instead of the plain ones."""
        for letter in self.catalogue.read("samples.json")["letters"]:
            decomposed = unicodedata.normalize("NFD", letter)
            name = name.replace(decomposed[0], letter) if decomposed[1:] else name
        return name

    def _pick(self, among: Any) -> Any:  # noqa: ANN401  (any of several values)
        return self.draw(st.sampled_from(among))

    def _member_names(self) -> tuple[str, str]:
        """Return the names of the unit and of the value in a quantity."""
        members = self.catalogue.units["members"]
        return members["unit"], members["value"]

    def _units(self, kind: str) -> Mapping[str, Any]:
        units: Mapping[str, Any] = self.catalogue.units["kinds"][kind]["units"]
        return units

    def _in_another_unit(self, number: Fraction, unit: str, kind: str, *, fixed: bool = False) -> tuple[str, Fraction]:
        """Convert a number to any unit of its kind; with `fixed`, keep the unit."""
        units = self._units(kind)
        other = unit if fixed else self._pick([*units])
        return other, number * Fraction(units[unit]["factor"]) / Fraction(units[other]["factor"])

    def _unit_spelling(self, kind: str, unit: str) -> str:
        words = [unit, *self._units(kind)[unit]["spellings"]]
        return str(self._pick([*words, *(word.upper() for word in words), *(f"{word}." for word in words if word.isalpha())]))

    def _grouped(self, number: Fraction) -> str | None:
        """Write a number with spaces between groups of digits and a decimal sign, so that it can be read in one way only.

        None for a negative number and for one with very many digits.
        """
        text = _decimal(number)
        whole, point, decimals = text.partition(".")
        if len(text) > _LONGEST_GROUPED or number < 0:
            return None  # no integrator writes such a number
        groups = [*reversed([whole[max(0, end - _GROUP_SIZE) : end] for end in range(len(whole), 0, -_GROUP_SIZE)])]
        if len(decimals) == _GROUP_SIZE and len(groups) == 1 and whole != "0":
            decimals += "0"  # or "1.500" could be 1500
        fraction = self._pick([".", ","]) + decimals if point else ""
        return str(self._pick([whole, self._pick(_GROUP_SPACES).join(groups)])) + fraction


def _decimal(number: Fraction) -> str:
    """Write a number that has finitely many decimals."""
    digits = next(digits for digits in range(400) if (number * 10**digits).denominator == 1)
    sign, text = "-" if number < 0 else "", str(abs(int(number * 10**digits))).rjust(digits + 1, "0")
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


#: The methods of `Respeller`, by the name of the step that each undoes.
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
    "list": Respeller.unwrap,
    "distinct": Respeller.repeat,
}
