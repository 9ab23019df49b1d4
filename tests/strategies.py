"""Ads for property tests, drawn from the flat schemas: valid ones, and the same in an integrator's spelling.

No category and no field is named here: a new one has ads at once.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from v4schema import Kind
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.engine import compiled
from v4schema.mapping import Mapping as Mapping_
from v4schema.pointer import Place, get, leads
from v4schema.quantities import exact, plain
from v4schema.schema import Schema, choices, describing, facts, graver, types, walk, welcome

Ad = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

HELD = catalogues.default()
KINDS = [
    Kind(version=edition.name, category=category.slug)
    for edition in HELD.editions.values()
    for category in edition.categories.values()
    if category.schema
]


def every_mapping(held: Catalogue) -> Iterator[Mapping_]:
    """Every mapping that is written down."""
    for way in held.ways.values():
        for category in () if way.back else dict.fromkeys(each for each, *_ in way.categories):
            yield from held.mappings(way, category)


#: Text as sellers write it.
TEXTS = st.one_of(
    st.sampled_from(["Fin bil från Växjö", "En ägare, servad", "🚗 Säljes", "מכונית", "Klass I-moped", "<b>Ny</b>", " x ", "-"]),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
SPACES = st.sampled_from(["", " ", "  ", "\t", "\u00a0", "\n"])
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

_strategies: dict[tuple[str, str], st.SearchStrategy[Ad]] = {}


def ads(kind: Kind, operation: str = "create") -> st.SearchStrategy[Ad]:
    """Valid ads of a kind: every field that may be sent, every choice, and all that their schema takes without an error."""
    key = str(kind), operation
    if key not in _strategies:
        _strategies[key] = _values(HELD.schema(kind, operation)).map(copy.deepcopy)
    return _strategies[key]


def _values(node: Schema) -> st.SearchStrategy[Any]:
    """Values that a part of a schema takes."""
    accepts = compiled(graver(node)).accepts
    told: dict[str, Any] = {}
    for fact in facts(node):
        told = {**told, **{key: value for key, value in fact.items() if not key.startswith("x-")}}
    listed = choices(node)
    if listed:
        return st.sampled_from(listed)
    by_type: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "": lambda: ANY_JSON,
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(told.get("minimum", -(10**6)), told.get("maximum", 10**9)),
        "number": lambda: _numbers(told),
        "string": lambda: _texts(node, told),
        "array": lambda: _arrays(node, told),
        "object": lambda: _objects(node),
    }
    return st.one_of(*(by_type[name]() for name in types(told))).filter(accepts)


def _numbers(told: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    lowest, highest = told.get("minimum", told.get("exclusiveMinimum", 0)), told.get("maximum", 10**6)
    whole = st.integers(int(lowest), int(highest))
    return st.one_of(whole, st.tuples(whole, st.integers(1, 999)).map(lambda parts: parts[0] + parts[1] / 1000))


def _texts(node: Schema, told: Mapping[str, Any]) -> st.SearchStrategy[str]:
    patterns = [rule["pattern"] for rule in (node, *node.get("allOf", ())) if "pattern" in rule]
    examples = st.sampled_from(node["examples"]) if "examples" in node else st.nothing()
    shaped = [st.from_regex(pattern, fullmatch=True) for pattern in patterns]
    sized = st.text(st.sampled_from("aB1 -é"), min_size=told.get("minLength", 0), max_size=told.get("maxLength", 30))
    return st.one_of(examples, *shaped, sized, TEXTS)


def _arrays(node: Schema, told: Mapping[str, Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(_values(node["items"]), min_size=told.get("minItems", 0), max_size=3)


def _objects(node: Schema) -> st.SearchStrategy[Ad]:
    required = {name for fact in facts(node) for name in fact.get("required", ())}
    members = {name: below for name, below in node.get("properties", {}).items() if welcome(below)}
    return st.fixed_dictionaries(
        {name: _values(below) for name, below in members.items() if name in required},
        optional={name: _values(below) for name, below in members.items() if name not in required},
    )


def strewn(kind: Kind) -> st.SearchStrategy[Ad]:
    """Ads of a kind that are valid but for fields that no document describes, some under names that fields have elsewhere."""
    names = {at[-1] for other in KINDS for at, _ in walk(HELD.schema(other)) if at[-1:] and at[-1] != "*"}
    described = {at for at, _ in walk(HELD.schema(kind))}
    places = [(around, name) for around in ((), HELD.own_at) for name in ("extra", "Övrigt", "a/b~c", *sorted(names))]
    free = [(around, name) for around, name in places if (*around, name) not in described]
    strays = st.lists(st.tuples(st.sampled_from(free), ANY_JSON), max_size=3, unique_by=lambda each: each[0])

    def put(ad: Ad, several: list[Any]) -> Ad:
        for (around, name), value in several:
            there: Any = get(ad, around)
            if isinstance(there, dict):
                there[name] = value
        return ad

    return st.builds(put, ads(kind), strays)


def same(one: object, other: object) -> bool:
    """Whether two JSON values are the same; numbers count exactly, whether they are written as 1 or as 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if exact(one) is not None or exact(other) is not None:
        return exact(one) == exact(other)
    return type(one) is type(other) and one == other


def spots(schema: Schema, ad: object) -> Iterator[tuple[Place, Schema]]:
    """The places of an ad that its schema describes."""
    for at, node in walk(schema, into=welcome):
        yield from ((place, node) for place in _instances(ad, at, ()))


def _instances(value: Any, at: tuple[str, ...], place: Place) -> Iterator[Place]:  # noqa: ANN401
    if not at:
        yield place
    elif at[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _instances(item, at[1:], (*place, index))
    elif isinstance(value, dict) and at[0] in value:
        yield from _instances(value[at[0]], at[1:], (*place, at[0]))


def respell(draw: Draw, kind: Kind, ad: Ad, most: int = 6) -> Ad:
    """Write a normalised ad as an integrator might: units, spaces, commas, words, lone values, wrong names."""
    schema = HELD.schema(kind)
    respelt: Ad = copy.deepcopy(ad)
    there: dict[str, list[Any]] = {}
    for place, node in spots(schema, ad):
        for name, argument in _steps(node):
            there.setdefault(name, []).append((place, node, name, argument))
    each = st.sampled_from([*there]).flatmap(lambda name: st.sampled_from(there[name]))
    chosen = draw(st.lists(each, min_size=1, max_size=most, unique_by=lambda each: each[0]))
    # What holds others is respelt after them.
    for place, node, name, argument in sorted(chosen, key=lambda each: len(each[0]), reverse=True):
        value = get(respelt, place)
        if same(value, get(ad, place)) or name in {"list", "distinct", "imply"}:
            _put(respelt, place, RESPELLINGS[name](draw, value, node, argument))
    if draw(st.booleans()):
        _misname(draw, schema, respelt)
    return respelt


def _steps(node: Schema) -> Iterator[tuple[str, Any]]:
    for step in node.get("x-normalise", ()):
        yield from step.items()


def _put(ad: Ad, place: Place, value: object) -> None:
    parent: Any = get(ad, place[:-1])
    parent[place[-1]] = value


def _trimmed(draw: Draw, value: Any, *_: Any) -> Any:  # noqa: ANN401
    return draw(SPACES) + value + draw(SPACES) if isinstance(value, str) and value.strip() == value != "" else value


def _cased(_: Draw, value: Any, *__: Any) -> Any:  # noqa: ANN401
    return value.lower() if value.lower().upper() == value and len(value.lower()) == len(value) else value


def _replaced(_: Draw, value: Any, __: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
    wrong, right = next(iter(argument.items()))
    return value.replace(right, wrong)


def _spread(draw: Draw, value: Any, _: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
    import re

    if not re.fullmatch(argument["leaving"], value):
        return value
    at = draw(st.integers(1, len(value)))
    return value[:at] + draw(st.sampled_from([*argument["characters"], "\u00a0"])) + value[at:]


def _named(draw: Draw, value: Any, node: Schema, _: Any) -> Any:  # noqa: ANN401
    import re

    if not re.fullmatch("[0-9a-z]+(-[0-9a-z]+)*", value) or value in choices(node):
        return value
    name = value.replace("-", draw(st.sampled_from([" ", "-", "_", " - "])))
    return draw(st.sampled_from([name.title(), name.upper(), name.replace("e", "é").replace("o", "ö").capitalize()]))


def _worded(draw: Draw, value: Any, node: Schema, table: str) -> Any:  # noqa: ANN401
    if not isinstance(value, bool) and value not in (choices(node) or node.get("examples", ())):
        return value  # no word is known for what no document lists
    words = [word for word, meanings in HELD.words[table].items() if {*map(str, meanings)} == {str(value)}]
    word = draw(st.sampled_from([*words, str(value)])) if not isinstance(value, bool) else draw(st.sampled_from(words))
    return draw(st.sampled_from([word, word.upper(), word.capitalize(), f" {word} "]))


def _quoted(draw: Draw, value: Any, *_: Any) -> Any:  # noqa: ANN401
    number = _decimal(exact(value)) if exact(value) is not None else None
    return value if number is None or len(number) > 18 else draw(st.sampled_from([number, number.replace(".", ",")]))


def _measured(draw: Draw, value: Any, _: Schema, kind: str) -> Any:  # noqa: ANN401
    named, member = HELD.units["members"]["unit"], HELD.units["members"]["value"]
    number = exact(value[member])
    assert number is not None
    unit, number = _in_another(
        draw, number, value[named], kind, fixed="decimals" in HELD.units["kinds"][kind]["units"][value[named]]
    )
    told, text = draw(_spellings(kind, unit)), _grouped(draw, number)
    if text is None:
        return value
    forms = [f"{text} {told}", f"{text}{told}", {named: told, member: text}]
    if plain(number) is not None:
        forms.append({member: plain(number), named: told})
    return draw(st.sampled_from(forms))


def _priced(draw: Draw, value: Any, node: Schema, kind: str) -> Any:  # noqa: ANN401
    unit, number = _in_another(draw, Fraction(value), node["x-unit"], kind)
    told, text = draw(_spellings(kind, unit)), _grouped(draw, number)
    named, member = HELD.units["members"]["unit"], HELD.units["members"]["value"]
    if text is None or (":" in told and number.denominator > 1):
        return value
    return draw(st.sampled_from([f"{text} {told}", f"{text}{told}", {member: text, named: told}]))


def _implied(_: Draw, value: Any, __: Schema, argument: Mapping[str, str]) -> Any:  # noqa: ANN401
    written = value.get(argument["by"])
    if value.get(argument["member"]) == argument["value"] and isinstance(written, str) and not written.strip().isdecimal():
        return {name: member for name, member in value.items() if name != argument["member"]}
    return value


def _lone(_: Draw, value: Any, *__: Any) -> Any:  # noqa: ANN401
    return value[0] if len(value) == 1 and not isinstance(value[0], list) else value


def _repeated(draw: Draw, value: Any, *_: Any) -> Any:  # noqa: ANN401
    texts = [item for item in value if isinstance(item, str)]
    return [*value, draw(st.sampled_from(texts))] if texts else value


def _in_another(draw: Draw, number: Fraction, unit: str, kind: str, *, fixed: bool = False) -> tuple[str, Fraction]:
    units = HELD.units["kinds"][kind]["units"]
    other = unit if fixed else draw(st.sampled_from([*units]))
    return other, number * Fraction(units[unit]["factor"]) / Fraction(units[other]["factor"])


def _spellings(kind: str, unit: str) -> st.SearchStrategy[str]:
    words = [unit, *HELD.units["kinds"][kind]["units"][unit]["spellings"]]
    return st.sampled_from([*words, *(word.upper() for word in words), *(f"{word}." for word in words if word.isalpha())])


def _grouped(draw: Draw, number: Fraction) -> str | None:
    """A number with spaces between its thousands and a comma or a point before its decimals, where no reader can doubt it."""
    text = _decimal(number)
    whole, point, rest = text.partition(".")
    if len(text) > 40 or number < 0:
        return None
    space = draw(st.sampled_from([" ", "\u00a0", "\u2009", "\u202f"]))
    parts = [*reversed([whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)])]
    forms = [whole, space.join(parts)]
    if len(rest) == 3 and len(parts) == 1 and whole != "0":
        rest += "0"
    decimals = draw(st.sampled_from([".", ","])) + rest if point else ""
    return str(draw(st.sampled_from(forms))) + decimals


def _decimal(number: Fraction | None) -> str:
    assert number is not None
    digits = next(digits for digits in range(400) if (number * 10**digits).denominator == 1)
    sign, text = "-" if number < 0 else "", str(abs(int(number * 10**digits))).rjust(digits + 1, "0")
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def _misname(draw: Draw, schema: Schema, ad: Ad) -> None:
    """Put a field under a wrong name that means it, into an object that the schema describes."""
    objects = [
        place
        for place, node in spots(schema, ad)
        if "properties" in node and "*" not in place and isinstance(get(ad, place), dict)
    ]
    wrong = [
        (name, right.at)
        for name, right in HELD.names.items()
        if right.unit is None and leads(ad, right.at) and welcome(describing(schema, right.at) or {})
    ]
    assume(wrong and objects)
    name, at = draw(st.sampled_from(wrong))
    around = draw(st.sampled_from([place for place in objects if place in {(), HELD.own_at} or at[: len(place)] == place != at]))
    parent: Any = get(ad, at[:-1])
    there: Any = get(ad, around)
    if name not in there and name not in (describing(schema, around) or {}).get("properties", {}):
        there[draw(st.sampled_from([name, name.upper(), f"{name[:2]}_{name[2:]}"]))] = parent.pop(at[-1])


#: From a step to what it undoes.
RESPELLINGS: dict[str, Callable[..., Any]] = {
    "trim": _trimmed,
    "case": _cased,
    "replace": _replaced,
    "remove": _spread,
    "slug": _named,
    "word": _worded,
    "number": _quoted,
    "quantity": _measured,
    "in_unit": _priced,
    "imply": _implied,
    "list": _lone,
    "distinct": _repeated,
}


@st.composite
def broken(draw: Draw, whole: st.SearchStrategy[Ad], most: int = 3) -> Ad:
    """Ads with up to so many values of theirs left out, or put otherwise: as text, as a number, as anything."""
    ad: Ad = draw(whole)
    for _ in range(draw(st.integers(0, most))):
        places = [at for at in _all(ad) if at]
        if places:
            *around, last = draw(st.sampled_from(places))
            inside: Any = get(ad, around)
            how = draw(st.sampled_from(["left out", "null", "text", "number", "anything"]))
            if how == "left out":
                del inside[last]
            else:
                inside[last] = draw(
                    {"null": st.none(), "text": st.just(str(inside[last])), "number": st.integers(-5, 10**7)}.get(how, ANY_JSON)
                )
    return ad


def _all(value: object, at: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value."""
    yield at
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for token, each in below:
        yield from _all(each, (*at, token))
