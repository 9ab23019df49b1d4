"""What the property tests draw in addition to the ads of the test kit: other JSON, stray fields, damaged ads."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from v4schema import Kind, strategies
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.catalogue.quantities import to_fraction
from v4schema.conversion.mappings import CategoryMapping, mappings_for
from v4schema.dialect.fields import walk
from v4schema.document.pointer import Place, get
from v4schema.strategies.respellings import respellings

Ad = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

CATALOGUE = catalogues.default()
KINDS = [
    Kind(version=edition.name, category=category.slug)
    for edition in CATALOGUE.editions.values()
    for category in edition.categories.values()
    if category.schema
]


def every_mapping(catalogue: Catalogue) -> Iterator[CategoryMapping]:
    """Yield every mapping that is written in a file, but none that is derived from its opposite."""
    for path in catalogue.edition_paths.values():
        for category in () if path.back else dict.fromkeys(each for each, *_ in path.categories):
            yield from mappings_for(catalogue, path, category)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def ads(kind: Kind, operation: str = "create") -> st.SearchStrategy[Ad]:
    """Valid ads of a kind."""
    return strategies.ads(kind.version, kind.category, operation)


def respell(draw: Draw, kind: Kind, ad: Ad) -> Ad:
    """Write a normalised ad as an integrator might."""
    respelled: Ad = draw(respellings(CATALOGUE, CATALOGUE.schema(kind), ad))
    return respelled


def with_extra_fields(kind: Kind) -> st.SearchStrategy[Ad]:
    """Valid ads of a kind with fields added that no document describes, some under names that other fields have."""
    names = {at[-1] for other in KINDS for at, _ in walk(CATALOGUE.schema(other)) if at[-1:] and at[-1] != "*"}
    described = {at for at, _ in walk(CATALOGUE.schema(kind))}
    places = [
        (around, name) for around in ((), CATALOGUE.category_fields_at) for name in ("extra", "Övrigt", "a/b~c", *sorted(names))
    ]
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
    if to_fraction(one) is not None or to_fraction(other) is not None:
        return to_fraction(one) == to_fraction(other)
    return type(one) is type(other) and one == other


@st.composite
def broken(draw: Draw, whole: st.SearchStrategy[Ad], most: int = 3) -> Ad:
    """Ads in which up to ``most`` values are left out, or replaced by text, by a number or by anything."""
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
