"""What an ad is: whether JSON can say it at all, and of what kind it is."""

import math
from enum import Enum
from typing import Any

from v4schema import catalogue as catalogues
from v4schema import spelling
from v4schema.catalogue import Catalogue, messages
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind

#: An integer of more bits than this is longer than Python itself will write or read (4,300 digits).
_MOST_BITS = 14_000
#: What JSON can always say: most members of an ad are such, or text.
_SIMPLE = {bool, type(None)}
_LARGE = 1 << 64
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
    return messages.make_finding(
        held,
        code,
        pointer.write(held.category_at),
        rule={"x-source": edition.source},
        mend=mend,
        value=messages.DisplayValue(named, held),
        version=edition.name,
        other=" and ".join(elsewhere),
        near=near,
    )


def resembles(ad: object, catalogue: Catalogue) -> bool:
    """Tell whether a document can be meant as an ad: it has a field of an ad at its top, or two known wrong names for fields.

    One wrong name alone is not enough: ``description``, for one, occurs in many files that have nothing to do with ads.

    >>> [resembles(ad, catalogues.default()) for ad in ({"sourceId": "1"}, {"name": "app", "description": "An app"}, [])]
    [True, False, False]
    """
    names = {spelling.name_key(name) for name in ad} if isinstance(ad, dict) else set()
    return not names.isdisjoint(catalogue.own_names) or len(names & catalogue.names.keys()) > 1


def first_non_json(value: object, depth: int = 0) -> Place | None:
    """Return the place of the first thing in a Python value that JSON cannot say, or None if there is none.

    JSON says dict, list, str, int, float, bool and None; but no subclass of a scalar, save enumerations, no infinite number,
    no lone surrogate, and here no integer that Python itself will not write and nothing nested deeper than 200 values.

    >>> unspeakable({"price": [{"amount": float("nan")}]})
    ('price', 0, 'amount')
    """
    members: Any
    named = isinstance(value, dict)
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return None if _sayable(value) else ()
    if depth >= _DEEPEST:
        return ()
    for token, member in members:
        if named and not ((type(token) is str and token.isascii()) or _is_name(token)):
            return ()
        kind = type(member)
        if kind in _SIMPLE or (kind is str and member.isascii()) or (kind is int and -_LARGE < member < _LARGE):
            continue
        below = first_non_json(member, depth + 1)
        if below is not None:
            return (token, *below)
    return None


def _sayable(value: object) -> bool:
    """Tell whether JSON can say a value that holds no others."""
    if isinstance(value, str):
        return _plain(value, str) and (value.isascii() or _encodes(value))
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    if isinstance(value, int):
        return (_plain(value, int) or isinstance(value, bool)) and value.bit_length() < _MOST_BITS
    return value is None


def _is_name(name: object) -> bool:
    """Tell whether an object of JSON can have a member of a name."""
    return isinstance(name, str) and _sayable(name)


def _plain(value: object, kind: type) -> bool:
    """Tell whether a value is just of a kind, or a member of an enumeration: other subclasses one engine takes, one does not."""
    return type(value) is kind or (isinstance(value, kind) and isinstance(value, Enum))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
