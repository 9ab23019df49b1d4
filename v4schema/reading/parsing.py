"""Parsing JSON text, with the rules of this package."""

from typing import Any

import jiter

#: The white space of JSON.
WHITE_SPACE = b" \t\r\n"


def parse_json(text: bytes) -> object:
    """Parse one JSON document, without a byte-order mark. Raises `ValueError` with the parser's message if it is not JSON.

    NaN and infinite numbers are not JSON, and neither is an object with the same name twice.
    """
    return jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)


def parse_object(text: bytes) -> dict[str, Any] | None:
    """Return the object that a text is; None if it is no object, or not JSON. A name that is there twice is no error."""
    if not text.lstrip(WHITE_SPACE).startswith(b"{"):
        return None
    try:
        value: dict[str, Any] = jiter.from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return value
