"""What an ad is: whether JSON can say it at all, and of what kind it is."""

import math
from enum import Enum

from v4schema import catalogue as catalogues
from v4schema import pointer, spelling, wording
from v4schema.catalogue import Catalogue
from v4schema.pointer import Place
from v4schema.report import Finding, Kind

#: An integer of more bits than this is longer than Python itself will write or read (4,300 digits).
_MOST_BITS = 14_000
#: Values nested deeper than this are refused, by the parser too.
_DEEPEST = 200


def identify(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    catalogue: Catalogue | None = None,
) -> Kind | Finding:
    """Tell what kind of ad `ad` is, or the finding that says why that cannot be told.

    The edition is the caller's word or the catalogue's default, never a guess. The category is the caller's word (slug,
    number or name) or what the ad itself says; an ad that says nothing has a kind without a category. Raises
    `v4schema.errors.UnknownName` when the caller's own words name nothing.

    >>> str(identify({"category_id": "1121"}))
    'v4/moped'
    """
    held = catalogue or catalogues.default()
    if category is not None:
        return held.kind(version, category)
    edition = held.edition(version)
    try:
        named = pointer.get(ad, held.category_at)
    except LookupError:
        return Kind(version=edition.name)
    found = edition.category(named)
    if found is not None:
        return Kind(version=edition.name, category=found.slug)
    if isinstance(named, bool) or not isinstance(named, int | str):
        code, mend, near, elsewhere = "category.malformed", "", None, []
    else:
        code = "category.unknown"
        elsewhere = [other.name for other in held.editions.values() if other.category(named)]
        near = spelling.nearest(named, edition.categories) if isinstance(named, str) else None
        mend = "elsewhere" if elsewhere else "near" if near else ""
    return wording.finding(
        held,
        code,
        pointer.write(held.category_at),
        rule={"x-source": edition.source},
        mend=mend,
        value=wording.Shown(named, held),
        version=edition.name,
        other=" and ".join(elsewhere),
        near=near,
    )


def unspeakable(value: object, depth: int = 0) -> Place | None:  # noqa: C901  (one branch for each type of JSON)
    """Return the place of the first thing in a Python value that JSON cannot say, or None if there is none.

    JSON says dict, list, str, int, float, bool and None; but no subclass of a scalar, save enumerations, no infinite number,
    no lone surrogate, and here no integer that Python itself will not write and nothing nested deeper than 200 values.

    >>> unspeakable({"price": [{"amount": float("nan")}]})
    ('price', 0, 'amount')
    """
    if isinstance(value, str):
        said = _plain(value, str) and (value.isascii() or _encodes(value))
    elif isinstance(value, dict):
        said = depth < _DEEPEST
        for name, member in value.items() if said else ():
            if not _plain(name, str) or not (name.isascii() or _encodes(name)):
                return ()
            below = unspeakable(member, depth + 1)
            if below is not None:
                return (name, *below)
    elif isinstance(value, list):
        said = depth < _DEEPEST
        for index, item in enumerate(value) if said else ():
            below = unspeakable(item, depth + 1)
            if below is not None:
                return (index, *below)
    elif isinstance(value, float):
        said = type(value) is float and math.isfinite(value)
    elif isinstance(value, int):
        said = (_plain(value, int) or isinstance(value, bool)) and value.bit_length() < _MOST_BITS
    else:
        said = value is None
    return None if said else ()


def _plain(value: object, kind: type) -> bool:
    """Tell whether a value is just of a kind, or a member of an enumeration: other subclasses one engine takes, one does not."""
    return type(value) is kind or (isinstance(value, kind) and isinstance(value, Enum))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
