"""JSON values as Python holds them: what JSON can express, when two are equal, and their digest."""

import json
import math
from enum import Enum
from typing import Any

from v4schema.document.pointer import Place

#: An integer of more bits than this is longer than Python itself will write or read (4,300 digits).
_MOST_BITS = 14_000
#: What JSON can always say: most members of an ad are such, or text.
_SIMPLE = {bool, type(None)}

_LARGE = 1 << 64


#: Values nested deeper than this are refused, by the parser too.
_DEEPEST = 200


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


def digest(value: object) -> str:
    """Return what tells a JSON value from all others: the SHA-256 of its canonical text, with names in order."""
    import hashlib

    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def json_equal(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same, to the spelling: 1 is not 1.0, and not true."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return type(one) is type(other) and one == other
