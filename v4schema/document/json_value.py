"""JSON values as Python objects: what JSON can represent, when two values are equal, and the digest of a value."""

import json
import math
from enum import Enum
from typing import Any

from v4schema.document.pointer import Place

#: An integer with more bits than this is longer than Python itself will write or read (4,300 digits).
_MOST_BITS = 14_000
#: Types that are always JSON. Most members of an ad are one of these, or text.
_SIMPLE = {bool, type(None)}
#: An integer below this is JSON without counting its bits.
_LARGE = 1 << 64
#: Values nested deeper than this are refused, as they are by the parser.
_DEEPEST = 200


def first_non_json(value: object, depth: int = 0) -> Place | None:
    """Return the place of the first part of a Python value that JSON cannot represent, or None if there is none.

    JSON represents dict, list, str, int, float, bool and None. It represents no subclass of a scalar except enumerations, no
    infinite number and no lone surrogate. This package also refuses integers that Python itself will not write, and values
    nested deeper than 200.

    >>> first_non_json({"price": [{"amount": float("nan")}]})
    ('price', 0, 'amount')
    """
    members: Any
    is_object = isinstance(value, dict)
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return None if _is_json_scalar(value) else ()
    if depth >= _DEEPEST:
        return ()
    for token, member in members:
        if is_object and not ((type(token) is str and token.isascii()) or _is_name(token)):
            return ()
        kind = type(member)
        if kind in _SIMPLE or (kind is str and member.isascii()) or (kind is int and -_LARGE < member < _LARGE):
            continue
        inner = first_non_json(member, depth + 1)
        if inner is not None:
            return (token, *inner)
    return None


def _is_json_scalar(value: object) -> bool:
    """Return whether JSON can represent a value that contains no others."""
    if isinstance(value, str):
        return _is_type_or_enum(value, str) and (value.isascii() or _encodes(value))
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    if isinstance(value, int):
        return (_is_type_or_enum(value, int) or isinstance(value, bool)) and value.bit_length() < _MOST_BITS
    return value is None


def _is_name(name: object) -> bool:
    """Return whether a JSON object can have a member with this name."""
    return isinstance(name, str) and _is_json_scalar(name)


def _is_type_or_enum(value: object, kind: type) -> bool:
    """Return whether a value is of exactly this type or is an enumeration member; the engines disagree on other subclasses."""
    return type(value) is kind or (isinstance(value, kind) and isinstance(value, Enum))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def digest(value: object) -> str:
    """Return the SHA-256, in hex, of the canonical text of a JSON value: names sorted, no white space."""
    import hashlib

    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def json_equal(one: object, other: object) -> bool:
    """Return whether two JSON values are equal, including their types: 1 equals neither 1.0 nor true."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return type(one) is type(other) and one == other
